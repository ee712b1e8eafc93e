"""The decision: only what is shown and holds now opens the gate, and every requirement says what would."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.gates.decide import decide
from registry.gates.values import WAIVABLE_KINDS, Evidence, Outcome, Policy, RiskRule
from registry.gates.verdict import Verdict
from tests.gates.samples import (
    CARD,
    EVIDENCE,
    GUARDED,
    MEASURED,
    NOW,
    POLICY,
    RISK,
    RULE,
    RUN,
    SEAT,
    SIGNED,
    THRESHOLD,
    WRITTEN,
    measured,
    waiver,
)

LATE = NOW - RULE.max_age


def said(evidence: Evidence = EVIDENCE, policy: Policy | None = POLICY) -> Verdict:
    return decide(policy, evidence, to_stage="inference", now=NOW)


def unmet(evidence: Evidence = EVIDENCE, policy: Policy | None = POLICY) -> set[str]:
    return {item.id for item in said(evidence, policy).unmet}


def having(**changes: Any) -> Evidence:
    return replace(EVIDENCE, **changes)


def test_everything_shown_passes() -> None:
    verdict = said()
    assert (verdict.outcome, verdict.unmet, verdict.waived) == (Outcome.PASSED, (), ())
    assert {item.kind for item in verdict.requirements} == {
        "policy", "artifact", "evaluation", "threshold", "document", "sign_off",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "policy", "expected", "outcome"),
    [
        (having(edge=None), POLICY, {"edge:0"}, Outcome.FAILED),
        (EVIDENCE, None, {"policy:0"}, Outcome.FAILED),
        (EVIDENCE, replace(POLICY, sign_offs=()), {"policy:0"}, Outcome.FAILED),
        (having(has_artifact=False), POLICY, {"artifact:0"}, Outcome.UNDECIDED),
        (having(standing="suspended"), POLICY, {"standing:0"}, Outcome.FAILED),
        (having(standing="withdrawn"), POLICY, {"standing:0"}, Outcome.FAILED),
        (having(standing=""), POLICY, {"standing:0"}, Outcome.FAILED),
        (having(runs=()), POLICY, {"evaluation:3"}, Outcome.UNDECIDED),
        *(
            (having(runs=(replace(RUN, state=state),)), POLICY, {"evaluation:3"}, Outcome.UNDECIDED)
            for state in ("queued", "running", "cancelling", "failed", "failed_infra", "")
        ),
        (having(runs=(replace(RUN, finished_at=None),)), POLICY, {"evaluation:3"}, Outcome.UNDECIDED),
        (having(runs=(replace(RUN, finished_at=LATE),)), POLICY, {"evaluation:3"}, Outcome.UNDECIDED),
        (having(runs=(replace(RUN, assurance="self-reported"),)), POLICY, {"evaluation:3"}, Outcome.UNDECIDED),
        (having(runs=(replace(RUN, spec_digest="c"),)), POLICY, {"evaluation:3"}, Outcome.UNDECIDED),
        (having(measured=()), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(metric="fairness.other"), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(slice="overall"), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(spec_digest="c"), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(measured_at=LATE), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(assurance="self-reported"), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(excluded=frozenset({"b"})), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(low=0.7), POLICY, {"threshold:7"}, Outcome.UNDECIDED),
        (measured(low=0.5, high=0.6), POLICY, {"threshold:7"}, Outcome.FAILED),
        (having(documents=()), POLICY, {"document:2"}, Outcome.UNDECIDED),
        (having(documents=(replace(WRITTEN, revision=0),)), POLICY, {"document:2"}, Outcome.UNDECIDED),
        (having(documents=(replace(WRITTEN, applicable=0),)), POLICY, {"document:2"}, Outcome.UNDECIDED),
        (having(documents=(replace(WRITTEN, answered=7),)), POLICY, {"document:2"}, Outcome.UNDECIDED),
        (
            having(documents=(replace(WRITTEN, unknown=frozenset({"use.intended"})),)),
            POLICY,
            {"document:2"},
            Outcome.UNDECIDED,
        ),
        (having(documents=(WRITTEN, replace(WRITTEN, answered=0))), POLICY, {"document:2"}, Outcome.UNDECIDED),
        (having(has_assessment=False), POLICY, {"assessment:0"}, Outcome.UNDECIDED),
        (having(risks=(replace(RISK, priority="high"),)), POLICY, {"risk:12"}, Outcome.FAILED),
        (having(risks=(replace(RISK, priority="critical"),)), POLICY, {"risk:12"}, Outcome.FAILED),
        (having(risks=(replace(RISK, has_owner=False),)), POLICY, {"treatment:12"}, Outcome.UNDECIDED),
        (having(risks=(replace(RISK, has_treatment=False),)), POLICY, {"treatment:12"}, Outcome.UNDECIDED),
        (having(signatures=()), POLICY, {"sign_off:5"}, Outcome.UNDECIDED),
        *(
            (having(signatures=(replace(SIGNED, **change),)), POLICY, {"sign_off:5"}, Outcome.UNDECIDED)
            for change in (
                {"approves": False},
                {"is_author": True},
                {"may_sign": False},
                {"expertise": "security"},
            )
        ),
    ],
)
def test_each_fault_alone_is_the_one_reason(
    evidence: Evidence, policy: Policy | None, expected: set[str], outcome: Outcome
) -> None:
    verdict = said(evidence, policy)
    assert {item.id for item in verdict.unmet} == expected
    assert verdict.outcome is outcome
    assert all(item.unblock for item in verdict.unmet)
    assert all(item.unblock == "" for item in verdict.requirements if item.is_met)


def test_a_failure_outweighs_what_is_undecided() -> None:
    evidence = replace(measured(low=0.5, high=0.6), signatures=())
    assert said(evidence).outcome is Outcome.FAILED


def test_two_people_are_two_persons_not_two_names() -> None:
    two = replace(POLICY, sign_offs=(replace(SEAT, people=2),))
    namesake = replace(SIGNED, person=2)
    assert unmet(having(signatures=(SIGNED, namesake)), two) == set()
    assert unmet(having(signatures=(SIGNED, SIGNED)), two) == {"sign_off:5"}


def test_an_edge_that_is_not_guarded_needs_no_policy() -> None:
    evidence = having(edge=replace(GUARDED, guarded=False, needs_artifact=False), has_artifact=False)
    assert unmet(evidence, None) == set()


def test_a_suspended_version_may_be_retired() -> None:
    edge = replace(GUARDED, to_stage="retired", guarded=False, needs_artifact=False)
    verdict = decide(None, having(edge=edge, standing="suspended"), to_stage="retired", now=NOW)
    assert verdict.unmet == ()


@pytest.mark.parametrize(
    ("needs", "level", "applies"),
    [
        ({"fairness": "high"}, "high", True),
        ({"fairness": "medium"}, "high", False),
        ({"fairness": "low"}, "low", True),
        ({}, "high", True),
        ({}, "low", False),
        ({"privacy": "low"}, "high", True),
        ({"fairness": "low"}, "any", True),
    ],
)
def test_a_limit_applies_at_its_level_of_need_and_no_need_said_means_high(
    needs: dict[str, str], level: str, applies: bool
) -> None:
    policy = replace(POLICY, thresholds=(replace(THRESHOLD, need_level=level),))
    assert unmet(having(needs=needs, measured=()), policy) == ({"threshold:7"} if applies else set())


def test_without_a_rule_risks_are_not_judged() -> None:
    evidence = having(risks=(replace(RISK, priority="critical", has_owner=False),), has_assessment=False)
    assert unmet(evidence, replace(POLICY, risk_rule=None)) == set()


@pytest.mark.parametrize("block_from", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("priority", ["low", "medium", "high", "critical"])
def test_a_risk_bars_from_its_priority_upwards(priority: str, block_from: str) -> None:
    order = ["low", "medium", "high", "critical"]
    policy = replace(POLICY, risk_rule=RiskRule(block_from=block_from))
    bars = order.index(priority) >= order.index(block_from)
    assert unmet(having(risks=(replace(RISK, priority=priority),)), policy) == ({"risk:12"} if bars else set())


FINDINGS = {
    "threshold:7": (measured(low=0.7), "11"),
    "evaluation:3": (having(runs=(replace(RUN, state="failed"),)), "r"),
    "document:2": (having(documents=(replace(WRITTEN, answered=0),)), "4"),
    "risk:12": (having(risks=(replace(RISK, priority="high"),)), "12"),
    "treatment:12": (having(risks=(replace(RISK, has_owner=False),)), "12"),
}


def test_every_kind_that_can_be_waived_is_tried() -> None:
    assert {name.partition(":")[0] for name in FINDINGS} == WAIVABLE_KINDS


@pytest.mark.parametrize("requirement", FINDINGS)
def test_a_waiver_accepts_exactly_one_finding_for_a_while(requirement: str) -> None:
    evidence, found = FINDINGS[requirement]
    assert unmet(evidence) == {requirement}
    verdict = said(replace(evidence, waivers=(waiver(requirement, found),)))
    assert (verdict.outcome, verdict.unmet) == (Outcome.PASSED, ())
    assert [item.id for item in verdict.waived] == [requirement]
    assert verdict.waived_until == NOW + timedelta(hours=1)
    for useless in (
        waiver(requirement, found + "0"),
        waiver(requirement, "0" if found != "0" else "1"),
        waiver(requirement + "1", found),
        waiver(requirement, found, hours=0),
        waiver(requirement, found, hours=-1),
    ):
        assert unmet(replace(evidence, waivers=(useless,))) == {requirement}


@pytest.mark.parametrize(
    ("evidence", "requirement"),
    [
        (having(signatures=()), "sign_off:5"),
        (having(has_artifact=False), "artifact:0"),
        (having(standing="suspended"), "standing:0"),
        (having(has_assessment=False), "assessment:0"),
        (having(edge=None), "edge:0"),
    ],
)
def test_nothing_else_can_be_waived(evidence: Evidence, requirement: str) -> None:
    assert unmet(replace(evidence, waivers=(waiver(requirement, "0"),))) == {requirement}


def test_a_waiver_of_what_passes_changes_nothing() -> None:
    verdict = said(having(waivers=(waiver("threshold:7", "11"),)))
    assert (verdict.waived, verdict.waived_until) == ((), None)


def test_of_two_waivers_the_longer_one_counts_and_of_two_findings_the_shorter() -> None:
    evidence = replace(measured(low=0.7), runs=(replace(RUN, state="failed"),))
    both = (waiver("threshold:7", "11", hours=1), waiver("threshold:7", "11", hours=9), waiver("evaluation:3", "r"))
    verdict = said(replace(evidence, waivers=both))
    assert verdict.unmet == ()
    assert [item.waived_until for item in verdict.waived] == [NOW + timedelta(hours=hours) for hours in (1, 9)]
    assert verdict.waived_until == NOW + timedelta(hours=1)


def test_a_verdict_is_json_with_every_reason() -> None:
    told = said(measured(low=0.7)).as_dict()
    (threshold,) = [item for item in told["requirements"] if item["kind"] == "threshold"]
    assert (told["outcome"], told["waived"], threshold["found_id"]) == ("undecided", [], "11")
    assert threshold["detail"]["limit"] == THRESHOLD.limit
    assert threshold["detail"]["low"] == 0.7


bad_evidence = st.fixed_dictionaries(
    {},
    optional={
        "has_artifact": st.just(False),
        "standing": st.sampled_from(["suspended", "withdrawn"]),
        "has_assessment": st.just(False),
        "runs": st.sampled_from([(), (replace(RUN, state="failed"),)]),
        "measured": st.sampled_from([(), (replace(MEASURED, low=0.1),), (replace(MEASURED, low=0.1, high=0.2),)]),
        "documents": st.sampled_from([(), (replace(WRITTEN, answered=0),)]),
        "risks": st.sampled_from([(replace(RISK, priority="high"),), (replace(RISK, has_owner=False),)]),
        "signatures": st.just(()),
    },
)


@given(bad_evidence, bad_evidence)
def test_taking_evidence_away_never_opens_a_gate(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert unmet(having(**first)) <= unmet(having(**(second | first)))


@given(bad_evidence)
def test_the_outcome_passes_exactly_when_nothing_bars(changes: dict[str, Any]) -> None:
    verdict = said(having(**changes))
    assert (verdict.outcome is Outcome.PASSED) is (not verdict.unmet) is (not changes)
    assert len({item.id for item in verdict.requirements}) == len(verdict.requirements)


@given(st.lists(st.sampled_from([SIGNED, replace(SIGNED, person=2), replace(SIGNED, person=3, is_author=True)])))
def test_another_signature_never_shuts_a_gate(more: list[Any]) -> None:
    assert unmet(having(signatures=(SIGNED, *more))) == set()


@given(st.integers(0, 200), st.integers(1, 20), st.integers(0, 20))
def test_a_document_passes_exactly_from_its_percentage(percent: int, applicable: int, answered: int) -> None:
    percent, answered = max(1, min(percent, 100)), min(answered, applicable)
    policy = replace(POLICY, documents=(replace(CARD, min_percent=percent),))
    states = (replace(WRITTEN, answered=answered, applicable=applicable),)
    assert (unmet(having(documents=states), policy) == set()) is (answered * 100 >= percent * applicable)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("queued", "the latest run is queued"),
        ("cancelling", "the latest run is being cancelled"),
        ("failed", "the latest run failed: no such column"),
        ("failed_infra", "the latest run broke down: no such column"),
    ],
)
def test_a_run_without_a_result_is_told_in_words(state: str, said: str) -> None:
    failure = "no such column" if state.startswith("failed") else ""
    evidence = having(runs=(replace(RUN, state=state, failure=failure),))
    found = decide(POLICY, evidence, to_stage="inference", now=NOW)
    assert [item.found_text for item in found.unmet] == [said]
