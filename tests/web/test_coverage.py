"""Which attacks were tried: each technique has the worst of what was measured about it, and gaps are shown as gaps."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evaluators.catalog import ATLAS, EVALUATORS
from registry.models import ModelVersion, User
from registry.services import evaluations, runs
from registry.web.present import coverage
from registry.web.present.coverage_words import altogether
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

SignedIn = Callable[[User], Client]
UNSAFE_FILES = "AML.T0011.000"


def test_the_mapping_names_techniques_and_evaluators_that_there_are() -> None:
    assert set(ATLAS) <= set(coverage.atlas()["by_id"])
    assert {name for names in ATLAS.values() for name in names} <= set(EVALUATORS)
    assert all(names and list(names) == sorted(set(names)) for names in ATLAS.values())


def test_the_matrix_is_facts_alone_and_says_whose_it_is() -> None:
    matrix = coverage.atlas()
    assert len(matrix["techniques"]) == 170
    assert {key for each in matrix["techniques"] for key in each} == {"id", "name", "tactics"}
    assert "Apache License 2.0" in matrix["attribution"]


def state(client: Client, version: object, technique: str = UNSAFE_FILES) -> str:
    page = client.get(reverse("version-coverage", args=[version]))
    [row] = [row for row in page.context["techniques"] if row["id"] == technique]
    return str(row["state"])


@pytest.mark.django_db
def test_a_technique_goes_from_not_measured_to_measured_or_failed(cast: Cast, signed_in: SignedIn) -> None:
    version, ada = make.model_version(cast), signed_in(cast.ada)
    assert state(ada, version.pk) == "unmeasured"
    run = evaluations.request_evaluation(version, evaluator="security.model_file", by=cast.ada)
    assert state(ada, version.pk) == "running"
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed
        readings = [make.reading(metric="security.serialisation_class", slice="overall", low=2, high=2)]
        assert runs.finish(claimed, readings=readings, evidence=(), environment={})
    assert state(ada, version.pk) == "measured"
    again = evaluations.request_evaluation(version, evaluator="security.model_file", by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(again.pk, worker="test")
        assert claimed
        assert runs.fail(claimed, failure="SubjectError: it is no model")
    assert state(ada, version.pk) == "error"


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "answer"), [(2, "partly"), (1, "failed")])
def test_what_the_policy_judges_is_said_as_it_judges_it(
    cast: Cast, signed_in: SignedIn, limit: int, answer: str
) -> None:
    rule = {"metric": "security.serialisation_class", "limit": limit, "aspect": "security", "source": "Own rule."}
    within = make.project(cast)
    body = make.a_policy(evaluations=[{"evaluator": "security.model_file", "thresholds": [rule]}])
    make.active_policy(cast, on=within, body=body)
    version = make.model_version(cast, within=within)
    measured_here(version, cast)
    ada = signed_in(cast.ada)
    assert state(ada, version.pk) == answer
    page = ada.get(reverse("version-coverage", args=[version.pk])).content.decode()
    assert ("partly: passed, 1 of 2 measured" in page) is (answer == "partly")


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (("passed", "passed"), ("passed", "passed")),
        (("passed", "unfit"), ("passed", "passed")),
        (("unmeasured", "passed", "unmeasured"), ("partly", "partly: passed, 1 of 3 measured")),
        (("waived", "unmeasured"), ("partly", "partly: waived, 1 of 2 measured")),
        (("measured", "unmeasured"), ("measured", "measured, no limit, 1 of 2 measured")),
        (("failed", "unmeasured"), ("failed", "failed")),
        (("unfit",), ("unfit", "made for other models")),
    ],
)
def test_a_limit_that_is_met_is_half_an_answer_where_others_were_not_measured(
    states: tuple[str, ...], said: tuple[str, str]
) -> None:
    assert altogether(states) == said


@pytest.mark.django_db
def test_what_is_made_for_other_models_is_no_gap(cast: Cast, signed_in: SignedIn) -> None:
    version = make.model_version(cast)
    page = signed_in(cast.ada).get(reverse("version-coverage", args=[version.pk])).content.decode()
    assert "made for other models" not in page
    within = make.project(cast, slug="digits")
    images = make.catalog.create_model(within, slug="digits", kind="image", by=cast.ada)
    other = make.catalog.register_model_version(images, label="1", by=cast.ada)
    page = signed_in(cast.ada).get(reverse("version-coverage", args=[other.pk])).content.decode()
    assert "made for other models" in page


@pytest.mark.django_db
def test_the_overview_shows_each_model_once_and_other_teams_none(cast: Cast, signed_in: SignedIn) -> None:
    make.model_version(cast)
    newest = make.model_version(cast, label="2")
    make.model_version(cast, slug="second", label="1")
    page = signed_in(cast.ada).get(reverse("coverage"))
    names = [each["name"] for each in page.context["versions"]]
    assert sorted(names) == ["lending/mortgage-approval@2", "lending/second@1"]
    assert str(newest) in page.content.decode()
    assert "lending" not in signed_in(cast.eve).get(reverse("coverage")).content.decode()


@pytest.mark.django_db
def test_the_overview_asks_a_few_things_however_many_models_there_are(cast: Cast, signed_in: SignedIn) -> None:
    ada = signed_in(cast.ada)
    for number in range(5):
        make.model_version(cast, slug=f"model-{number}")
    with CaptureQueriesContext(connection) as asked:
        assert ada.get(reverse("coverage")).status_code == 200
    assert len(asked) <= 10


def measured_here(version: ModelVersion, cast: Cast) -> None:
    run = evaluations.request_evaluation(version, evaluator="security.model_file", by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed
        readings = [make.reading(metric="security.serialisation_class", slice="overall", low=2, high=2)]
        assert runs.finish(claimed, readings=readings, evidence=(), environment={})


def under_a_limit(cast: Cast, limit: int) -> ModelVersion:
    within = make.project(cast)
    rule = {"metric": "security.serialisation_class", "limit": limit, "aspect": "security", "source": "Own rule."}
    body = make.a_policy(evaluations=[{"evaluator": "security.model_file", "thresholds": [rule]}])
    make.active_policy(cast, on=within, body=body)
    return make.model_version(cast, within=within)


@pytest.mark.django_db
def test_a_limit_that_an_earlier_run_met_does_not_hide_that_the_newest_failed(cast: Cast, signed_in: SignedIn) -> None:
    version = under_a_limit(cast, 2)
    measured_here(version, cast)
    again = evaluations.request_evaluation(version, evaluator="security.model_file", by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(again.pk, worker="test")
        assert claimed
        assert runs.fail(claimed, failure="SubjectError: it is no model")
    assert state(signed_in(cast.ada), version.pk) == "error"


@pytest.mark.django_db
def test_what_a_team_only_reports_is_not_counted_as_measured(cast: Cast, signed_in: SignedIn) -> None:
    version = make.model_version(cast)
    sent = [make.reading(metric="security.serialisation_class", slice="overall", low=0, high=0)]
    evaluations.report_readings(version, evaluator="security.model_file", readings=sent, by=cast.ada)
    assert state(signed_in(cast.ada), version.pk) == "reported"
    assert altogether(("passed", "reported")) == ("partly", "partly: passed, 1 of 2 measured")


@pytest.mark.django_db
def test_the_overview_does_not_say_of_what_is_far_from_the_gate_that_no_limit_judges_it(
    cast: Cast, signed_in: SignedIn
) -> None:
    version = under_a_limit(cast, 1)
    measured_here(version, cast)
    ada = signed_in(cast.ada)
    assert "measured, not judged yet" in ada.get(reverse("coverage")).content.decode()
    make.at_stage(version, "training", by=cast.ada)
    page = ada.get(reverse("coverage")).content.decode()
    assert "failed" in page
    assert "not judged yet" not in page


@pytest.mark.django_db
def test_what_was_run_otherwise_than_a_limit_asks_is_not_called_free_of_limits(cast: Cast, signed_in: SignedIn) -> None:
    version = make.at_stage(under_a_limit(cast, 2), "training", by=cast.ada)
    ada = signed_in(cast.ada)
    assert state(ada, version.pk) == "unmeasured"
    run = evaluations.request_evaluation(version, evaluator="security.model_file", level=0.9, by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed
        readings = [make.reading(metric="security.serialisation_class", slice="overall", low=2, high=2, level=0.9)]
        assert runs.finish(claimed, readings=readings, evidence=(), environment={})
    assert state(ada, version.pk) == "undecided"
    page = ada.get(reverse("coverage")).content.decode()
    assert "measured, no limit" not in page
