"""Waivers for what the judges find unmet: most hold, each of the others lacks one thing that a waiver needs."""

from datetime import timedelta
from typing import Any

from tests.models.beside import another_version
from tests.models.rows import Row
from tests.models.states import NOW, State

IN_TIME, SOONER, OVER = (NOW + timedelta(hours=hours) for hours in (20, 10, -1))


def waive(state: State, unmet: list[tuple[str, str, Any]]) -> None:
    """Waivers for some findings: some for another finding, requirement, stage or version, over, or short of grants."""
    rng = state.rng
    if rng.random() < 0.6:
        return
    for requirement, found, _ in unmet:
        elsewhere = "retired" if state.to_stage != "retired" else "data"
        changes: dict[str, Any] = rng.choice(
            [
                *[{}] * 6,
                {"expires_at": OVER},
                {"found": found + "1"},
                {"to_stage": elsewhere},
                {"requirement": requirement.partition(":")[0] + ":0"},
                {"version_id": another_version(state)["id"]},
            ]
        )
        asker = rng.choice([state.people[0], rng.choice(state.people)])
        granters = rng.sample(state.people, rng.choice([1, 2, 3, 4]))
        plain = {"requirement": requirement, "found": found, "requested_by_id": asker["id"]}
        for expires_at in rng.choice([[IN_TIME], [IN_TIME, SOONER], [SOONER, IN_TIME]]):
            waiver = a_waiver(state, **(plain | {"expires_at": expires_at} | changes))
            version = another_version(state)["id"] if rng.random() < 0.1 else state.id
            for person in granters:
                a_grant(state, waiver, person, version_id=version)


def a_waiver(state: State, **columns: Any) -> Row:
    return state.rows.with_uuid(
        "waiver", **({"version_id": state.id, "to_stage": state.to_stage, "reason": "x"} | columns)
    )


def a_grant(state: State, waiver: Row, person: Row, **columns: Any) -> Row:
    proof = state.rows.add("reauthentication", person_id=person["id"], nonce=f"w{state.rows.last_id}")
    return state.rows.add(
        "waiver_grant",
        waiver_id=waiver["id"],
        granted_by_id=person["id"],
        reauthentication_id=proof["id"],
        **columns,
    )
