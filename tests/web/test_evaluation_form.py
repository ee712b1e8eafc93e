"""Asking for an evaluation: only what the chosen evaluator needs is asked, and columns are checked at once."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from evaluators.catalog import EVALUATORS, describe
from registry.models import Artifact, Evaluation, User
from registry.services import catalog, people
from registry.web.forms.evaluations import RequiredForm
from registry.web.forms.model_inputs import known_inputs
from registry.web.forms.tables import read_columns
from registry.web.present.failures import failure_line, failure_words
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
TABLE = b"approved,predicted,score,race\n" + b"1,1,0.9,a\n0,0,0.2,b\n" * 20
FILES = {"table_file", "reference_file", "baseline"}
COLUMNS = {"label", "prediction", "score", "group", "score_kind", "favourable", "features"}
ASKED = {
    "calibration.binary": {"table_file", "label", "score", "score_kind", "favourable", "group", "features"},
    "explain.shap_global": {"table_file", "features", "favourable"},
    "fairness.group": {"table_file", "label", "prediction", "group", "favourable", "features"},
    "fairness.paired": {"table_file", "label", "prediction", "group", "favourable", "features", "column-baseline"},
    "performance.accuracy": {"table_file", "label", "prediction", "score", "group", "favourable", "features"},
    "security.model_file": set(),
}


def names_in(page: str) -> set[str]:
    names = set(re.findall(r'name="([\w-]+)"', page))
    return {name for name in names if name in FILES | COLUMNS or name.startswith("column-")}


def upload(name: str = "predictions.csv", content: bytes = TABLE) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def address(cast: Cast, *, door: str = "version-evaluate-freely", **version: str) -> str:
    return reverse(door, args=[make.model_version(cast, **version).pk])


def test_the_evaluator_comes_first_and_nothing_else_is_asked_before(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.ada).get(address(cast)).content.decode()
    assert not names_in(page)
    assert all(f"?evaluator={name}" in page for name in EVALUATORS)


def allowed(evaluator: str) -> set[str]:
    needs = describe(evaluator)["needs"]
    names = {name for kind in needs.values() for name in kind}
    return names | {f"{name}_file" for name in names} | {f"column-{name}" for name in names}


def test_an_evaluator_is_asked_for_with_what_it_needs_and_no_more(cast: Cast, signed_in: SignedIn) -> None:
    ada, where = signed_in(cast.ada), address(cast)
    for evaluator, asked in ASKED.items():
        names = names_in(ada.get(f"{where}?evaluator={evaluator}").content.decode())
        assert asked <= names <= allowed(evaluator), evaluator
    assert "parameter-tolerance" in ada.get(f"{where}?evaluator=explain.shap_global").content.decode()
    assert ada.get(f"{where}?evaluator=magic").status_code == 200


def test_a_column_that_is_not_there_is_said_beside_its_field_with_those_that_are(
    cast: Cast, signed_in: SignedIn
) -> None:
    sent = {"evaluator": "performance.accuracy", "label": "truth", "prediction": "predicted", "group": "race, age"}
    answer = signed_in(cast.ada).post(address(cast), sent | {"table_file": upload()})
    said = "predictions.csv has no column “{}”. It has: approved, predicted, score, race."
    assert answer.status_code == 400
    assert answer.context["form"].errors == {"label": [said.format("truth")], "group": [said.format("age")]}
    assert not Evaluation.objects.exists()
    assert not Artifact.objects.filter(files__name="predictions.csv").exists()


def test_after_an_upload_the_columns_are_choices_and_the_run_starts(cast: Cast, signed_in: SignedIn) -> None:
    ada = signed_in(cast.ada)
    version = make.model_version(cast)
    first = {"evaluator": "fairness.group", "table_file": upload()}
    answer = ada.post(reverse("version-evaluate-table", args=[version.pk]), first)
    assert answer.status_code == 302
    table = parse_qs(urlsplit(answer.url).query)["table"][0]
    page = ada.get(answer.url).content.decode()
    assert page.count('<option value="predicted">') >= 2
    assert 'type="checkbox" name="group" value="race"' in page
    sent = {"evaluator": "fairness.group", "table": table, "prediction": "predicted", "group": ["race"]}
    more = {"favourable": "1", "level": "0.9", "parameter-family_minimum": "30"}
    assert ada.post(answer.url, sent | more).status_code == 302
    run = Evaluation.objects.get(version=version)
    assert run.subject["columns"] == {"prediction": "predicted", "group": ["race"]}
    assert (run.level, run.parameters, str(run.table_id)) == (0.9, {}, table)


def test_a_setting_that_differs_is_part_of_what_is_asked(cast: Cast, signed_in: SignedIn) -> None:
    sent = {"evaluator": "fairness.group", "prediction": "predicted", "group": "race", "favourable": "1"}
    more = {"level": "0.95", "parameter-family_minimum": "50", "table_file": upload()}
    assert signed_in(cast.ada).post(address(cast), sent | more).status_code == 302
    assert Evaluation.objects.get().parameters == {"family_minimum": 50}


def test_a_column_that_the_model_reads_is_no_truth(cast: Cast, signed_in: SignedIn) -> None:
    ada, version = signed_in(cast.ada), make.model_version(cast)
    where = reverse("version-evaluate-freely", args=[version.pk])
    sent = {"evaluator": "robust.noise", "label": "score", "features": "score, race"}
    answer = ada.post(where, sent | {"table_file": upload()})
    said = ["“score” is one of the columns that the model reads, so it can't be the true label as well."]
    assert answer.status_code == 400
    assert answer.context["form"].errors == {"label": said}
    again = ada.post(where, sent | {"label": "approved", "table_file": upload()})
    assert "label" not in getattr(again.context and again.context.get("form"), "errors", {})


def test_an_evaluator_that_is_made_for_other_models_says_so(cast: Cast, signed_in: SignedIn) -> None:
    images = catalog.create_model(make.project(cast), slug="digits", kind="image", by=cast.ada)
    files = make.held(cast.lending, files={"architecture.json": b"{}"}, by=cast.ada)
    version = catalog.register_model_version(images, label="1", artifact=files, by=cast.ada)
    where = reverse("version-evaluate-freely", args=[version.pk])
    written, rows = "“Texts that it writes”", "“Rows of a table”"
    texts = f"“Texts that it sorts” or {written}"
    others = {"robust.text_typos": texts, "privacy.extraction": rows, "privacy.memorisation": written}
    for evaluator in ("robust.noise", "security.backdoor_probe", "privacy.pii_scan", *others):
        page = signed_in(cast.ada).get(f"{where}?evaluator={evaluator}").content.decode()
        said = f"It is made for other kinds of models than this one: for {others.get(evaluator)}."
        assert (said in page) is (evaluator in others) is ("made for other kinds" in page), evaluator
        assert said not in page or page.index(said) < page.index("Start</button>")


def test_columns_are_only_offered_as_a_list_where_columns_are_named(cast: Cast, signed_in: SignedIn) -> None:
    where = address(cast)
    for evaluator, is_offered in (("data.quality", False), ("fairness.group", True)):
        page = signed_in(cast.ada).get(f"{where}?evaluator={evaluator}").content.decode()
        assert ("Choose its columns from a list" in page) is is_offered, evaluator


def test_a_model_of_texts_is_not_offered_to_predict_where_only_rows_are_read(cast: Cast, signed_in: SignedIn) -> None:
    texts = catalog.create_model(make.project(cast), slug="letters", kind="text", by=cast.ada)
    files = make.held(cast.lending, files={"config.json": b"{}"}, by=cast.ada)
    version = catalog.register_model_version(texts, label="1", artifact=files, by=cast.ada)
    where = reverse("version-evaluate-freely", args=[version.pk])
    for evaluator, is_asked in (("fairness.paired", False), ("performance.accuracy", True)):
        answer = signed_in(cast.ada).get(f"{where}?evaluator={evaluator}")
        assert ("the model itself predicts" in answer.content.decode()) is is_asked, evaluator
        # Where it predicts, it has to be told where the texts are.
        assert ("column-text" in [field.name for field in answer.context["form"].main_fields()]) is is_asked


def test_an_address_is_not_spoken_of_where_only_files_are_read(cast: Cast, signed_in: SignedIn) -> None:
    where = address(cast)
    for evaluator, is_said in (("security.model_file", False), ("fairness.group", True)):
        page = signed_in(cast.ada).get(f"{where}?evaluator={evaluator}").content.decode()
        assert ("can only be reached at an address" in page) is is_said, evaluator


def test_an_evaluator_without_a_file_shows_what_it_wants_to_be_told(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.ada).get(f"{address(cast)}?evaluator=privacy.dp_accounting").content.decode()
    assert "It reads no file" in page
    assert "<details open><summary>What it is told</summary>" in page


def test_what_was_promised_of_a_model_is_asked_for_openly_and_not_assumed(cast: Cast, signed_in: SignedIn) -> None:
    where, ada = f"{address(cast)}?evaluator=privacy.dp_audit", signed_in(cast.ada)
    form = ada.get(where).context["form"]
    open_ones = [field.name for field in form.main_fields() if field.name.startswith("parameter-")]
    assert open_ones == ["parameter-epsilon", "parameter-delta"]
    assert [form[name].value() for name in open_ones] == [None, None]
    sent = {"evaluator": "privacy.dp_audit", "column-member": "approved", "score": "score", "table_file": upload()}
    assert ada.post(where, sent).context["form"].errors.keys() == set(open_ones)
    sent |= {"parameter-epsilon": "1", "parameter-delta": "0.001", "table_file": upload()}
    assert ada.post(where, sent).status_code == 302
    assert Evaluation.objects.get().parameters == {"delta": 0.001}


def test_a_score_is_said_to_need_its_kind_where_nothing_is_read_without(cast: Cast, signed_in: SignedIn) -> None:
    where = address(cast)
    for evaluator, is_said in (("calibration.multiclass", True), ("privacy.membership", False)):
        page = signed_in(cast.ada).get(f"{where}?evaluator={evaluator}").content.decode()
        assert ("A score that is named without its kind gives no reading." in page) is is_said, evaluator


def test_what_a_model_reads_is_known_from_its_own_description(cast: Cast) -> None:
    version = make.model_version(cast)
    assert known_inputs(version) == frozenset()
    said = b'{"features": ["pixel_0_0", "pixel_0_1"], "classes": ["0", "1"]}'
    odd = (b"{", b'["a"]', b'{"features": 5}', b'{"features": {"a": 1}}', b"[" * 100_000)
    for number, text in enumerate((said, *odd)):
        version.artifact = make.held(cast.lending, files={"architecture.json": text}, by=cast.ada)
        assert known_inputs(version) == (frozenset() if number else {"pixel_0_0", "pixel_0_1"})


def test_another_teams_data_is_not_offered_to_who_may_not_see_it(cast: Cast, signed_in: SignedIn) -> None:
    people.add_member(cast.marketing, person=cast.ada, role="contributor", by=cast.olga)
    theirs = catalog.create_dataset(cast.marketing, slug="clicks-of-theirs", by=cast.ada)
    data = catalog.register_dataset_version(theirs, label="1", by=cast.ada)
    version = make.model_version(cast, data=data)
    make.active_policy(cast, on=version.model.project)
    for door in ("version-evaluate", "version-evaluate-freely"):
        where = f"{reverse(door, args=[version.pk])}?evaluator=fairness.group"
        assert "clicks-of-theirs" in signed_in(cast.ada).get(where).content.decode(), door
        assert "clicks-of-theirs" not in signed_in(cast.grace).get(where).content.decode(), door


def test_another_teams_table_can_not_be_looked_into(cast: Cast, signed_in: SignedIn) -> None:
    foreign = make.held(cast.marketing, files={"secret.csv": b"hidden_column\n1\n"}, by=cast.eve)
    page = signed_in(cast.ada).get(f"{address(cast)}?evaluator=fairness.group&table={foreign.pk}").content.decode()
    assert "hidden_column" not in page


def test_what_the_policy_prescribes_is_checked_against_the_table_too(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    ada, where = signed_in(cast.ada), reverse("version-evaluate", args=[version.pk])
    form = ada.get(where).context["form"]
    assert isinstance(form, RequiredForm)
    assert "features" not in form.fields
    sent = {"required": [row.pk for row in form.fields["required"].queryset]}
    answer = ada.post(where, sent | {"table_file": upload(content=b"predicted,race\n1,a\n")})
    assert "reads the label, but predictions.csv has no column" in answer.context["form"].errors["table_file"][0]
    assert ada.post(where, sent | {"table_file": upload()}).status_code == 302


def test_tables_of_one_name_are_told_apart_by_what_they_were_measured_for(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    make.held(cast.lending, files={"predictions.csv": TABLE}, by=cast.ada)
    page = signed_in(cast.ada).get(f"{address(cast, label='2')}?evaluator=fairness.group").content.decode()
    used, unused = sorted(re.findall(r">(predictions.csv · [^<]+)</option>", page), key=lambda words: "not" in words)
    columns = Evaluation.objects.filter(version=version).latest("requested_at").subject["columns"]
    assert f"measured for {version} (" in used
    assert columns["prediction"] in used
    assert "not measured yet" in unused


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_the_first_line_names_the_columns_however_it_is_written(start: bytes) -> None:
    assert read_columns(upload(content=start + b'"a b",c\r\n1,2\r\n').file, "t.csv") == ["a b", "c"]
    assert read_columns(upload(content=b"PAR1....").file, "t.parquet") is None


@pytest.mark.parametrize("kind", ["SubjectError", "Undeclared", "BadOutput"])
def test_what_was_wrong_with_what_was_given_is_told_without_the_place_in_the_code(kind: str) -> None:
    sentence = "row 3 of cases.csv has no label"
    assert failure_words(f"{kind}: {sentence} (evaluators/subjects/roles.py:12 in labels)") == sentence
    assert failure_words("KeyError: 'x' (evaluators/child.py:1 in main)").startswith("KeyError")


def test_elsewhere_a_failure_is_one_line_that_breaks_off_visibly() -> None:
    assert failure_line("") == ""
    assert failure_line("Traceback\nSubjectError: no rows") == "SubjectError: no rows"
    long = failure_line(f"SubjectError: {'x' * 400} (evaluators/tables.py:3 in read)")
    assert long.startswith("xxx")
    assert long.endswith("\u2026")
