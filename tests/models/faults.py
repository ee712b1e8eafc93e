"""What can be wrong with a state: each fault bars requirements of the kind it is filed under, or turns out harmless."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.models.intervals import short
from tests.models.rows import Row
from tests.models.states import (
    EDGES,
    NOW,
    STAGES,
    Measure,
    State,
    a_measurement,
    a_revision,
    a_run,
    a_signature,
    rule_writer,
)

Fault = Callable[[State], None]
RANK = ("low", "medium", "high", "critical")


def some(state: State, things: list[Any]) -> Any:
    return state.rng.choice(things)


def no_edge(state: State) -> None:
    reachable = {to_stage for from_stage, to_stage in EDGES if from_stage == state.from_stage}
    state.to_stage = some(state, [stage for stage in STAGES if stage not in reachable])


def no_policy(state: State) -> None:
    """None is active, or the newest one is silent about this stage."""
    writer, rows = rule_writer(state), state.rows
    if state.rng.random() < 0.5:
        rows.drop("policy_activation", state.activation)
    else:
        policy = rows.with_uuid("policy", team_id=state.team["id"], slug=f"q{rows.last_id}", created_by_id=writer)
        other = rows.with_uuid(
            "policy_revision", policy_id=policy["id"], number=1, written_by_id=writer, digest="0", max_waiver_hours=72
        )
        rows.add("policy_activation", project_id=state.project["id"], revision_id=other["id"], activated_by_id=writer)


def no_artifact(state: State) -> None:
    """Without files there are no runs either: the policy asks for none."""
    state.version |= {"artifact_id": None, "root_digest": None}
    for measure in state.measures:
        for threshold, measurement in measure.limits:
            state.rows.drop("threshold", threshold)
            state.rows.drop("measurement", measurement)
        state.rows.drop("evaluation", measure.run)
        state.rows.drop("required_evaluation", measure.rule)
    state.measures = []


def bad_standing(state: State) -> None:
    comes_back = state.from_stage == state.to_stage
    state.version["standing"] = some(state, ["withdrawn"] if comes_back else ["suspended", "withdrawn"])


def spoiled_run(state: State) -> None:
    """The run of a rule is missing, unfinished, failed, stale, weak, of other files, or behind a newer one."""
    measure: Measure = some(state, state.measures)
    stale = NOW - measure.rule["max_age"] * state.rng.uniform(1.001, 3)
    unfinished = some(state, ["queued", "running", "cancelling", "failed", "failed_infra", "cancelled"])
    change = some(
        state,
        [
            {"state": unfinished, "finished_at": None},
            {"finished_at": stale, "requested_at": stale},
            {"assurance": weaker(measure.rule["assurance"])},
            {"root_digest": "0" * 64},
            {"spec_digest": "0" * 64},
            {"finished_at": None},
            NOW,
            measure.run["requested_at"],
        ],
    )
    if isinstance(change, datetime):
        a_run(state, measure.rule, state=unfinished, finished_at=None, requested_at=change)
    else:
        measure.run |= change


def weaker(assurance: str) -> str:
    return {"reproduced": "platform-run"}.get(assurance, "self-reported")


def spoiled_measurement(state: State) -> None:
    """The measurement behind a threshold is missing, unusable, short of the limit, or behind a newer one."""
    measure, threshold, measurement = some(state, limits(state))
    stale = NOW - measure.rule["max_age"] * state.rng.uniform(1.001, 3)
    changes: dict[str, Row] = {
        "missing": {},
        "behind a newer one": {},
        **{status: {"status": status} for status in ("insufficient_data", "not_applicable", "error")},
        "without an interval": {"low": None, "high": None},
        "without a low bound": {"low": None},
        "without a high bound": {"high": None},
        "short of the limit": short(threshold, state.rng),
        "stale": {"measured_at": stale},
        "weak": {"assurance": weaker(measure.rule["assurance"])},
        "without a group": {"excluded": ["left out"]},
        "of other files": {"root_digest": "0" * 64},
        "of another slice": {"slice": "elsewhere"},
    }
    name = some(state, [*changes, "short of the limit"])
    state.measured.append(name)
    if name == "missing":
        state.rows.drop("measurement", measurement)
    elif name == "behind a newer one":
        again = Measure(rule=measure.rule, run=a_run(state, measure.rule, assurance=measure.run["assurance"]))
        a_measurement(state, again, threshold, **short(threshold, state.rng))
    else:
        measurement |= changes[name]
        if measurement.get("low") is not None and measurement.get("high") is not None:
            measurement["low"], measurement["high"] = sorted((measurement["low"], measurement["high"]))


def limits(state: State) -> list[tuple[Measure, Row, Row]]:
    return [(measure, *pair) for measure in state.measures for pair in measure.limits]


def spoiled_document(state: State) -> None:
    rule, revisions = some(state, state.documents)
    revision: Row = some(state, revisions)
    too_few = (rule["min_percent"] * revision["applicable"] - 1) // 100
    change = some(
        state,
        [
            "missing",
            "newer",
            {"answered": too_few},
            {"answered": 0, "applicable": 0},
            {"unknown": ["s.a"]},
            "just short",
            "about nothing",
        ],
    )
    if change == "missing":
        state.rows.drop("document_revision", revision)
    elif change == "newer":
        a_revision(state, revision["document_id"], 2, answered=0, applicable=5, unknown=[])
    elif change == "just short":
        rule["min_percent"] = 67
        revision |= {"answered": 2, "applicable": 3}
    elif change == "about nothing":
        state.rows.drop("document_revision", revision)
        for pinned in [*state.rows.by_table.get("lineage_edge", ())]:
            state.rows.drop("lineage_edge", pinned)
    else:
        revision |= change


def no_assessment(state: State) -> None:
    state.stage_rule["block_from"] = state.stage_rule["block_from"] or "high"
    state.assessment["stage"] = some(state, [stage for stage in STAGES if stage != state.from_stage])


def a_risk(state: State, **changes: Any) -> Row:
    plain = {
        "assessment_id": state.assessment["id"],
        "version_id": state.id,
        "issue": "It may go wrong",
        "severity": 3,
        "aspect": "fairness",
        "likelihood": 3,
        "priority": "low",
        "treatment": "reduce",
        "is_resolved": False,
        "owner_id": rule_writer(state),
        "recorded_by_id": rule_writer(state),
        "updated_by_id": rule_writer(state),
    }
    return state.rows.add("risk", **(plain | changes))


def open_risk(state: State) -> None:
    block_from = state.stage_rule["block_from"] or some(state, list(RANK))
    state.stage_rule["block_from"] = block_from
    a_risk(state, priority=some(state, list(RANK[RANK.index(block_from) :])))


def untreated_risk(state: State) -> None:
    state.stage_rule["block_from"] = some(state, ["high", "critical"])
    lacking = some(state, [{"treatment": ""}, {"owner_id": None}, {"treatment": "", "owner_id": None}])
    a_risk(state, priority=some(state, ["low", "medium"]), **lacking)


def spoiled_signature(state: State) -> None:
    """A signature is missing or doesn't count, for one of the reasons there are."""
    seat = some(state, [seat for seat in state.seats if seat.signatures])
    signature: Row = some(state, seat.signatures)
    person = next(p for p in state.people if p["id"] == signature["signed_by_id"])
    rows, rng = state.rows, state.rng
    expertise = seat.rule["expertise"]

    def never_sign() -> None:
        seat.signatures.remove(signature)
        rows.drop("sign_off", signature)

    def withdraw() -> None:
        rows.once(
            "sign_off_withdrawal",
            sign_off_id=signature["id"],
            version_id=state.id,
            reason="no",
            withdrawn_by_id=person["id"],
        )

    some(
        state,
        [
            never_sign,
            lambda: signature.update(evidence_rev=signature["evidence_rev"] + rng.choice([-1, 1])),
            lambda: signature.update(to_stage="retired" if state.to_stage != "retired" else "data"),
            lambda: signature.update(meaning="request_changes"),
            lambda: signature.update(expertise="legal" if expertise != "legal" else "domain"),
            lambda: a_signature(state, person, expertise, meaning="request_changes"),
            lambda: a_signature(state, person, "legal" if expertise != "legal" else "domain"),
            withdraw,
            lambda: rows.drop("reviewer_expertise", state.skills[person["id"], expertise]),
            lambda: state.skills[person["id"], expertise].update(ended_at=NOW),
            lambda: state.skills[person["id"], expertise].update(expertise="a craft"),
            lambda: state.skills[person["id"], expertise].update(team_id=another_team(state)),
            lambda: state.memberships[person["id"]].update(team_id=another_team(state)),
            lambda: state.memberships[person["id"]].update(ended_at=NOW),
            lambda: state.memberships[person["id"]].update(role="contributor"),
            lambda: person.update(is_active=False),
            lambda: person.update(is_service=True),
            lambda: rows.once("authorship", version_id=state.id, person_id=person["id"], why="rated a risk"),
        ],
    )()


def another_team(state: State) -> int:
    team: int = state.rows.add("team", slug=f"o{state.rows.last_id}", name="Others")["id"]
    return team


def something_harmless(state: State) -> None:
    """Nothing that a gate may mind: other specifications, older values, what is resolved or carried on."""
    choice = state.rng.randint(0, 4)
    if choice == 0 and limits(state):
        measure, threshold, measurement = some(state, limits(state))
        older = Measure(rule=measure.rule, run=a_run(state, measure.rule, requested_at=NOW - timedelta(days=2000)))
        bad = a_measurement(state, older, threshold, **short(threshold, state.rng))
        bad["id"], measurement["id"] = min(bad["id"], measurement["id"]), max(bad["id"], measurement["id"])
        bad["low"], bad["high"] = sorted((bad["low"], bad["high"]))
    elif choice == 1:
        a_risk(state, is_resolved=True, resolution="done", priority="critical", treatment="")
    elif choice == 2:
        old = a_risk(state, priority="critical", treatment="")
        a_risk(state, carried_from_id=old["id"], is_resolved=True, resolution="done", priority="critical")
    elif choice == 3 and state.seats:
        a_signature(state, state.people[0], state.seats[0].rule["expertise"])
    elif choice == 4 and state.measures:
        a_run(state, some(state, state.measures).rule, state="cancelled", finished_at=None, requested_at=NOW)


KINDS: dict[str, tuple[Fault, Callable[[State], bool]]] = {
    "edge": (no_edge, lambda state: True),
    "policy": (no_policy, lambda state: state.is_guarded),
    "artifact": (no_artifact, lambda state: state.is_guarded),
    "standing": (bad_standing, lambda state: state.to_stage != "retired"),
    "evaluation": (spoiled_run, lambda state: bool(state.measures)),
    "threshold": (spoiled_measurement, lambda state: bool(limits(state))),
    "document": (spoiled_document, lambda state: bool(state.documents)),
    "assessment": (no_assessment, lambda state: True),
    "risk": (open_risk, lambda state: True),
    "treatment": (untreated_risk, lambda state: True),
    "sign_off": (spoiled_signature, lambda state: any(seat.signatures for seat in state.seats)),
}
WEIGHTS = {"edge": 2, "policy": 5, "artifact": 5, "threshold": 8, "evaluation": 3, "document": 2, "sign_off": 3}
HOW_MANY = (0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3)


def spoil(state: State) -> None:
    """Add harmless things and nought to three faults."""
    rng = state.rng
    if rng.random() < 0.5:
        something_harmless(state)
    for _ in range(rng.choice(HOW_MANY)):
        possible = [kind for kind, (_, applies) in KINDS.items() if applies(state)]
        kind = rng.choices(possible, [WEIGHTS.get(kind, 1) for kind in possible])[0]
        KINDS[kind][0](state)
        state.faults.append(kind)
