import json

import pytest

MODEL, VERSION = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
ARTIFACT, RUN = "33333333-3333-3333-3333-333333333333", "44444444-4444-4444-4444-444444444444"
NAME = "lending/mortgage-approval@2"


def found(*items):
    return {"next": None, "previous": None, "results": list(items)}


def kept(*names):
    files = [{"name": name, "size": 1, "sha256": "0" * 64} for name in names]
    return {"id": ARTIFACT, "root_digest": "a" * 64, "files": files}


@pytest.fixture
def version(registry):
    registry.answer("GET", "versions/", found({"id": VERSION}))
    return registry


def test_a_version_is_registered_with_its_files_and_lineage(registry, assay, tmp_path):
    content = bytes(range(256)) * 5000
    (tmp_path / "model.skops").write_bytes(content)
    registry.answer("GET", "models/", found({"id": MODEL}))
    registry.answer("POST", "artifacts/", kept("model.skops"), status=201)
    registry.answer("POST", f"models/{MODEL}/versions/", {"id": VERSION}, status=201)
    lineage = (
        "--trained-on",
        "lending/loans@1",
        "--evaluated-on",
        "lending/loans@1",
        "--derived-from",
        "lending/base@3",
    )
    said = assay("register", NAME, "--file", "model.skops", *lineage)
    assert (said.code, said.text) == (0, f"Registered {NAME} as {VERSION}.\n")
    (upload,) = registry.sent("POST", "artifacts/")
    assert upload.path == "/api/v1/artifacts/"
    assert b'name="team"\r\n\r\nlending\r\n--' in upload.body
    assert b'name="files"; filename="model.skops"\r\n\r\n' + content + b"\r\n--" in upload.body
    (registered,) = registry.sent("POST", f"models/{MODEL}/versions/")
    assert registered.json() == {
        "label": "2",
        "artifact": ARTIFACT,
        "lineage": [
            {"relation": "trained_on", "dataset_version": "lending/loans@1"},
            {"relation": "evaluated_on", "dataset_version": "lending/loans@1"},
            {"relation": "derived_from", "model_version": "lending/base@3"},
        ],
    }
    assert registry.sent("POST", "models/") == []


def test_the_first_version_brings_its_model_with_it(registry, assay):
    registry.answer("GET", "models/", found())
    registry.answer("POST", "models/", {"id": MODEL}, status=201)
    registry.answer("POST", f"models/{MODEL}/versions/", {"id": VERSION}, status=201)
    assert assay("register", NAME, "--project", "mortgages", "--description", "Says yes or no.").code == 0
    (created,) = registry.sent("POST", "models/")
    assert created.json() == {
        "team": "lending",
        "name": "mortgage-approval",
        "project": "mortgages",
        "kind": "",
        "description": "Says yes or no.",
    }


def test_files_that_stay_are_registered_by_digest(registry, assay, tmp_path):
    files = [{"name": "w/model.bin", "size": 3, "sha256": "0" * 64}]
    (tmp_path / "manifest.json").write_text(json.dumps(files))
    registry.answer("GET", "models/", found({"id": MODEL}))
    registry.answer("POST", "artifacts/", kept("w/model.bin"), status=201)
    registry.answer("POST", f"models/{MODEL}/versions/", {"id": VERSION}, status=201)
    assert assay("register", NAME, "--digest-file", "manifest.json").code == 0
    assert registry.sent("POST", "artifacts/")[0].json() == {"team": "lending", "files": files}


def test_a_dataset_is_registered_the_same_way(registry, assay, tmp_path):
    (tmp_path / "loans.csv").write_text("a,b\n")
    registry.answer("GET", "datasets/", found())
    registry.answer("POST", "datasets/", {"id": MODEL}, status=201)
    registry.answer("POST", "artifacts/", kept("loans.csv"), status=201)
    registry.answer("POST", f"datasets/{MODEL}/versions/", {"id": VERSION}, status=201)
    assert assay("register-dataset", "lending/loans@1", "--file", "loans.csv").code == 0
    assert registry.sent("POST", "datasets/")[0].json() == {"team": "lending", "name": "loans", "description": ""}
    assert registry.sent("POST", f"datasets/{MODEL}/versions/")[0].json() == {"label": "1", "artifact": ARTIFACT}


def test_a_registry_that_renames_files_is_not_used_further(registry, assay, tmp_path):
    (tmp_path / "x.bin").write_bytes(b"x")
    registry.answer("GET", "models/", found({"id": MODEL}))
    registry.answer("POST", "artifacts/", kept("x.bin"), status=201)
    said = assay("register", NAME, "--file", "sub/x.bin=x.bin")
    assert (said.code, "other names" in said.text) == (3, True)
    assert registry.sent("POST", f"models/{MODEL}/versions/") == []


def test_every_post_has_a_key_of_its_own_that_survives_a_retry(registry, assay, tmp_path):
    (tmp_path / "x.bin").write_bytes(b"x")
    registry.answer("GET", "models/", found({"id": MODEL}))
    registry.answer("POST", "artifacts/", {"title": "Busy"}, status=503, Retry_After="1")
    registry.answer("POST", "artifacts/", kept("x.bin"), status=201)
    registry.answer("POST", f"models/{MODEL}/versions/", {"id": VERSION}, status=201)
    assert assay("register", NAME, "--file", "x.bin").code == 0
    first, again, registered = (asked for asked in registry.asked if asked.method == "POST")
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert first.body == again.body
    assert registered.headers["Idempotency-Key"] != first.headers["Idempotency-Key"]


def test_what_the_registry_refuses_is_told_field_by_field(registry, assay):
    problem = {
        "title": "What was sent can't be used",
        "detail": "Two fields.",
        "status": 400,
        "errors": {"label": ["It is taken."], "lineage": ["lending/loans@9 is unknown.", "At least one is needed."]},
    }
    registry.answer("GET", "models/", found({"id": MODEL}))
    registry.answer("POST", f"models/{MODEL}/versions/", problem, status=400)
    said = assay("register", NAME)
    assert said.code == 1
    assert said.text.splitlines() == [
        "The registry answered 400: What was sent can't be used. Two fields.",
        "  label: It is taken.",
        "  lineage: lending/loans@9 is unknown.; At least one is needed.",
    ]


@pytest.mark.parametrize("name", ["mortgage-approval", "lending/mortgage-approval", "@1", "/x@1", "lending/x@"])
def test_a_name_without_team_or_label_is_refused_before_asking(registry, assay, name):
    assert assay("register", name).code == 3
    assert registry.asked == []


def test_a_file_that_is_not_there_is_named(registry, assay):
    said = assay("register", NAME, "--file", "nowhere.bin")
    assert (said.code, "nowhere.bin" in said.text) == (3, True)


EVALUATE = ("evaluate", NAME, "fairness.group", "--table", "p.csv", "--favourable", "1", "--dataset", "lending/loans@1")
COLUMNS = ("--column", "label=approved", "--column", "group=race", "--column", "group=sex")


@pytest.fixture
def table(version, tmp_path):
    (tmp_path / "p.csv").write_text("approved,race,sex\n1,a,b\n")
    version.answer("POST", "artifacts/", kept("p.csv"), status=201)
    version.answer("POST", f"versions/{VERSION}/evaluations/", {"id": RUN, "state": "queued"}, status=202)
    return version


def test_an_evaluation_is_asked_for_with_table_columns_and_parameters(table, assay):
    said = assay(*EVALUATE, *COLUMNS, "--param", "permutations=999", "--param", "kind=exact")
    assert (said.code, RUN in said.text) == (0, True)
    assert table.sent("POST", f"versions/{VERSION}/evaluations/")[0].json() == {
        "evaluator": "fairness.group",
        "parameters": {"permutations": 999, "kind": "exact"},
        "table": ARTIFACT,
        "columns": {"label": "approved", "group": ["race", "sex"]},
        "favourable": "1",
        "dataset_version": "lending/loans@1",
    }


@pytest.mark.parametrize(("state", "code"), [("done", 0), ("failed", 1), ("cancelled", 1), ("failed_infra", 3)])
def test_waiting_ends_with_the_evaluation(table, assay, state, code):
    table.answer("GET", f"evaluations/{RUN}/", {"id": RUN, "state": "running"})
    table.answer("GET", f"evaluations/{RUN}/", {"id": RUN, "state": state, "error": "ValueError: no such column"})
    said = assay(*EVALUATE, *COLUMNS, "--wait")
    assert (said.code, said.text.splitlines()[-1]) == (code, f"{RUN} {state} ValueError: no such column")


def test_waiting_ends_with_patience(table, assay):
    table.answer("GET", f"evaluations/{RUN}/", {"id": RUN, "state": "running"})
    assert assay(*EVALUATE, *COLUMNS, "--wait", "0.1").code == 2


@pytest.mark.parametrize("column", ["label", "=approved", ""])
def test_a_column_is_a_role_and_a_name(assay, column):
    assert assay(*EVALUATE, "--column", column).code == 3


@pytest.mark.parametrize(
    ("state", "code"),
    [("queued", 2), ("running", 2), ("cancelling", 2), ("done", 0), ("failed", 1), ("failed_infra", 3)],
)
def test_the_state_of_an_evaluation_is_told(registry, assay, state, code):
    registry.answer("GET", f"evaluations/{RUN}/", {"id": RUN, "state": state})
    said = assay("status", RUN)
    assert (said.code, said.text) == (code, f"{RUN} {state}\n")


@pytest.mark.parametrize(("outcome", "code"), [("passed", 0), ("failed", 1), ("undecided", 2)])
def test_a_review_lists_what_a_stage_asks(version, assay, outcome, code):
    requirement = {"id": "document:2", "outcome": outcome, "asked": "a complete datasheet", "found": "9 of 14"}
    answer = {"outcome": outcome, "requirements": [requirement]}
    version.answer("GET", f"versions/{VERSION}/review/", answer)
    said = assay("review", NAME, "--stage", "training")
    assert (said.code, "document:2: a complete datasheet" in said.text) == (code, True)
    assert ("found: 9 of 14" in said.text) is (outcome != "passed")
    assert version.asked[-1].path.endswith("?stage=training")


def test_a_move_that_is_made_is_told(version, assay):
    version.answer("POST", f"versions/{VERSION}/transitions/", {"id": RUN})
    said = assay("transition", NAME, "inference")
    assert (said.code, said.text) == (0, f"{NAME} is at inference.\n")
    assert version.asked[-1].json() == {"to_stage": "inference"}


def test_a_shut_gate_lists_its_requirements(version, assay):
    requirement = {"id": "risk:12", "outcome": "failed", "asked": "no open risk", "unblock": "resolve it"}
    problem = {"title": "The gate is shut", "requirements": [requirement]}
    version.answer("POST", f"versions/{VERSION}/transitions/", problem, status=409)
    said = assay("transition", NAME, "inference")
    assert said.code == 1
    assert said.text.splitlines()[1:] == ["  failed    risk:12: no open risk", "            unblock: resolve it"]


@pytest.mark.parametrize("command", [("review", NAME), ("transition", NAME, "inference"), (*EVALUATE, *COLUMNS)])
def test_a_version_that_is_not_shown_exits_two(registry, assay, command):
    registry.answer("GET", "versions/", found())
    said = assay(*command)
    assert (said.code, said.text) == (2, f"The registry shows no version {NAME}.\n")


def test_a_run_may_compare_with_a_second_table_and_another_version(table, assay):
    columns = ("--column", "quasi=age", "--column", "quasi=sex", "--column", "text=words")
    more = ("--reference", "p.csv", "--baseline", "lending/m@1", "--score-kind", "logit", "--param", "sets=[1, 2]")
    assert assay("evaluate", NAME, "some.evaluator", *columns, *more).code == 0
    assert table.sent("POST", f"versions/{VERSION}/evaluations/")[0].json() == {
        "evaluator": "some.evaluator",
        "parameters": {"sets": [1, 2]},
        "columns": {"quasi": ["age", "sex"], "text": "words"},
        "reference": ARTIFACT,
        "baseline": "lending/m@1",
        "score_kind": "logit",
    }
