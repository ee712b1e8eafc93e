"""The rows a gate looks at, read into the gate's plain values. It reads what the SQL judge reads, in the same order.

What is short and a version's own comes with its row, as JSON, so that asking the gate takes few statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import DateTimeField, Exists, Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from registry.cards.canonical import digest
from registry.gates import values as gate
from registry.models.catalog import Authorship, DatasetVersion, LineageEdge, ModelVersion, TrustNeed
from registry.models.choices import Meaning, Role, RunState
from registry.models.documents import DocumentRevision
from registry.models.evaluations import Evaluation, Measurement
from registry.models.lifecycle import SignOff, SignOffWithdrawal, Waiver, WaiverGrant
from registry.models.policy import PolicyRevision, StageEdge
from registry.models.risks import Risk, RiskAssessment
from registry.models.teams import Membership, ReviewerExpertise

RATED = ("issue", "aspect", "likelihood", "severity", "priority", "treatment", "owner_id", "step_taken")
ENOUGH_GRANTS = 2
ELSEWHERE = "a dataset of another team"


def database_now() -> datetime:
    """The database's clock, which is the only one a judgement uses."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def active_revisions(version: ModelVersion) -> QuerySet[PolicyRevision]:
    """The policy revisions activated for a version's project, the one that applies first."""
    activated = PolicyRevision.objects.filter(activations__project__models=version.model_id)
    return activated.select_related("policy__team").order_by("-activations__id")


def active_revision(version: ModelVersion) -> PolicyRevision | None:
    """The policy revision that applies to a version's project now."""
    return active_revisions(version).first()


def for_gate(rows: QuerySet[ModelVersion], *, to_stage: str) -> QuerySet[ModelVersion]:
    """Versions with what `load_evidence` takes from their rows, and `asked_at`, the database's clock."""
    mine = {"version": OuterRef("pk")}
    edge = JSONObject(from_stage="from_stage", to_stage="to_stage", guarded="guarded", needs_artifact="needs_artifact")
    needs = TrustNeed.objects.filter(project__models=OuterRef("model")).order_by("aspect", "-id").distinct("aspect")
    authors = Authorship.objects.filter(version=OuterRef(OuterRef("pk")))
    card = {"document__kind": "model_card", "document__model_version": OuterRef("pk")}
    return rows.select_related("model__project", "model__team", "team", "artifact").annotate(
        asked_at=Func(function="clock_timestamp", output_field=DateTimeField()),
        edge=Subquery(StageEdge.objects.filter(from_stage=OuterRef("stage"), to_stage=to_stage).values(row=edge)[:1]),
        needs=ArraySubquery(needs.values(row=JSONObject(aspect="aspect", level="level"))),
        has_assessment=Exists(RiskAssessment.objects.filter(**mine, stage=OuterRef("stage"))),
        able=ArraySubquery(_reviewers(OuterRef("team"), not_among=authors).values("person_id")),
        skills=ArraySubquery(
            ReviewerExpertise.objects.filter(team=OuterRef("team"), ended_at=None).values(
                row=JSONObject(person="person_id", expertise="expertise")
            )
        ),
        newest_card=_newest_revision(**card),
        newest_sign_offs=_newest_sign_offs(to_stage),
        asked_waivers=_asked_waivers(to_stage),
    )


def _newest_sign_offs(to_stage: str) -> ArraySubquery:
    """Each person's newest signature over the present evidence."""
    rows = SignOff.objects.filter(version=OuterRef("pk"), to_stage=to_stage, evidence_rev=OuterRef("evidence_rev"))
    signature = JSONObject(
        person="signed_by_id",
        name="signed_name",
        expertise="expertise",
        meaning="meaning",
        is_withdrawn=Exists(SignOffWithdrawal.objects.filter(sign_off=OuterRef("pk"))),
    )
    return ArraySubquery(rows.order_by("signed_by", "-seq").distinct("signed_by").values(row=signature))


def _asked_waivers(to_stage: str) -> ArraySubquery:
    grants = WaiverGrant.objects.filter(waiver=OuterRef("pk"), version=OuterRef("version"))
    waiver = JSONObject(
        requirement="requirement",
        found="found",
        expires_at="expires_at",
        requested_by="requested_by_id",
        granted_by=ArraySubquery(grants.values("granted_by_id")),
    )
    rows = Waiver.objects.filter(version=OuterRef("pk"), to_stage=to_stage)
    return ArraySubquery(rows.order_by("pk").values(row=waiver))


def _newest_revision(**about: Any) -> Subquery:
    """The newest revision of a document, without its answers."""
    revision = JSONObject(revision="pk", answered="answered", applicable="applicable", unknown="unknown")
    rows = DocumentRevision.objects.filter(**about).order_by("-id")
    return Subquery(rows.values(row=revision)[:1])


def load_evidence(version: Any, *, policy: gate.Policy | None) -> gate.Evidence:
    """Everything about a version that its gate looks at. `version` is fresh from `for_gate`."""
    specs = {rule.spec_digest for rule in policy.evaluations} if policy else set()
    return gate.Evidence(
        stage=version.stage,
        standing=version.standing,
        edge=gate.Edge(**version.edge) if version.edge else None,
        has_artifact=version.root_digest is not None,
        needs={need["aspect"]: need["level"] for need in version.needs},
        measured=tuple(_measured(version, specs)),
        runs=tuple(_runs(version, specs)),
        documents=tuple(_documents(version)),
        has_assessment=version.has_assessment,
        risks=tuple(_open_risks(version)),
        signatures=tuple(_signatures(version)),
        waivers=tuple(_waivers(version)),
    )


def _measured(version: ModelVersion, specs: set[str]) -> Iterator[gate.Measured]:
    rows = Measurement.objects.filter(version=version, root_digest=version.root_digest, spec_digest__in=specs)
    newest = rows.order_by("spec_digest", "metric", "slice", "-id").distinct("spec_digest", "metric", "slice")
    for row in newest.defer("statistics", "detail"):
        yield gate.Measured(
            id=row.pk,
            spec_digest=row.spec_digest,
            metric=row.metric,
            slice=row.slice,
            status=row.status,
            value=row.value,
            low=row.low,
            high=row.high,
            level=row.level,
            n=row.n,
            assurance=row.assurance,
            measured_at=row.measured_at,
            reason=row.reason,
            excluded=frozenset(row.excluded),
        )


def _runs(version: ModelVersion, specs: set[str]) -> Iterator[gate.Run]:
    rows = Evaluation.objects.filter(version=version, root_digest=version.root_digest, spec_digest__in=specs)
    newest = (
        rows.exclude(state=RunState.CANCELLED).order_by("spec_digest", "-requested_at", "-id").distinct("spec_digest")
    )
    for row in newest:
        yield gate.Run(
            id=str(row.pk),
            spec_digest=row.spec_digest,
            state=row.state,
            assurance=row.assurance,
            finished_at=row.finished_at,
            failure=row.failure.strip().splitlines()[-1] if row.failure.strip() else "",
        )


def name_within(team: int, parent: ModelVersion | DatasetVersion) -> str:
    """What a parent is called where a team's people read it: what another team owns has no name there."""
    if isinstance(parent, ModelVersion):
        return str(parent) if parent.team_id == team else ELSEWHERE.replace("dataset", "model")
    return str(parent) if parent.dataset.team_id == team else ELSEWHERE


def _documents(version: Any) -> Iterator[gate.DocumentState]:
    """The card, and the datasheet of each dataset version that the version pins."""
    yield _document_state("model_card", str(version), version.newest_card)
    sheet = {"document__kind": "datasheet", "document__dataset_version": OuterRef("parent_dataset")}
    pinned = LineageEdge.objects.filter(child_model=version, parent_dataset__isnull=False)
    rows = pinned.select_related("parent_dataset__dataset__team").annotate(newest_sheet=_newest_revision(**sheet))
    for row in rows.order_by("parent_dataset").distinct("parent_dataset"):
        yield _document_state("datasheet", name_within(version.team_id, row.parent_dataset), row.newest_sheet)


def _document_state(kind: str, subject: str, row: dict[str, Any] | None) -> gate.DocumentState:
    if row is None:
        return gate.DocumentState(kind=kind, subject=subject, revision=0, answered=0, applicable=0)
    return gate.DocumentState(kind=kind, subject=subject, **row | {"unknown": frozenset(row["unknown"])})


def _open_risks(version: ModelVersion) -> Iterator[gate.OpenRisk]:
    for row in Risk.objects.filter(version=version, is_resolved=False, carried_to=None):
        yield gate.OpenRisk(
            id=row.pk,
            issue=row.issue,
            priority=row.priority,
            has_treatment=bool(row.treatment),
            has_owner=row.owner_id is not None,
            content=digest({name: getattr(row, name) for name in RATED}),
        )


def people_who_may_sign(version: ModelVersion) -> set[int]:
    """Active people who are reviewers of the version's team now, and no authors of it."""
    authors = Authorship.objects.filter(version=version)
    return set(_reviewers(version.team_id, not_among=authors).values_list("person_id", flat=True))


def _reviewers(team: Any, *, not_among: QuerySet[Authorship]) -> QuerySet[Membership]:
    reviewers = Membership.objects.filter(
        team=team, role=Role.REVIEWER, ended_at=None, person__is_active=True, person__is_service=False
    )
    return reviewers.filter(~Exists(not_among.filter(person=OuterRef("person"))))


def _signatures(version: Any) -> Iterator[gate.Signature]:
    skills = {(row["person"], row["expertise"]) for row in version.skills}
    for row in version.newest_sign_offs:
        yield gate.Signature(
            person=row["person"],
            name=row["name"],
            expertise=row["expertise"],
            approves=row["meaning"] == Meaning.APPROVE and not row["is_withdrawn"],
            is_author=False,
            may_sign=row["person"] in version.able and (row["person"], row["expertise"]) in skills,
        )


def _waivers(version: Any) -> Iterator[gate.GrantedWaiver]:
    for row in version.asked_waivers:
        if len(set(row["granted_by"]) & set(version.able) - {row["requested_by"]}) >= ENOUGH_GRANTS:
            yield gate.GrantedWaiver(
                requirement=row["requirement"],
                found=row["found"],
                expires_at=datetime.fromisoformat(row["expires_at"]),
            )
