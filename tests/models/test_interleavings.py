"""Evidence and a move at the same time: whichever comes first, at any isolation level, nothing unfounded gets through.

Each interleaving has two connections of the application and a database of its own. Both look at the version before
either writes, so that the higher isolation levels judge by an old snapshot if the tables let them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg import IsolationLevel

from registry.management.embedded.postgres import SUPERUSER, Postgres
from registry.management.embedded.roles import Access, clone_database, drop_database
from registry.management.invariants.ledger import broken_moves
from registry.management.invariants.oracle import unfounded_moves
from registry.models import ModelVersion, RiskAssessment, SignOff, User, Verdict
from registry.models.gate_inputs import active_revision
from registry.services import risks, verdicts
from tests import make
from tests.databases import clone, django_connected, worker_name
from tests.models.statements import ACTIVATE, MOVED
from tests.people import gather

RISK = """insert into risk (assessment_id, version_id, issue, aspect, likelihood, severity, priority, treatment,
            owner_id, step_taken, is_resolved, resolution, recorded_by_id, updated_by_id)
          values (%(assessment)s, %(signed)s, 'x', 'fairness', 3, 3, """
EVIDENCE = {
    "a high risk opens": RISK + "'high', 'reduce', %(ada)s, '', false, '', %(ada)s, %(ada)s)",
    "a signer becomes an author": RISK + "'low', 'reduce', %(ada)s, '', false, '', %(grace)s, %(grace)s)",
    "a signature is withdrawn": """insert into sign_off_withdrawal (sign_off_id, version_id, withdrawn_by_id, reason)
                                   values (%(sign_off)s, %(signed)s, %(grace)s, 'x')""",
    "a signer's role ends": """update membership set ended_at = now() - interval '1 hour'
                                where person_id = %(grace)s and role = 'reviewer'""",
    "a signer's expertise ends": """update reviewer_expertise set ended_at = now() - interval '1 hour'
                                     where person_id = %(grace)s""",
    "a worse measurement arrives": """
        with run as (insert into evaluation (id, version_id, evaluator, evaluator_version, parameters, level,
            spec_digest, subject, key, queue, assurance, requested_by_id, state, attempt, max_attempts, publications,
            worker, progress, progress_note, failure, environment)
          values (gen_random_uuid(), %(signed)s, 'fairness.group', '1', '{}', 0.95, %(spec)s, '{}', 'k', 'cpu',
            'self-reported', %(ada)s, 'done', 0, 3, 0, '', 1, '', '', '{}') returning id)
        select count(*) from run""",
    "the card is written again": """
        insert into document_revision (document_id, number, schema_id, answers, answered, applicable, unknown,
            digest, written_by_id)
          select id, 9, 'model_card', '{}', 0, 9, '{}', 'x', %(ada)s from document
           where model_version_id = %(signed)s""",
    "a need is raised": """
        insert into trust_need (project_id, aspect, level, reason, answers, set_by_id)
                           values (%(project)s, 'privacy', 'high', 'x', '{}', %(ada)s)""",
    "a policy is activated": ACTIVATE + "(%(project)s, %(revision)s, %(joan)s)",
}
LEVELS = (IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE)
REFUSALS = {"23514", "40001", "40P01"}


@dataclass(frozen=True)
class Prepared:
    """A database with a version that may move, to be copied for each interleaving."""

    cluster: Postgres
    name: str
    facts: dict[str, Any]

    @contextmanager
    def copy(self, number: int) -> Iterator[Access]:
        name = f"{self.name}_{number}"
        with psycopg.connect(self.cluster.admin_url(), autocommit=True) as admin:
            clone_database(admin, name, template=self.name)
            try:
                yield Access(host=str(self.cluster.sockets), port=5432, database=name, passwords=self.cluster.passwords)
            finally:
                drop_database(admin, name)


@pytest.fixture(scope="module")
def prepared(
    cluster: Postgres, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Prepared]:
    name = f"assay_both_{worker_name()}"
    with pytest.MonkeyPatch.context() as patch, clone(cluster, name) as access, django_db_blocker.unblock():
        patch.setattr(settings, "BLOB_ROOT", tmp_path_factory.mktemp("blobs"))
        with django_connected(access):
            cast = gather()
            version = make.signed_version(cast)
            revision = active_revision(version)
            assert revision is not None
            told = Verdict.objects.filter(version=version, outcome="passed", to_stage="inference")
            facts = {name: person.pk for name, person in cast.everybody().items()} | {
                "signed": version.pk,
                "yes": told.latest("decided_at").pk,
                "assessment": RiskAssessment.objects.get(version=version, stage="training").pk,
                "sign_off": SignOff.objects.get(version=version, signed_by=cast.grace).pk,
                "project": version.model.project_id,
                "revision": revision.pk,
                "spec": revision.required_evaluations.get().spec_digest,
            }
        yield Prepared(cluster=cluster, name=name, facts=facts)


class Side(threading.Thread):
    """One connection with one statement, which may have to wait for the other."""

    def __init__(
        self, access: Access, level: IsolationLevel, statement: str, facts: dict[str, Any], *, role: str = "assay_app"
    ) -> None:
        super().__init__(daemon=True)
        self.connection = psycopg.connect(access.url(role))
        self.connection.isolation_level = level
        self.connection.execute("select count(*), max(evidence_rev) from model_version")
        self.statement, self.facts, self.code = statement, facts, ""

    def run(self) -> None:
        try:
            self.connection.execute(self.statement, self.facts)
        except psycopg.Error as error:
            self.code = error.sqlstate or "?"

    def end(self, *, commits: bool) -> None:
        try:
            self.connection.commit() if commits and not self.code else self.connection.rollback()
        except psycopg.Error as error:
            self.code = error.sqlstate or "?"
        self.connection.close()


def play(access: Access, *, first: Side, second: Side, commits: bool) -> None:
    """The first writes, the second tries while it is open, the first ends, then the second."""
    first.run()
    second.start()
    second.join(timeout=0.05)
    first.end(commits=commits)
    second.join(timeout=10)
    assert not second.is_alive(), "they wait for one another"
    second.end(commits=True)


def standing_of(access: Access, facts: dict[str, Any]) -> str:
    with psycopg.connect(access.url(SUPERUSER)) as connection:
        row = connection.execute("select stage from assay.model_version where id = %(signed)s", facts).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("what", EVIDENCE)
def test_evidence_and_a_move_at_once(prepared: Prepared, django_db_blocker: Any, what: str) -> None:
    moved = refused = 0
    for number, (level, moves_first, commits) in enumerate(product(LEVELS, (True, False), (True, False))):
        with prepared.copy(number) as access:
            evidence = Side(access, level, EVIDENCE[what], prepared.facts)
            move = Side(access, level, MOVED, prepared.facts)
            first, second = (move, evidence) if moves_first else (evidence, move)
            play(access, first=first, second=second, commits=commits)
            stage = standing_of(access, prepared.facts)
            assert (stage == "inference") is (move.code == "" and (commits or not moves_first))
            if not moves_first and commits:
                assert move.code in REFUSALS, (what, level, move.code)
                refused += 1
            if not moves_first and not commits:
                assert move.code == "", (what, level, move.code)
            with django_db_blocker.unblock(), django_connected(access):
                assert [*broken_moves(), *unfounded_moves()] == []
            moved += stage == "inference"
    assert (moved, refused) == (6, 3)


def test_two_moves_at_once_are_one_move(prepared: Prepared) -> None:
    for number, level in enumerate(LEVELS):
        with prepared.copy(100 + number) as access:
            one, other = (Side(access, level, MOVED, prepared.facts) for _ in range(2))
            play(access, first=one, second=other, commits=True)
            assert one.code == ""
            assert other.code in REFUSALS | {"23505"}
            assert standing_of(access, prepared.facts) == "inference"


def renewable(access: Access, facts: dict[str, Any]) -> dict[str, Any]:
    """The version is in use, its approval has ended, and it is signed again: a renewal's facts."""
    with psycopg.connect(access.url("assay_app")) as connection:
        connection.execute(MOVED, facts)
    with psycopg.connect(access.url(SUPERUSER)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("alter table assay.transition disable trigger aa_no_change")
        superuser.execute("update assay.transition set expires_at = clock_timestamp() - interval '1 second'")
        superuser.execute("alter table assay.transition enable always trigger aa_no_change")
    with django_connected(access):
        version = ModelVersion.objects.get(pk=facts["signed"])
        risks.open_assessment(version, stage="inference", by=User.objects.get(pk=facts["ada"]))
        for name, expertise in (("grace", "fairness"), ("alan", "security")):
            make.signed(version, by=User.objects.get(pk=facts[name]), expertise=expertise)
        return facts | {"yes": verdicts.store(verdicts.review(version, to_stage="inference")).pk}


def test_an_approval_that_is_renewed_while_it_is_found_to_have_ended_stays_good(
    prepared: Prepared, django_db_blocker: Any
) -> None:
    for number, (level, renews_first) in enumerate(product(LEVELS, (True, False))):
        with prepared.copy(300 + number) as access, django_db_blocker.unblock():
            facts = renewable(access, prepared.facts)
            renewal = Side(access, level, MOVED, facts)
            lapse = Side(access, level, "select suspend_lapsed(%(signed)s)", facts, role="assay_worker")
            first, second = (renewal, lapse) if renews_first else (lapse, renewal)
            play(access, first=first, second=second, commits=True)
            with psycopg.connect(access.url(SUPERUSER)) as connection:
                row = connection.execute(
                    "select standing from assay.model_version where id = %(signed)s", facts
                ).fetchone()
            # Refused for a moment or let through at once: a renewed approval is never left suspended.
            assert row == ("good" if renewal.code == "" else "suspended",), (level, renews_first, renewal.code)
            assert renewal.code in {"", "40001"}
            assert renewal.code == "" or not renews_first


def test_evidence_that_grew_old_while_a_transaction_was_open_is_old(prepared: Prepared) -> None:
    """Judged by the clock on the wall, not by the moment a transaction began."""
    with prepared.copy(200) as access, psycopg.connect(access.url(SUPERUSER)) as superuser:
        superuser.execute("set search_path = assay, pg_temp")
        superuser.execute("alter table required_evaluation disable trigger user")
        superuser.execute(
            """update required_evaluation set max_age = interval '1.5 seconds' + clock_timestamp()
                 - (select max(finished_at) from evaluation)"""
        )
        superuser.commit()
        with psycopg.connect(access.url("assay_app")) as held:
            held.execute("select now()")
            time.sleep(2)
            with pytest.raises(psycopg.errors.CheckViolation) as caught:
                held.execute(MOVED, prepared.facts)
        assert "evaluation:" in (caught.value.diag.message_detail or "")
