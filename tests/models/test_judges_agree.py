"""The Python gate and the database's judge answer with the same requirements, in every state either can be asked about.

States are put into the tables by hand. Each is judged by both, then the move is really tried as the application.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction

from registry.gates.values import WAIVABLE_KINDS
from registry.management.embedded.postgres import SUPERUSER
from registry.models import ModelVersion, Transition, User
from registry.services import verdicts
from tests.databases import clone, django_connected, worker_name
from tests.models.beside import stand_beside
from tests.models.faults import KINDS, spoil
from tests.models.rows import Rows, triggers_off
from tests.models.states import EDGES, GUARDED, RENEWAL, State, a_state
from tests.models.waivers import waive

SEED = 20_261
STATES = 1_400
GUARDED_SHARE = 0.4
OWNER = "-c search_path=assay,pg_temp"


@dataclass(frozen=True)
class Judged:
    """What became of one state: what each judge said, and what the database did."""

    state: State
    by_sql: frozenset[tuple[str, str, datetime | None]]
    by_python: frozenset[tuple[str, str, datetime | None]]
    limits: Counter[str]
    refused_for: frozenset[str] | None

    @property
    def unmet(self) -> frozenset[str]:
        return frozenset(name for name, _, until in self.by_sql if until is None)

    @property
    def edge(self) -> tuple[str, str]:
        return self.state.from_stage, self.state.to_stage


@pytest.fixture(scope="module")
def judged(cluster: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Judged]]:
    """Every state, judged and tried, once for this module."""
    with (
        clone(cluster, f"assay_judges_{worker_name()}") as access,
        django_db_blocker.unblock(),
        psycopg.connect(access.url(SUPERUSER), autocommit=True, options=OWNER) as superuser,
    ):
        states = list(drawn())
        insert(superuser, states)
        for state in states:
            waive(state, said_by_sql(superuser, state))
        insert(superuser, states)
        with django_connected(access):
            yield [judge(superuser, state) for state in states]


def drawn() -> Iterator[State]:
    rows = Rows()
    for number in range(STATES):
        rng, rows = random.Random(f"{SEED}/{number}"), Rows(after=rows.last_id + 1000)
        edge = rng.choice([GUARDED, RENEWAL]) if rng.random() < GUARDED_SHARE else rng.choice(EDGES)
        state = a_state(rng, rows, edge=edge)
        spoil(state)
        stand_beside(state)
        yield state


def insert(superuser: psycopg.Connection[Any], states: list[State]) -> None:
    together = Rows()
    for state in states:
        together.take(state.rows)
    with triggers_off(superuser):
        together.insert(superuser)


def said_by_sql(superuser: psycopg.Connection[Any], state: State) -> list[tuple[str, str, Any]]:
    return superuser.execute("select * from unmet(%s, %s)", [state.id, state.to_stage]).fetchall()


def judge(superuser: psycopg.Connection[Any], state: State) -> Judged:
    by_sql = frozenset(said_by_sql(superuser, state))
    reviewed = verdicts.review(ModelVersion(pk=state.id), to_stage=state.to_stage)
    barring = [item for item in reviewed.decision.requirements if item.outcome != "passed"]
    by_python = frozenset((item.id, item.found, item.waived_until) for item in barring)
    limits = Counter(item.outcome.value for item in reviewed.decision.requirements if item.kind == "threshold")
    refused_for = move(reviewed, state)
    return Judged(state=state, by_sql=by_sql, by_python=by_python, limits=limits, refused_for=refused_for)


def move(reviewed: verdicts.Review, state: State) -> frozenset[str] | None:
    """Really insert the move, as the application: None when it is let in, else the ids that the refusal names."""
    try:
        with transaction.atomic():
            Transition.objects.create(
                version=reviewed.version,
                to_stage=state.to_stage,
                moved_by=User(pk=state.people[0]["id"]),
                verdict=verdicts.store(reviewed),
            )
    except IntegrityError as error:
        return named(error.__cause__)
    return None


def named(refusal: BaseException | None) -> frozenset[str]:
    """The requirements that the judge's refusal carries; any other error stands for itself."""
    detail = refusal.diag.message_detail if isinstance(refusal, psycopg.errors.CheckViolation) else None
    return frozenset(json.loads(detail)) if detail else frozenset({str(refusal)})


def kind(requirement: str) -> str:
    return requirement.partition(":")[0]


def test_both_judges_name_the_same_requirements_findings_and_waivers(judged: list[Judged]) -> None:
    assert len(judged) >= 500
    apart = [
        (one.edge, one.state.faults, sorted(one.by_sql ^ one.by_python))
        for one in judged
        if one.by_sql != one.by_python
    ]
    assert apart == []


def test_a_move_is_let_in_exactly_when_nothing_is_unmet(judged: list[Judged]) -> None:
    wrong = [
        (one.edge, one.state.faults, sorted(one.unmet), one.refused_for)
        for one in judged
        if (one.refused_for or frozenset()) != one.unmet
    ]
    assert wrong == []


def test_a_move_changes_the_stage_and_a_refusal_does_not(judged: list[Judged]) -> None:
    stages = dict(ModelVersion.objects.values_list("pk", "stage"))
    expected = {one.state.id: one.state.from_stage if one.refused_for else one.state.to_stage for one in judged}
    assert {pk: stages[pk] for pk in expected} == expected


def test_every_edge_was_opened_and_refused_often(judged: list[Judged]) -> None:
    opened = Counter(one.edge for one in judged if not one.refused_for)
    refused = Counter((one.state.from_stage, one.edge[1]) for one in judged if one.refused_for)
    for edge in (GUARDED, RENEWAL):
        assert opened[edge] >= 50, opened
        assert refused[edge] >= 50, refused
    for edge in EDGES:
        assert opened[edge] >= 20, (edge, opened)
        assert refused[edge] >= 20, (edge, refused)
    assert set(opened) == set(EDGES)


def test_a_renewal_brings_back_what_was_suspended(judged: list[Judged]) -> None:
    standings = dict(ModelVersion.objects.values_list("pk", "standing"))
    renewed = [one for one in judged if one.edge == RENEWAL and not one.refused_for]
    assert Counter(one.state.version["standing"] for one in renewed)["suspended"] >= 20
    assert {standings[one.state.id] for one in renewed} == {"good"}
    kept = [one for one in judged if one.edge == RENEWAL and one.refused_for]
    assert [one for one in kept if standings[one.state.id] != one.state.version["standing"]] == []


def test_every_kind_of_requirement_was_the_only_reason_often(judged: list[Judged]) -> None:
    sole = Counter(kind(one.by_sql and next(iter(one.unmet))) for one in judged if len(one.unmet) == 1)
    assert {name: sole[name] for name in KINDS if sole[name] < 15} == {}, sole


def test_every_state_of_a_measurement_was_judged(judged: list[Judged]) -> None:
    seen = Counter(name for one in judged for name in one.state.measured)
    assert len(seen) == 14, seen
    assert min(seen.values()) >= 3, seen
    judgements = sum((one.limits for one in judged), Counter())
    assert set(judgements) == {"passed", "failed", "undecided"}
    assert min(judgements.values()) >= 15, judgements


def test_waivers_opened_the_gate_for_each_kind_that_can_be_waived_and_for_no_other(judged: list[Judged]) -> None:
    let_in = Counter(kind(name) for one in judged if not one.refused_for for name, _, until in one.by_sql if until)
    assert set(let_in) == WAIVABLE_KINDS, let_in
    waived = {kind(name) for one in judged for name, _, until in one.by_sql if until}
    assert waived == WAIVABLE_KINDS
    kinds = Counter(Transition.objects.values_list("kind", flat=True))
    assert kinds["waived"] == sum(1 for one in judged if not one.refused_for and one.by_sql)
    assert kinds["ordinary"] > 100
