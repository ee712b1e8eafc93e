"""The rows a gate looks at, read into the gate's plain values. It reads what the SQL judge reads, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.db.models import Count, F, Q

from registry.cards.canonical import digest
from registry.gates import values as gate
from registry.models.catalog import Authorship, LineageEdge, ModelVersion, TrustNeed
from registry.models.choices import Meaning, Role, RunState
from registry.models.documents import DocumentRevision
from registry.models.evaluations import Evaluation, Measurement
from registry.models.lifecycle import SignOff, Waiver
from registry.models.policy import (
    PolicyRevision,
    RequiredDocument,
    RequiredEvaluation,
    SignOffRule,
    StageEdge,
    StageRule,
    Threshold,
)
from registry.models.risks import Risk, RiskAssessment
from registry.models.teams import Membership, ReviewerExpertise

RATED = ("issue", "aspect", "likelihood", "severity", "priority", "treatment", "owner_id", "step_taken")


def database_now() -> datetime:
    """The database's clock, which is the only one a judgement uses."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def active_revision(version: ModelVersion) -> PolicyRevision | None:
    """The policy revision that applies to a version's project now."""
    newest = PolicyRevision.objects.filter(activations__project__models=version.model_id)
    return newest.select_related("policy__team").order_by("-activations__id").first()


def load_policy(revision: PolicyRevision | None, *, to_stage: str) -> gate.Policy | None:
    """A revision's rules for entering a stage, as the gate takes them."""
    if revision is None:
        return None
    stage_rule = StageRule.objects.filter(revision=revision, to_stage=to_stage).first()
    rules = {
        row.pk: gate.EvaluationRule(
            id=row.pk,
            evaluator=row.evaluator,
            spec_digest=row.spec_digest,
            assurance=row.assurance,
            max_age=row.max_age,
        )
        for row in RequiredEvaluation.objects.filter(revision=revision, to_stage=to_stage)
    }
    thresholds = Threshold.objects.filter(evaluation__in=rules)
    return gate.Policy(
        digest=revision.digest,
        to_stage=to_stage,
        evaluations=tuple(rules.values()),
        thresholds=tuple(_threshold(row, rules[row.evaluation_id]) for row in thresholds),
        documents=tuple(
            gate.DocumentRule(id=row.pk, kind=row.kind, min_percent=row.min_percent, must_know=frozenset(row.must_know))
            for row in RequiredDocument.objects.filter(revision=revision, to_stage=to_stage)
        ),
        risk_rule=gate.RiskRule(block_from=stage_rule.block_from) if stage_rule and stage_rule.block_from else None,
        sign_offs=tuple(
            gate.SignOffRule(id=row.pk, expertise=row.expertise, people=row.people)
            for row in SignOffRule.objects.filter(revision=revision, to_stage=to_stage)
        ),
        **({"validity": stage_rule.validity} if stage_rule else {}),
    )


def _threshold(row: Threshold, rule: gate.EvaluationRule) -> gate.Threshold:
    return gate.Threshold(
        id=row.pk,
        evaluation=rule,
        metric=row.metric,
        slice=row.slice,
        direction=row.direction,
        limit=row.limit,
        tolerance=row.tolerance,
        aspect=row.aspect,
        need_level=row.need_level,
        source=row.source,
        excluded_allowed=frozenset(row.excluded_allowed),
    )


def load_evidence(version: ModelVersion, *, policy: gate.Policy | None, to_stage: str) -> gate.Evidence:
    """Everything about a version that its gate looks at. `version` must be fresh from the database."""
    edge = StageEdge.objects.filter(from_stage=version.stage, to_stage=to_stage).first()
    specs = {rule.spec_digest for rule in policy.evaluations} if policy else set()
    able = people_who_may_sign(version)
    return gate.Evidence(
        stage=version.stage,
        standing=version.standing,
        edge=gate.Edge(
            from_stage=edge.from_stage, to_stage=edge.to_stage, guarded=edge.guarded, needs_artifact=edge.needs_artifact
        )
        if edge
        else None,
        has_artifact=version.root_digest is not None,
        needs=load_needs(version),
        measured=tuple(_measured(version, specs)),
        runs=tuple(_runs(version, specs)),
        documents=tuple(_documents(version)),
        has_assessment=RiskAssessment.objects.filter(version=version, stage=version.stage).exists(),
        risks=tuple(_open_risks(version)),
        signatures=tuple(_signatures(version, to_stage, able)),
        waivers=tuple(_waivers(version, to_stage, able)),
    )


def load_needs(version: ModelVersion) -> dict[str, str]:
    """The newest level a project has for each aspect that was set."""
    rows = TrustNeed.objects.filter(project__models=version.model_id).order_by("aspect", "-id").distinct("aspect")
    return dict(rows.values_list("aspect", "level"))


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


def pinned_datasets(version: ModelVersion) -> list[LineageEdge]:
    """The edges to the dataset versions that a model version pins, one for each dataset version."""
    rows = LineageEdge.objects.filter(child_model=version, parent_dataset__isnull=False)
    return list(
        rows.select_related("parent_dataset__dataset__team").order_by("parent_dataset").distinct("parent_dataset")
    )


def _documents(version: ModelVersion) -> Iterator[gate.DocumentState]:
    pinned = {edge.parent_dataset_id: str(edge.parent_dataset) for edge in pinned_datasets(version)}
    about = Q(document__model_version=version) | Q(document__dataset_version__in=pinned)
    rows = DocumentRevision.objects.filter(about).order_by("document_id", "-id").distinct("document_id")
    newest = {row.document.dataset_version_id: row for row in rows.select_related("document").defer("answers")}
    yield _document_state("model_card", str(version), newest.get(None))
    for pk, name in pinned.items():
        yield _document_state("datasheet", name, newest.get(pk))


def _document_state(kind: str, subject: str, row: DocumentRevision | None) -> gate.DocumentState:
    if row is None:
        return gate.DocumentState(kind=kind, subject=subject, revision=0, answered=0, applicable=0)
    return gate.DocumentState(
        kind=kind,
        subject=subject,
        revision=row.pk,
        answered=row.answered,
        applicable=row.applicable,
        unknown=frozenset(row.unknown),
    )


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
    reviewers = Membership.objects.filter(
        team=version.team_id, role=Role.REVIEWER, ended_at=None, person__is_active=True, person__is_service=False
    )
    authors = Authorship.objects.filter(version=version).values("person_id")
    return set(reviewers.exclude(person_id__in=authors).values_list("person_id", flat=True))


def _signatures(version: ModelVersion, to_stage: str, able: set[int]) -> Iterator[gate.Signature]:
    skills = set(
        ReviewerExpertise.objects.filter(team=version.team_id, ended_at=None).values_list("person_id", "expertise")
    )
    rows = SignOff.objects.filter(version=version, to_stage=to_stage, evidence_rev=version.evidence_rev)
    newest = rows.order_by("signed_by", "-seq").distinct("signed_by").select_related("withdrawal")
    for row in newest:
        yield gate.Signature(
            person=row.signed_by_id,
            name=row.signed_name,
            expertise=row.expertise,
            approves=row.meaning == Meaning.APPROVE and not hasattr(row, "withdrawal"),
            is_author=False,
            may_sign=row.signed_by_id in able and (row.signed_by_id, row.expertise) in skills,
        )


def _waivers(version: ModelVersion, to_stage: str, able: set[int]) -> Iterator[gate.GrantedWaiver]:
    counted = Q(grants__granted_by__in=able) & ~Q(grants__granted_by=F("requested_by"))
    rows = Waiver.objects.filter(version=version, to_stage=to_stage).annotate(
        granted=Count("grants__granted_by", filter=counted, distinct=True)
    )
    for row in rows.filter(granted__gte=2):
        yield gate.GrantedWaiver(requirement=row.requirement, found=row.found, expires_at=row.expires_at)
