"""What stands beside a state and must not count: another stage's rules, another version's evidence, lesser risks.

A judge that forgets to ask whose a row is, or for which stage, answers otherwise where these are.
"""

import random
from collections.abc import Callable
from datetime import timedelta

from tests.models.faults import RANK, a_risk, limits, no_artifact
from tests.models.intervals import short
from tests.models.rows import Row
from tests.models.states import (
    EXPERTISES,
    NOW,
    STAGES,
    Measure,
    State,
    a_measurement,
    a_run,
    a_signature,
    rule_writer,
    sha,
)


def rules_of_another_stage(state: State) -> None:
    """The same policy asks for much more, elsewhere."""
    stage = next(stage for stage in STAGES if stage not in {state.to_stage, state.stage_rule["to_stage"]})
    for revision in [*state.rows.by_table["policy_revision"]]:
        _ask_for_much(state, {"revision_id": revision["id"], "to_stage": stage})


def _ask_for_much(state: State, rule: Row) -> None:
    rows = state.rows
    rows.add("stage_rule", **rule, block_from="low", validity=timedelta(days=1))
    evaluation = rows.add(
        "required_evaluation",
        **rule,
        level=0.95,
        evaluator="fairness.group",
        evaluator_version="1",
        spec_digest=sha("elsewhere", rows.last_id),
        assurance="reproduced",
        max_age=timedelta(days=1),
    )
    rows.add(
        "threshold",
        evaluation_id=evaluation["id"],
        metric="fairness.metric_0",
        slice="overall",
        direction="at_least",
        limit=0.5,
        aspect="fairness",
        source="a reason",
        need_level="any",
        excluded_allowed=[],
    )
    for kind in ("model_card", "datasheet"):
        rows.add("required_document", **rule, kind=kind, min_percent=100, must_know=["s.a", "s.b", "s.c"])
    rows.add("sign_off_rule", **rule, expertise=EXPERTISES[0], people=5)


def another_version(state: State) -> Row:
    """A sibling with the same files, at the same stage and revision of its evidence."""
    like = {name: value for name, value in state.version.items() if name not in {"id", "label"}}
    return state.rows.with_uuid("model_version", **like, label=f"x{state.rows.last_id}")


def another_versions_evidence(state: State) -> None:
    """Its newest runs failed, its newest measurements miss, and its signers ask for changes. They made it, too."""
    other = another_version(state)
    for measure in state.measures:
        run = a_run(state, measure.rule, version_id=other["id"], state="failed", requested_at=NOW)
        for threshold, _ in measure.limits:
            missed = short(threshold, state.rng)
            bounds = dict(zip(("low", "high"), sorted(missed.values()), strict=True))
            again = Measure(rule=measure.rule, run=run)
            a_measurement(state, again, threshold, version_id=other["id"], **bounds)
    for person in state.reviewers:
        state.rows.add("authorship", version_id=other["id"], person_id=person["id"], why="rated a risk")
        if state.version["evidence_rev"] % 2:
            a_signature(state, person, EXPERTISES[0], version_id=other["id"], meaning="request_changes")


def a_parent_that_is_a_model(state: State) -> None:
    """A datasheet is asked of data only."""
    state.rows.add(
        "lineage_edge",
        relation="fine_tuned_from",
        child_model_id=state.id,
        parent_model_id=another_version(state)["id"],
        recorded_by_id=rule_writer(state),
    )


def risks_below_the_bar(state: State) -> None:
    """Just below the priority that bars; or, where no risk is judged, the worst there is and no assessment."""
    block_from = state.stage_rule["block_from"]
    if not block_from:
        a_risk(state, priority="critical", treatment="")
        state.assessment["stage"] = next(stage for stage in STAGES if stage != state.from_stage)
    elif block_from != RANK[0]:
        a_risk(state, priority=RANK[RANK.index(block_from) - 1])


def an_end_in_disgrace(state: State) -> None:
    """What was suspended or withdrawn may still be retired."""
    if state.to_stage == "retired":
        state.version["standing"] = state.rng.choice(["suspended", "withdrawn"])


def no_files_where_none_are_asked(state: State) -> None:
    if not state.is_guarded and not state.measures:
        no_artifact(state)


def bounds_on_both_limits(state: State) -> None:
    """Whatever lies within a limit ends exactly on its edge."""
    for _, threshold, measurement in limits(state):
        low, high, top = measurement["low"], measurement["high"], threshold["limit"] + threshold["tolerance"]
        if threshold["direction"] == "within" and None not in (low, high) and high <= top:
            measurement["high"] = top


BESIDE: tuple[Callable[[State], object], ...] = (
    rules_of_another_stage,
    another_versions_evidence,
    a_parent_that_is_a_model,
    risks_below_the_bar,
    an_end_in_disgrace,
    no_files_where_none_are_asked,
    bounds_on_both_limits,
)


def stand_beside(state: State) -> None:
    """Each of them with one state in four. They are drawn apart, so that the states stay what they are."""
    drawn = state.rng
    state.rng = random.Random(f"beside {drawn.random()}")
    for put in BESIDE:
        if state.rng.random() < 0.25:
            put(state)
    state.rng = drawn
