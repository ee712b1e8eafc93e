"""Random states of one version under one policy: everything met, and then some of it spoiled.

A state that is drawn blindly opens no gate. So each begins at any stage with everything that its policy asks, some
harmless things beside it, and up to three faults, each of a kind that is named for the requirement it should bar.
"""

import hashlib
import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.models.intervals import passing
from tests.models.rows import Row, Rows

GUARDED = ("training", "inference")
RENEWAL = ("inference", "inference")
EDGES = [
    ("scoping", "data"),
    ("data", "preprocessing"),
    ("preprocessing", "training"),
    GUARDED,
    RENEWAL,
    *((stage, "retired") for stage in ("scoping", "data", "preprocessing", "training", "inference")),
]
STAGES = ("scoping", "data", "preprocessing", "training", "inference", "retired")
ASPECTS = ("fairness", "privacy", "robustness")
EXPERTISES = ("fairness", "security", "domain", "privacy", "legal")
NOW = datetime.now(UTC)


@dataclass
class Measure:
    """A rule that asks for a run, the run, and its thresholds with their measurements."""

    rule: Row
    run: Row
    limits: list[tuple[Row, Row]] = field(default_factory=list)


@dataclass
class Seat:
    """A rule that asks for signatures, and those that were given."""

    rule: Row
    signatures: list[Row] = field(default_factory=list)


@dataclass
class State:
    """One version, what its policy asks, and what there is. Rows stay changeable until they are inserted."""

    rng: random.Random
    rows: Rows
    from_stage: str
    to_stage: str
    team: Row
    project: Row
    people: list[Row]
    reviewers: list[Row]
    version: Row
    revision: Row
    activation: Row
    stage_rule: Row
    assessment: Row
    measures: list[Measure]
    documents: list[tuple[Row, list[Row]]]
    seats: list[Seat]
    memberships: dict[int, Row]
    skills: dict[tuple[int, str], Row] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)

    @property
    def is_guarded(self) -> bool:
        return (self.from_stage, self.to_stage) in {GUARDED, RENEWAL}

    @property
    def id(self) -> uuid.UUID:
        return self.version["id"]


def sha(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def a_state(rng: random.Random, rows: Rows, *, edge: tuple[str, str]) -> State:
    """Everything that a random policy asks for this edge, met."""
    from_stage, to_stage = edge
    team = rows.add("team", slug=f"t{rows.last_id}", name="Team")
    people = [_person(rows) for _ in range(6)]
    reviewers = people[1:]
    memberships = {
        person["id"]: rows.add(
            "membership", team_id=team["id"], person_id=person["id"], role="reviewer", granted_by_id=people[0]["id"]
        )
        for person in reviewers
    }
    writer = people[0]["id"]
    project = rows.with_uuid("project", team_id=team["id"], slug="p", name="P", created_by_id=writer)
    model = rows.with_uuid(
        "registered_model", team_id=team["id"], project_id=project["id"], slug="m", created_by_id=writer
    )
    digest = sha("artifact", rows.last_id)
    artifact = rows.with_uuid(
        "artifact", team_id=team["id"], root_digest=digest, manifest_digest=digest, is_held=True, created_by_id=writer
    )
    version = rows.with_uuid(
        "model_version",
        model_id=model["id"],
        team_id=team["id"],
        label="1",
        artifact_id=artifact["id"],
        registered_by_id=writer,
        root_digest=digest,
        stage=from_stage,
        evidence_rev=rng.randint(0, 9),
        standing=rng.choice(["good", "suspended"]) if edge == RENEWAL else "good",
    )
    rows.add("authorship", version_id=version["id"], person_id=writer, why="registered it")
    policy = rows.with_uuid("policy", team_id=team["id"], slug="p", created_by_id=writer)
    revision = rows.with_uuid(
        "policy_revision",
        policy_id=policy["id"],
        number=1,
        written_by_id=writer,
        digest=sha("policy", rows.last_id),
        max_waiver_hours=72,
    )
    activation = rows.add(
        "policy_activation", project_id=project["id"], revision_id=revision["id"], activated_by_id=writer
    )
    block_from = rng.choice(["", "low", "medium", "high", "critical"])
    stage_rule = rows.add(
        "stage_rule",
        revision_id=revision["id"],
        to_stage=to_stage,
        block_from=block_from,
        validity=timedelta(days=rng.randint(1, 365)),
    )
    assessment = rows.add("risk_assessment", version_id=version["id"], stage=from_stage, opened_by_id=writer)
    state = State(
        rng=rng,
        rows=rows,
        from_stage=from_stage,
        to_stage=to_stage,
        team=team,
        project=project,
        people=people,
        reviewers=reviewers,
        version=version,
        revision=revision,
        activation=activation,
        stage_rule=stage_rule,
        assessment=assessment,
        measures=[],
        documents=[],
        seats=[],
        memberships=memberships,
    )
    _needs(state)
    for index in range(rng.choice([0, 1, 1, 2])):
        state.measures.append(_measure(state, index))
    for kind in rng.sample(["model_card", "datasheet"], rng.choice([0, 1, 1, 2])):
        _document_rule(state, kind)
    least = 1 if state.is_guarded else 0
    for expertise in rng.sample(EXPERTISES, rng.randint(least, 2)):
        state.seats.append(_seat(state, expertise))
    return state


def _person(rows: Rows) -> Row:
    return rows.add(
        "person",
        username=f"u{rows.last_id}",
        is_active=True,
        is_service=False,
        is_superuser=False,
        first_name="Sam",
        last_name="Doe",
        date_joined=NOW,
    )


def _needs(state: State) -> None:
    for aspect in state.rng.sample(ASPECTS, 2):
        for _ in range(state.rng.randint(1, 2)):
            state.rows.add(
                "trust_need",
                project_id=state.project["id"],
                aspect=aspect,
                level=state.rng.choice(["high", "medium", "low"]),
                set_by_id=state.people[0]["id"],
            )


def _measure(state: State, index: int) -> Measure:
    rng, rows = state.rng, state.rows
    spec = sha("spec", state.revision["id"], index)
    asked = rng.choice(["self-reported", "platform-run", "platform-run", "reproduced"])
    had = rng.choice(["self-reported", "platform-run", "reproduced"])
    had = max(asked, had, key=("self-reported", "platform-run", "reproduced").index)
    rule = rows.add(
        "required_evaluation",
        revision_id=state.revision["id"],
        to_stage=state.to_stage,
        level=0.95,
        evaluator="fairness.group",
        evaluator_version="1",
        spec_digest=spec,
        assurance=asked,
        max_age=timedelta(days=rng.randint(1, 90)),
    )
    run = a_run(state, rule, assurance=had)
    measure = Measure(rule=rule, run=run)
    for number in range(rng.choice([0, 1, 1, 1, 2, 2])):
        measure.limits.append(_limit(state, measure, f"fairness.metric_{number}"))
    return measure


def a_run(of: State, rule: Row, /, **changes: Any) -> Row:
    """A finished run of what a rule prescribes."""
    at = NOW - rule["max_age"] * of.rng.uniform(0.01, 0.9)
    plain = {
        "version_id": of.id,
        "spec_digest": rule["spec_digest"],
        "root_digest": of.version["root_digest"],
        "state": "done",
        "assurance": "platform-run",
        "attempt": 1,
        "max_attempts": 3,
        "finished_at": at,
        "requested_at": at,
        "level": 0.95,
        "requested_by_id": of.people[0]["id"],
        "key": uuid.uuid4().hex,
    }
    return of.rows.with_uuid("evaluation", **(plain | changes))


def _limit(state: State, measure: Measure, metric: str) -> tuple[Row, Row]:
    rng = state.rng
    direction = rng.choice(["at_least", "at_most", "within"])
    limit, tolerance = round(rng.uniform(0, 1), 3), round(rng.uniform(0.05, 0.3), 3)
    allowed = rng.choice([[], ["other"], ["other", "unknown"]])
    threshold = state.rows.add(
        "threshold",
        evaluation_id=measure.rule["id"],
        metric=metric,
        slice=rng.choice(["overall", "worst"]),
        direction=direction,
        limit=limit,
        tolerance=tolerance,
        aspect=rng.choice(ASPECTS),
        source="a reason",
        need_level=rng.choice(["any", "any", "high", "medium", "low"]),
        excluded_allowed=allowed,
    )
    low, high = passing(threshold, rng)
    return threshold, a_measurement(
        state, measure, threshold, low=low, high=high, excluded=allowed[: rng.randint(0, 2)]
    )


def a_measurement(state: State, measure: Measure, threshold: Row, **changes: Any) -> Row:
    """A measurement of what a threshold asks for, by the run of its rule."""
    run = measure.run
    plain = {
        "evaluation_id": run["id"],
        "version_id": state.id,
        "attempt": 1,
        "spec_digest": measure.rule["spec_digest"],
        "root_digest": state.version["root_digest"],
        "assurance": run["assurance"],
        "metric": threshold["metric"],
        "slice": threshold["slice"],
        "status": "ok",
        "level": 0.95,
        "measured_at": run["finished_at"],
        "n": 1000,
        "low": 0.0,
        "high": 0.0,
        "excluded": [],
    }
    return state.rows.add("measurement", **(plain | changes))


def _document_rule(state: State, kind: str) -> None:
    rng, rows = state.rng, state.rows
    rule = rows.add(
        "required_document",
        revision_id=state.revision["id"],
        to_stage=state.to_stage,
        kind=kind,
        min_percent=rng.randint(1, 100),
        must_know=rng.choice([[], ["s.a"], ["s.a", "s.b"]]),
    )
    about: list[Row] = []
    if kind == "model_card":
        about = [{"model_version_id": state.id}]
    for number in range(rng.randint(1, 2) if kind == "datasheet" else 0):
        dataset = rows.with_uuid(
            "dataset", team_id=state.team["id"], slug=f"d{number}", created_by_id=rule_writer(state)
        )
        data = rows.with_uuid(
            "dataset_version", dataset_id=dataset["id"], label="1", registered_by_id=rule_writer(state)
        )
        for relation in rng.choice([["trained_on"], ["trained_on", "evaluated_on"]]):
            rows.add(
                "lineage_edge",
                relation=relation,
                child_model_id=state.id,
                parent_dataset_id=data["id"],
                recorded_by_id=rule_writer(state),
            )
        about.append({"dataset_version_id": data["id"]})
    revisions = [_written(state, kind, rule, subject) for subject in about]
    state.documents.append((rule, revisions))


def rule_writer(state: State) -> int:
    return state.people[0]["id"]


def _written(state: State, kind: str, rule: Row, subject: Row) -> Row:
    document = state.rows.with_uuid("document", kind=kind, **subject)
    applicable = state.rng.randint(1, 20)
    answered = -(-rule["min_percent"] * applicable // 100)
    return a_revision(
        state, document["id"], 1, answered=answered, applicable=applicable, unknown=state.rng.choice([[], ["s.c"]])
    )


def a_revision(state: State, document: uuid.UUID, number: int, **changes: Any) -> Row:
    return state.rows.add(
        "document_revision",
        document_id=document,
        number=number,
        schema_id="x",
        digest=sha(number),
        written_by_id=rule_writer(state),
        **changes,
    )


def _seat(state: State, expertise: str) -> Seat:
    rule = state.rows.add(
        "sign_off_rule",
        revision_id=state.revision["id"],
        to_stage=state.to_stage,
        expertise=expertise,
        people=state.rng.choice([1, 1, 2]),
    )
    seat = Seat(rule=rule)
    taken = {signature["signed_by_id"] for other in state.seats for signature in other.signatures}
    free = [person for person in state.reviewers if person["id"] not in taken]
    for person in state.rng.sample(free, rule["people"]):
        seat.signatures.append(a_signature(state, person, expertise))
    return seat


def a_signature(state: State, person: Row, expertise: str, **changes: Any) -> Row:
    """A reviewer with that expertise signs this evidence."""
    rows = state.rows
    if (person["id"], expertise) not in state.skills:
        state.skills[person["id"], expertise] = rows.add(
            "reviewer_expertise",
            team_id=state.team["id"],
            person_id=person["id"],
            expertise=expertise,
            granted_by_id=state.reviewers[-1]["id"] if person is state.people[0] else rule_writer(state),
        )
    snapshot = rows.add(
        "evidence_snapshot",
        version_id=state.id,
        to_stage=state.to_stage,
        body=(body := json.dumps({"taken": uuid.uuid4().hex})),
        evidence_rev=state.version["evidence_rev"],
        digest=hashlib.sha256(body.encode()).hexdigest(),
    )
    proof = rows.add("reauthentication", person_id=person["id"], method="password", nonce=uuid.uuid4().hex)
    plain = {
        "version_id": state.id,
        "to_stage": state.to_stage,
        "signed_by_id": person["id"],
        "signed_name": "Sam Doe",
        "expertise": expertise,
        "meaning": "approve",
        "evidence_rev": state.version["evidence_rev"],
        "snapshot_id": snapshot["id"],
        "reauthentication_id": proof["id"],
        "seq": rows.next_id(),
    }
    return rows.with_uuid("sign_off", **(plain | changes))
