"""A committed scene for attempts with real logins: every attempt is rolled back, and so is its legitimate twin."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.conf import settings

from registry.management.embedded.postgres import SUPERUSER
from registry.management.embedded.roles import Access
from registry.models import DatasetVersion, Evaluation, Measurement, ModelVersion, SignOff, Verdict
from registry.models.gate_inputs import active_revision
from registry.services import verdicts
from tests import make
from tests.databases import clone, django_connected, worker_name
from tests.people import Cast, gather

DENIED, GATE, READ_ONLY, TWICE = "42501", "23514", "25006", "23505"


@dataclass(frozen=True)
class Attempt:
    """One statement, or several with `;` between, that must be refused with this code; and its legitimate twin."""

    name: str
    statement: str
    code: str = DENIED
    role: str = "assay_app"
    says: str = ""
    twin: str = ""
    twin_role: str = ""


class Target:
    """A version that may not move yet and one that may, with the ids that statements need."""

    def __init__(self, access: Access, cast: Cast) -> None:
        self.access, self.cast = access, cast
        self.ready = make.ready_version(cast)
        self.signed = make.signed_version(cast, label="2")
        self.early = make.model_version(cast, label="3")
        self.draft = make.policy_revision(cast, slug="draft")
        self.brief = make.model_version(cast, within=make.project(cast, slug="brief"), slug="brief")
        make.active_policy(
            cast, on=self.brief.model.project, body=make.a_policy(max_waiver_hours=24, validity_days=30), slug="brief"
        )
        self.unruled = make.model_version(cast, within=make.project(cast, slug="unruled"), slug="unruled")
        self.queued = make.requested(self.early, by=cast.ada)
        self.facts = self.gather_facts()

    def gather_facts(self) -> dict[str, Any]:
        for version in (self.ready, self.signed):
            verdicts.store(verdicts.review(version, to_stage=make.INFERENCE))
        shown = verdicts.review(self.ready, to_stage=make.INFERENCE)
        run = Evaluation.objects.get(version=self.ready)
        revision = active_revision(self.ready)
        assert revision is not None
        people = {name: person.pk for name, person in self.cast.everybody().items()}
        return people | {
            "team": self.cast.lending.pk,
            "ready": self.ready.pk,
            "signed": self.signed.pk,
            "early": self.early.pk,
            "brief": self.brief.pk,
            "unruled": self.unruled.pk,
            "model": self.ready.model_id,
            "artifact": self.signed.artifact_id,
            "rev": shown.version.evidence_rev,
            "snapshot": verdicts.take_snapshot(shown).pk,
            "run": run.pk,
            "queued": self.queued.pk,
            "spec": run.spec_digest,
            "measurement": Measurement.objects.get(version=self.ready).pk,
            "sign_off": SignOff.objects.filter(version=self.signed).earliest("seq").pk,
            "no": self.said(self.ready, "undecided"),
            "yes": self.said(self.signed, "passed"),
            "revision": revision.pk,
            "draft": self.draft.pk,
            "policy": self.draft.policy_id,
            "soft": uuid.uuid4(),
            "project": self.ready.model.project_id,
            "requirement": revision.required_evaluations.get().pk,
            "data": DatasetVersion.objects.get().pk,
            "proof_of_grace": make.proof(self.cast.grace).pk,
            "proof_of_alan": make.proof(self.cast.alan).pk,
            "proof_of_ada": make.proof(self.cast.ada).pk,
            "proof_of_mary": make.proof(self.cast.mary).pk,
        }

    @staticmethod
    def said(version: ModelVersion, outcome: str) -> uuid.UUID:
        told = Verdict.objects.filter(version=version, to_stage=make.INFERENCE, outcome=outcome)
        return told.latest("decided_at").pk

    @contextmanager
    def login(self, role: str) -> Iterator[psycopg.Connection[Any]]:
        """A login of that role, whose transaction is rolled back."""
        with psycopg.connect(self.access.url(role)) as connection:
            try:
                yield connection
            finally:
                connection.rollback()

    def stages(self) -> list[tuple[str, int]]:
        """Where all versions stand, as nobody but the superuser needs to know."""
        with self.login(SUPERUSER) as connection:
            return connection.execute("select stage, evidence_rev from assay.model_version order by id").fetchall()


@dataclass(frozen=True)
class Kept:
    """Statements of a login that only the triggers hold back, and a question that must then be answered with true."""

    name: str
    statements: str
    holds: str


@pytest.fixture(scope="module")
def target(cluster: Any, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Target]:
    with (
        pytest.MonkeyPatch.context() as patch,
        clone(cluster, f"assay_target_{worker_name()}") as access,
        django_connected(access),
        django_db_blocker.unblock(),
    ):
        patch.setattr(settings, "BLOB_ROOT", tmp_path_factory.mktemp("blobs"))
        yield Target(access, gather())


def execute(connection: psycopg.Connection[Any], statements: str, facts: dict[str, Any]) -> None:
    """One after the other, in one transaction."""
    for statement in statements.split(";\n"):
        connection.execute(statement, facts)


def refused(target: Target, attempt: Attempt) -> None:
    """The attempt fails with its code and changes nothing; its twin, if it has one, succeeds."""
    before = target.stages()
    with target.login(attempt.role) as connection, pytest.raises(psycopg.Error) as caught:
        execute(connection, attempt.statement, target.facts)
    assert caught.value.sqlstate == attempt.code, caught.value
    assert attempt.says in f"{caught.value} {caught.value.diag.message_detail}"
    assert target.stages() == before
    if attempt.twin:
        with target.login(attempt.twin_role or attempt.role) as connection:
            execute(connection, attempt.twin, target.facts)


def kept(target: Target, case: Kept) -> None:
    """What the database writes itself is as it says, whatever it was asked to write."""
    with target.login(SUPERUSER) as connection:
        execute(connection, f"set search_path = assay, pg_temp;\n{case.statements}", target.facts)
        assert connection.execute(case.holds, target.facts).fetchone() == (True,)
