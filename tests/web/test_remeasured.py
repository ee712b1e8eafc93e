"""What changed since a signature: each number against its own earlier self, and none left out."""

import pytest

from registry.models import ModelVersion, RequiredEvaluation
from registry.models.gate_inputs import active_revision
from registry.services import evaluations, runs, verdicts
from registry.web.present import changes
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

TABLE = b"approved,predicted,race,sex\n1,1,a,m\n0,0,b,f\n"


def asked_twice(cast: Cast) -> ModelVersion:
    """At training, under a policy that asks for the same limit by race and by sex."""
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    by_sex = fairness | {"reads": make.READS | {"columns": make.READS["columns"] | {"group": ["sex"]}}}  # type: ignore[operator]
    within, data = make.project(cast), make.dataset_version(cast)
    make.active_policy(cast, on=within, body=make.a_policy(evaluations=[fairness, by_sex]))
    version = make.model_version(cast, within=within, data=data)
    make.datasheet(data, by=cast.ada)
    make.card(version, by=cast.ada)
    return make.at_stage(version, "training", by=cast.ada)


def measured(version: ModelVersion, group: str, cast: Cast, *, low: float, high: float) -> None:
    required = RequiredEvaluation.objects.get(revision=active_revision(version), reads__columns__group=[group])
    table = make.held(version.team, files={"predictions.csv": TABLE}, by=cast.ada)
    run = evaluations.request_required(version, required, table=table, by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed
        assert runs.finish(claimed, readings=[make.reading(low=low, high=high)], evidence=(), environment={})


def changed(version: ModelVersion, cast: Cast) -> list[tuple[str, str, str]]:
    reviewed = verdicts.review(version, to_stage=make.INFERENCE)
    since = changes.since_signed(changes.last_signature(version, of=cast.grace), reviewed, person=cast.grace)
    return [(each["name"], each["before"][:18], each["after"][:18]) for each in since["changes"]]


@pytest.mark.django_db
@pytest.mark.parametrize(("again", "was"), [("race", "0.90 (0.85 – 0.95,"), ("sex", "0.80 (0.75 – 0.85,")])
def test_the_same_measure_of_other_groups_is_another_number(cast: Cast, again: str, was: str) -> None:
    version = asked_twice(cast)
    measured(version, "race", cast, low=0.85, high=0.95)
    measured(version, "sex", cast, low=0.75, high=0.85)
    make.signed(version, by=cast.grace, expertise="fairness")
    measured(version, again, cast, low=0.5, high=0.6)
    name = f"Demographic parity ratio, worst group, by {again}"
    assert changed(version, cast) == [(name, was, "0.55 (0.50 – 0.60,")]


@pytest.mark.django_db
def test_of_two_risks_with_one_name_both_are_compared(cast: Cast) -> None:
    version = make.ready_version(cast)
    make.risk(version, by=cast.ada, issue="Homes are lost")
    make.signed(version, by=cast.grace, expertise="fairness")
    make.risk(version, by=cast.ada, issue="Homes are lost", priority="low")
    before, after = "medium priority, treated, owned", "low priority, treated, owned; medium priority, treated, owned"
    assert changed(version, cast) == [("Homes are lost", before[:18], after[:18])]


@pytest.mark.django_db
def test_a_number_that_may_say_less_than_the_one_that_was_signed_says_why(cast: Cast) -> None:
    version = make.ready_version(cast)
    make.signed(version, by=cast.grace, expertise="fairness")
    less = make.reading(detail={"excluded": [{"group": f"race={name}"} for name in "bcdef"]})
    evaluations.report_readings(version, evaluator="fairness.group", reads=make.READS, readings=[less], by=cast.ada)
    reviewed = verdicts.review(version, to_stage=make.INFERENCE)
    since = changes.since_signed(changes.last_signature(version, of=cast.grace), reviewed, person=cast.grace)
    (one,) = (each for each in since["changes"] if each["note"] == "measured" and each["before"])
    assert one["after"].endswith(", self-reported, without race: b; race: c; race: d and 2 more")
    assert "self-reported" not in one["before"]
