"""What judges a mutant of the database's judge: states by the hundred, single clauses, and statements of every login.

They are the checks of tests/models, run in one process over databases whose functions are replaced and put back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import transaction

from registry.management.embedded.postgres import SUPERUSER
from registry.management.embedded.roles import Access
from registry.models import ModelVersion, Transition
from tests.models.attack import Attempt, Kept, Target, kept, refused
from tests.models.clauses import CASES, TRUE, Case
from tests.models.rows import triggers_off
from tests.models.scene import Scene, by_database
from tests.models.test_bypass_bindings import ATTEMPTS as AGAINST_BINDINGS
from tests.models.test_bypass_evidence import ATTEMPTS as AGAINST_EVIDENCE
from tests.models.test_bypass_people import ATTEMPTS as AGAINST_PEOPLE
from tests.models.test_bypass_policies import ATTEMPTS as AGAINST_POLICIES
from tests.models.test_bypass_records import ATTEMPTS as AGAINST_RECORDS
from tests.models.test_bypass_stages import ATTEMPTS as AGAINST_STAGES
from tests.models.test_judges_agree import OWNER, drawn, insert, said_by_sql
from tests.models.test_kept import CASES as WRITTEN
from tests.models.test_lapses import CASES as IN_TIME
from tests.models.test_mcdc import play
from tests.models.waivers import waive

BATCH = 100
KEPT = (*WRITTEN, *IN_TIME)
ATTEMPTS = (*AGAINST_BINDINGS, *AGAINST_PEOPLE, *AGAINST_STAGES, *AGAINST_RECORDS, *AGAINST_EVIDENCE, *AGAINST_POLICIES)
SAID = """select coalesce(array_agg(u.requirement || '=' || u.found || coalesce(u.waived_until::text, '')
                 order by u.requirement, u.found), '{}')
            from unnest(%s::uuid[], %s::text[]) with ordinality a(id, to_stage, place)
            left join lateral unmet(a.id, a.to_stage) u on true group by place order by place"""
# What a check says of a judge that answers wrongly: an assertion, a statement that was not refused, an error.
KILLS = (AssertionError, psycopg.Error, pytest.fail.Exception)


@dataclass
class States:
    """Versions in every state, and what the judge says of each, which the Python gate says too."""

    superuser: psycopg.Connection[Any]
    asked: list[tuple[Any, str]]
    said: list[Any]

    @classmethod
    def drawn(cls, access: Access) -> "States":
        superuser = psycopg.connect(access.url(SUPERUSER), autocommit=True, options=OWNER)
        states = list(drawn())
        insert(superuser, states)
        for state in states:
            waive(state, said_by_sql(superuser, state))
        insert(superuser, states)
        made = cls(superuser=superuser, asked=[(state.id, state.to_stage) for state in states], said=[])
        made.said = [said for batch in made._batches() for said in made._answers(batch)]
        return made

    def _batches(self) -> Iterator[list[tuple[Any, str]]]:
        yield from (self.asked[at : at + BATCH] for at in range(0, len(self.asked), BATCH))

    def _answers(self, batch: list[tuple[Any, str]]) -> list[Any]:
        ids, stages = [pk for pk, _ in batch], [stage for _, stage in batch]
        return [row[0] for row in self.superuser.execute(SAID, [ids, stages]).fetchall()]

    def judge(self) -> None:
        """The same is said of every state as by the judge that was not changed."""
        for number, batch in enumerate(self._batches()):
            assert self._answers(batch) == self.said[number * BATCH : (number + 1) * BATCH]


def judge_clauses(staged: Scene) -> None:
    """Each clause bars alone, as in test_mcdc; only the database is asked."""
    for case in (*TRUE, *CASES):
        with transaction.atomic():
            _judge_clause(case, staged)
            transaction.set_rollback(True)


def _judge_clause(case: Case, staged: Scene) -> None:
    version = ModelVersion.objects.get(pk=staged.version.pk)
    version = play(case, Scene(cast=staged.cast, version=version, data=staged.data, project=staged.project))
    unmet = by_database(version)
    assert {name.partition(":")[0] for name in unmet} == ({case.bars} - {""})
    assert len(unmet) <= 1
    if not unmet:
        kind = "waived" if "waived" in case.name else "ordinary"
        assert Transition.objects.filter(version=version).latest("at").kind == kind


def judge_kept(target: Target, cases: tuple[Kept, ...] = KEPT) -> None:
    """What the database writes itself is as it says. The proofs are as fresh as at first."""
    renew_proofs(target)
    for case in cases:
        kept(target, case)


def judge_attempts(target: Target, attempts: tuple[Attempt, ...] = ATTEMPTS) -> None:
    """Each statement is refused with its code, and its legitimate twin is not. The proofs are as fresh as at first."""
    renew_proofs(target)
    for attempt in attempts:
        refused(target, attempt)


def renew_proofs(target: Target) -> None:
    with psycopg.connect(target.access.url(SUPERUSER), options=OWNER) as superuser, triggers_off(superuser):
        superuser.execute("update reauthentication set at = clock_timestamp()")


@contextmanager
def replaced(url: str, statement: str, function: str) -> Iterator[bool]:
    """Within, the database has the changed function; False for a text that is no function at all."""
    with psycopg.connect(url, autocommit=True, options=OWNER) as superuser:
        found = superuser.execute("select pg_get_functiondef(%s::regproc)", [function]).fetchone()
        assert found is not None
        try:
            superuser.execute(statement)
        except psycopg.Error:
            yield False
            return
        try:
            yield True
        finally:
            superuser.execute(found[0])
