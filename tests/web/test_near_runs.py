"""Where an evaluation has only been run otherwise than the policy asks, the gate's page says what was otherwise."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.catalog import EVALUATORS, describe
from registry.exceptions import NotNow
from registry.models import ModelVersion, User
from registry.services import evaluations, runs, verdicts
from registry.web.present import near_runs
from registry.web.present import runs as shown_runs
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

SignedIn = Callable[[User], Client]
ID = "fairness.group"


def unmeasured(cast: Cast) -> ModelVersion:
    make.ready_version(cast)
    return make.at_stage(make.model_version(cast, label="2"), "training", by=cast.ada)


def run_with(version: ModelVersion, cast: Cast, **asked: Any) -> None:
    """A run of the evaluator that the policy asks for, asked otherwise, done as the worker does it."""
    rows = make.held(version.team, files={"predictions.csv": make.table()}, by=cast.ada)
    wanted = {"reads": make.READS, "table": rows} | asked
    run = evaluations.request_evaluation(version, evaluator=ID, by=cast.ada, **wanted)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed is not None
        reading = make.reading(level=run.level)
        assert runs.finish(claimed, readings=[reading], evidence=(), environment={})


def near(version: ModelVersion) -> str:
    reviewed = verdicts.review(version, to_stage=make.INFERENCE)
    (asked,) = [item for item in near_runs.noted(reviewed).requirements if item.kind == "evaluation"]
    return str(asked.detail.get("near", ""))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"level": 0.9}, "It has run with intervals of 90% instead of 95%."),
        ({"reads": make.READS | {"favourable": "0"}}, "It has run with other columns or another favourable value."),
        ({"parameters": {"family_minimum": 20}}, "It has run with other settings ("),
    ],
)
def test_what_was_otherwise_is_said(cast: Cast, asked: dict[str, Any], said: str) -> None:
    version = unmeasured(cast)
    assert near(version) == ""
    run_with(version, cast, **asked)
    assert near(version).startswith(said)
    assert near_runs.AGAIN in near(version)
    assert (near_runs.OF_LEVEL in near(version)) == ("level" in asked)


def test_of_several_runs_the_nearest_is_told(cast: Cast) -> None:
    version = unmeasured(cast)
    run_with(version, cast, level=0.9)
    run_with(version, cast, level=0.9, reads=make.READS | {"favourable": "0"})
    assert near(version).startswith("It has run with intervals of 90% instead of 95%.")


def test_another_level_is_no_measurement_for_the_gate_and_the_page_says_what_to_do(
    cast: Cast, signed_in: SignedIn
) -> None:
    version = unmeasured(cast)
    run_with(version, cast, level=0.9)
    decision = verdicts.review(version, to_stage=make.INFERENCE).decision
    assert {item.outcome for item in decision.requirements if item.kind in ("evaluation", "threshold")} == {"undecided"}
    page = signed_in(cast.ada).get(reverse("version", args=[version.pk])).content.decode()
    assert "It has run with intervals of 90% instead of 95%." in page
    assert near_runs.AGAIN in page


def test_where_another_version_of_the_evaluator_is_installed_nobody_is_sent_to_run_it_in_vain(
    cast: Cast, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = unmeasured(cast)
    for room in (evaluations, near_runs):
        monkeypatch.setattr(room, "describe", lambda name: describe(name) | {"version": "99"})
    assert near(version).endswith(near_runs.REVISE)
    with pytest.raises(NotNow, match="Write a new revision of the policy"):
        make.requested(version, by=cast.ada)
    assert near_runs.REVISE in signed_in(cast.ada).get(reverse("version", args=[version.pk])).content.decode()


def test_an_evaluator_that_is_gone_is_not_offered_and_breaks_no_page(
    cast: Cast, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = unmeasured(cast)
    for room in (near_runs, shown_runs):
        monkeypatch.setattr(room, "EVALUATORS", {name: at for name, at in EVALUATORS.items() if name != ID})
    page = signed_in(cast.ada).get(reverse("version-evaluate", args=[version.pk])).content.decode()
    assert "The policy asks for no evaluation" in page
    assert "none is installed here" in near(version)


def test_the_pages_of_evaluations_say_how_an_address_and_a_signature_come_in(cast: Cast, signed_in: SignedIn) -> None:
    version, ada = unmeasured(cast), signed_in(cast.ada)
    page = ada.get(reverse("version-evaluate", args=[version.pk])).content.decode()
    assert "The model can only be reached at an address" in page
    assert "self-reported" in page
    freely = reverse("version-evaluate-freely", args=[version.pk])
    assert "model.sig" in ada.get(f"{freely}?evaluator=security.provenance").content.decode()
    assert "model.sig" not in ada.get(f"{freely}?evaluator=security.model_file").content.decode()
