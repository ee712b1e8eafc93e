"""What a run reads beside the version's own files: second tables, other models, and which of them it is told of."""

from typing import Any

import pytest
from django.db import Error, transaction

from registry.exceptions import InvalidInput
from registry.models import Evaluation, ModelVersion
from registry.services import evaluations, inputs, runs
from tests import make
from tests.people import Cast

NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "compares": {"files": ("model", "baseline", "reference", "table")},
    "may compare": {"files": ("model",), "optional": ("table", "baseline")},
    "other predictions": {"files": ("table",), "columns": ("label", "prediction", "baseline"), "optional": ("model",)},
    "members": {"files": ("table",), "columns": ("member", "score"), "optional": ("reference",)},
    "leaks": {"files": ("table",), "optional": ("reference", "text")},
}


def facts(name: str) -> dict[str, Any]:
    return {"needs": NEEDS[name]}


@pytest.fixture
def version(cast: Cast) -> ModelVersion:
    return make.model_version(cast)


def problems(version: ModelVersion, name: str, *, columns: Any = None, **brought: Any) -> dict[str, list[str]]:
    return inputs.problems(version, facts(name), inputs.Inputs(**brought), {"columns": columns or {}})


def test_what_can_be_a_file_or_a_column_is_the_one_that_the_evaluator_can_use() -> None:
    assert inputs.file_roles(facts("may compare")) == {"model", "table", "baseline"}
    assert inputs.file_roles(facts("other predictions")) == {"table", "model"}
    assert inputs.column_roles(facts("other predictions")) == ["label", "prediction", "baseline"]
    assert inputs.column_roles(facts("members")) == ["member", "score", "reference"]
    assert inputs.file_roles(facts("leaks")) == {"table", "reference"}
    assert inputs.column_roles(facts("leaks")) == ["text"]


@pytest.mark.django_db
def test_what_has_to_be_compared_with_is_asked_for(version: ModelVersion) -> None:
    assert set(problems(version, "compares")) == {"table", "reference", "baseline"}


@pytest.mark.django_db
def test_what_no_evaluator_reads_is_not_taken_for_read(cast: Cast, version: ModelVersion) -> None:
    other = make.model_version(cast, label="2")
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    found = problems(
        version, "members", columns={"member": "m", "score": "s"}, table=rows, reference=rows, baseline=other
    )
    assert set(found) == {"reference", "baseline"}


@pytest.mark.django_db
def test_only_what_the_team_has_and_holds_can_be_compared_with(cast: Cast, version: ModelVersion) -> None:
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    bare = make.model_version(cast, label="2", has_files=False)
    foreign = make.held(cast.marketing, files={"theirs.csv": make.table()}, by=cast.eve)
    found = problems(version, "compares", table=rows, reference=foreign, baseline=bare)
    assert found["reference"] == ["there is no such table whose bytes are held here"]
    assert "not held here" in found["baseline"][0]


@pytest.mark.django_db
def test_nothing_is_compared_with_itself_under_another_name(cast: Cast, version: ModelVersion) -> None:
    rows, again = (
        make.held(cast.lending, files={name: make.table()}, by=cast.ada) for name in ("rows.csv", "training.csv")
    )
    twin = make.model_version(cast, label="2", files={"other.skops": b"mortgage-approval 1"})
    other = make.model_version(cast, label="3")
    for baseline in (version, twin):
        found = problems(version, "compares", table=rows, reference=again, baseline=baseline)
        assert all("compared with itself nothing differs" in found[role][0] for role in ("reference", "baseline"))
    more = make.held(cast.lending, files={"rows.csv": make.table(), "z.csv": make.table(((1, 0, "b"),))}, by=cast.ada)
    assert "one file" in problems(version, "compares", table=rows, reference=more, baseline=other)["reference"][0]
    training = make.held(cast.lending, files={"rows.csv": make.table(((1, 0, "b"),))}, by=cast.ada)
    assert not problems(version, "compares", table=rows, reference=training, baseline=other)


@pytest.mark.django_db
def test_the_database_refuses_another_teams_table_whatever_the_service_says(cast: Cast, version: ModelVersion) -> None:
    foreign = make.held(cast.marketing, files={"theirs.csv": make.table()}, by=cast.eve)
    for column in ("table", "reference"):
        run = Evaluation(
            version=version, evaluator="x", evaluator_version="1", spec_digest="0" * 64, subject={}, key=column,
            requested_by=cast.ada, **{column: foreign},
        )  # fmt: skip
        with pytest.raises(Error, match="what its own team has"), transaction.atomic():
            run.save(force_insert=True)


@pytest.mark.django_db
def test_the_job_names_every_file_by_its_role(cast: Cast, version: ModelVersion) -> None:
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    old = make.held(cast.lending, files={"train.csv": make.table(((1, 0, "b"),))}, by=cast.ada)
    other = make.model_version(cast, label="2", files={"config.json": b"{}", "model.safetensors": b"x"})
    run = Evaluation(version=version, baseline=other, table=rows, reference=old, subject={"kind": "model"})
    files = inputs.files_of(run)
    assert set(files) == {"model", "table", "reference", "baseline/config.json", "baseline/model.safetensors"}
    assert files["reference"]["name"] == "train.csv"
    alone = Evaluation(version=version, table=rows, subject={"kind": "table"})
    assert set(inputs.files_of(alone)) == {"table"}


@pytest.mark.django_db
def test_without_a_column_of_predictions_the_model_itself_is_run(cast: Cast, version: ModelVersion) -> None:
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    columns = {"label": "approved", "group": ["race"]}
    ours = evaluations.request_evaluation(
        version, evaluator="fairness.group", reads={"columns": columns, "favourable": "1"}, table=rows, by=cast.ada
    )
    assert ours.subject["kind"] == "model"
    assert set(runs.job(ours)["subject"]["files"]) == {"model", "table"}
    told = evaluations.request_evaluation(
        version, evaluator="fairness.group", reads=make.READS, table=rows, by=cast.ada
    )
    assert told.subject["kind"] == "table"
    alone = evaluations.request_evaluation(version, evaluator="security.model_file", by=cast.ada)
    assert alone.subject["kind"] == "files"
    assert set(runs.job(alone)["subject"]["files"]) == {"model"}


@pytest.mark.django_db
def test_where_the_models_bytes_are_not_here_the_predictions_have_to_be_named(cast: Cast) -> None:
    digests = make.declared(cast.lending, files={"model.skops": "0" * 64}, by=cast.ada)
    version = make.model_version(cast, has_files=False)
    make.catalog.attach_artifact(version, artifact=digests, by=cast.ada)
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    with pytest.raises(InvalidInput) as refused:
        evaluations.request_evaluation(
            version, evaluator="fairness.group", reads={"columns": {"group": ["race"]}}, table=rows, by=cast.ada
        )
    assert set(refused.value.errors) == {"columns.prediction", "favourable"}


@pytest.mark.django_db
def test_a_run_is_another_one_when_it_reads_or_stands_for_something_else(cast: Cast, version: ModelVersion) -> None:
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    other = make.model_version(cast, label="2")
    sets = [inputs.Inputs(), inputs.Inputs(table=rows), inputs.Inputs(reference=rows), inputs.Inputs(baseline=other)]
    sets.append(inputs.Inputs(dataset_version=make.dataset_version(cast)))
    assert len({tuple(each.digests(version)) for each in sets}) == len(sets)


@pytest.mark.django_db
def test_a_wrong_parameter_is_refused_when_it_is_asked_for_and_not_by_a_worker(
    cast: Cast, version: ModelVersion
) -> None:
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    wrong = {"family_minimum": "many", "speed": 1}
    with pytest.raises(InvalidInput) as refused:
        evaluations.request_evaluation(
            version, evaluator="fairness.group", reads=make.READS, parameters=wrong, table=rows, by=cast.ada
        )
    assert refused.value.errors["speed"] == ["unknown"]
    assert "integer" in refused.value.errors["family_minimum"][0]


@pytest.mark.django_db
def test_no_door_lets_a_model_be_given_the_true_label(cast: Cast, version: ModelVersion) -> None:
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)

    def asked(*features: str) -> Evaluation:
        reads = {"columns": {"label": "approved", "feature": list(features)}}
        return evaluations.request_evaluation(version, evaluator="robust.noise", reads=reads, table=rows, by=cast.ada)

    for told in (["income", "approved"], ["approved"]):
        with pytest.raises(InvalidInput) as refusal:
            asked(*told)
        said = "approved is the true label, so the model can't be given it as well"
        assert refusal.value.errors == {"columns.feature": [said]}
    run = asked("income")
    assert (run.state, run.subject["features"]) == ("queued", ["income"])


@pytest.mark.django_db
def test_what_a_model_is_given_and_in_which_order_is_part_of_what_is_asked(cast: Cast, version: ModelVersion) -> None:
    """A file that names no columns answers something else with every order of them."""
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    orders = (["income", "debt"], ["debt", "income"], ["income"], "income")
    found = [
        evaluations.request_evaluation(
            version,
            evaluator="robust.noise",
            reads={"columns": {"label": "approved", "feature": order}},
            table=rows,
            by=cast.ada,
        )
        for order in orders
    ]
    assert len({run.spec_digest for run in found}) == 3
    assert [run.subject["features"] for run in found] == [*orders[:3], ["income"]]
    assert all(map(runs.is_what_it_claims, found))
    found[0].subject["features"] = ["debt", "income"]
    assert not runs.is_what_it_claims(found[0])


@pytest.mark.django_db
def test_nobody_chooses_which_columns_of_a_table_answer_a_policy(cast: Cast, version: ModelVersion) -> None:
    """Every column or one of them: both had the specification that a policy prescribes."""
    now, then = (make.held(cast.lending, files={"rows.csv": make.table(((n, n, "a"),))}, by=cast.ada) for n in (0, 1))
    wanted = {"evaluator": "drift.distribution", "table": now, "reference": then, "by": cast.ada}
    every = evaluations.request_evaluation(version, **wanted)
    one = evaluations.request_evaluation(version, **wanted, reads={"columns": {"feature": ["approved"]}})
    assert one.spec_digest != every.spec_digest
    assert runs.is_what_it_claims(every)
    every.subject["features"] = ["approved"]
    assert not runs.is_what_it_claims(every)


@pytest.mark.django_db
def test_nobody_chooses_what_is_examined_where_a_model_only_encodes_texts(cast: Cast, version: ModelVersion) -> None:
    """The model is at hand, but the columns that it is said to be given would be those that are looked at."""
    rows = make.held(cast.lending, files={"rows.csv": make.table()}, by=cast.ada)
    reads = {"columns": {"feature": ["approved"]}}
    one = evaluations.request_evaluation(version, evaluator="data.duplicates", reads=reads, table=rows, by=cast.ada)
    assert one.subject["features"] == []
    run = evaluations.request_evaluation(version, evaluator="data.duplicates", table=rows, by=cast.ada)
    assert run.spec_digest != one.spec_digest
    assert runs.is_what_it_claims(run)
    run.subject["features"] = ["approved"]
    assert not runs.is_what_it_claims(run)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written",
    [
        {"kind": "model"},
        {"kind": "model", "features": ["approved"]},
        {"kind": "endpoint", "endpoint": {"url": "http://127.0.0.1:1", "protocol": "assay"}},
        {"endpoint": {"url": "http://127.0.0.1:1", "protocol": "assay"}},
    ],
)
def test_a_row_written_past_the_service_measures_nothing_else_than_the_versions_files(
    cast: Cast, version: ModelVersion, written: dict[str, Any]
) -> None:
    now, then = (make.held(cast.lending, files={"rows.csv": make.table(((n, n, "a"),))}, by=cast.ada) for n in (0, 1))
    run = evaluations.request_evaluation(
        version, evaluator="drift.distribution", table=now, reference=then, by=cast.ada
    )
    assert runs.is_what_it_claims(run)
    run.subject |= written
    assert not runs.is_what_it_claims(run)
