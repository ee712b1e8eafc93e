"""Evaluators, slices and tests are named for people on every page; ids and raw names stand small beside them."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User, Verdict
from registry.services import evaluations
from registry.web.present import beside, drawn, evidence, findings
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
TITLE, ID = "Group fairness of decisions", "fairness.group"
SPIEGELHALTER = "calib.spiegelhalter_z"


def reported(version: ModelVersion, cast: Cast) -> None:
    """A test in two groups, of which one fails it; and a rate in the same groups."""
    parts = {"race=non-white": 0.003, "race=white": 0.4}
    tests = [
        make.reading(metric=SPIEGELHALTER, slice=part, low=None, high=None, p_value=p) | {"value": 1.5}
        for part, p in parts.items()
    ]
    rates = [make.reading(metric="calib.brier", slice=part, low=0.1, high=0.2) for part in parts]
    evaluations.report_readings(version, evaluator="calibration.binary", readings=[*tests, *rates], by=cast.ada)


def unmeasured(cast: Cast) -> ModelVersion:
    """Under a policy whose evaluation has not run."""
    make.ready_version(cast)
    return make.at_stage(make.model_version(cast, label="2"), "training", by=cast.ada)


@pytest.mark.parametrize("page", ["version", "version-sign", "version-evaluate"])
def test_a_required_evaluation_is_named_by_its_title(cast: Cast, signed_in: SignedIn, page: str) -> None:
    version = unmeasured(cast)
    person = cast.grace if page == "version-sign" else cast.ada
    html = signed_in(person).get(reverse(page, args=[version.pk])).content.decode()
    assert TITLE in html
    for sentence in (f"{ID} has run", f"Run {ID}", f"{ID} (", f"Found: {ID}"):
        assert sentence not in html


def test_its_id_stands_small_beside_it(cast: Cast, signed_in: SignedIn) -> None:
    version = unmeasured(cast)
    html = signed_in(cast.ada).get(reverse("version", args=[version.pk])).content.decode()
    assert f'<span class="machine-name">{ID}</span>' in html


def test_slices_are_said_in_words_and_their_raw_names_are_hovered(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    reported(version, cast)
    worst = make.reading(detail={"lowest": "race=non-white", "highest": "race=white"})
    run = make.measured(version, by=cast.ada, readings=[worst])
    html = signed_in(cast.ada).get(reverse("version-evidence", args=[version.pk])).content.decode()
    assert "race: non-white" in html
    assert "(race=non-white)" in html  # in the title of what is drawn
    html = signed_in(cast.ada).get(reverse("evaluation", args=[run.pk])).content.decode()
    assert '<span title="worst">worst group, race: non-white</span>' in html


def test_the_api_keeps_the_raw_name(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    reported(version, cast)
    answer = signed_in(cast.ada).get(f"/api/v1/versions/{version.pk}/measurements/")
    assert {row["slice"] for row in answer.json()["results"]} >= {"race=non-white", "race=white"}


def test_a_test_in_several_parts_is_a_table_of_what_it_found(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    reported(version, cast)
    page = signed_in(cast.ada).get(reverse("version-evidence", args=[version.pk]))
    said = {each["title"]: each for each in page.context["slices"]}
    assert [[cell["text"] for cell in row[:2]] for row in said["Spiegelhalter's z, self-reported"]["cells"]] == [
        ["race: non-white", "test: found, p = 0.003"],
        ["race: white", "test: nothing found, p = 0.40"],
    ]
    assert said["Brier score, self-reported, by race"]["rows"]
    assert "test: found, p = 0.003" in page.content.decode()


def test_what_a_test_found_stands_in_the_tables_and_findings_without_an_interval(cast: Cast) -> None:
    version = make.ready_version(cast)
    one = make.reading(metric=SPIEGELHALTER, slice="overall", low=None, high=None, p_value=0.4) | {"value": 0.8}
    run = evaluations.report_readings(version, evaluator="calibration.binary", readings=[one], by=cast.ada)
    (row,) = run.measurements.all()
    shown = evidence.measurement(row, None)
    assert (shown["finding"], shown["low"], shown["high"]) == ("test: nothing found, p = 0.40", None, None)
    assert findings.found_by([run], version)[run.pk] == "Spiegelhalter's z, test: nothing found, p = 0.40"
    pair = next(each for each in beside.pairs(version, version) if each["title"] == "Spiegelhalter's z")
    assert pair["findings"] == ["version 1 \u00b7 test: nothing found, p = 0.40"] * 2
    assert drawn.forests([row]) == []


def test_right_after_registering_the_history_says_that_nothing_is_judged_yet(cast: Cast, signed_in: SignedIn) -> None:
    version = make.model_version(cast)
    history, ada = reverse("version-history", args=[version.pk]), signed_in(cast.ada)
    html = ada.get(history).content.decode()
    assert "Nothing is measured or judged yet" in html
    assert "requirements not met" not in html
    assert "said: blocked" not in html
    make.at_stage(version, "training", by=cast.ada)
    html = ada.get(history).content.decode()
    assert "said: blocked" in html  # no policy is active: the first judgement, though the outcome is the same
    assert html.count("Nothing is measured or judged yet") == 1


def test_the_newest_word_of_a_gate_is_in_the_history_though_it_is_the_same(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    history, ada = reverse("version-history", args=[version.pk]), signed_in(cast.ada)
    reported(version, cast)
    html = ada.get(history).content.decode()
    newest = Verdict.objects.filter(version=version, transition=None).latest("decided_at")
    assert html.count("still says:") == 1
    assert html.index("still says:") < html.index("The gate to inference said")
    assert newest.snapshot.digest[:12] in html
