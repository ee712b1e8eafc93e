"""Asking the gate, remembering what it said, and the snapshot of evidence that signatures cover."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.cards.canonical import canonical_bytes, digest
from registry.gates.decide import decide
from registry.gates.values import Evidence, Policy
from registry.gates.verdict import Verdict as Decision
from registry.models import (
    Attestation,
    EvidenceSnapshot,
    ModelVersion,
    PolicyRevision,
    Project,
    Verdict,
)
from registry.models.choices import Stage
from registry.models.gate_inputs import active_revisions, for_gate, load_evidence
from registry.models.gate_rules import load_policy, with_rules

ANSWERED_STAGE = Stage.INFERENCE


@dataclass(frozen=True, kw_only=True)
class Review:
    """The gate's decision on a version at this moment, with what it looked at."""

    version: ModelVersion
    to_stage: str
    decision: Decision
    policy: Policy | None
    revision: PolicyRevision | None
    evidence: Evidence
    evidence_body: str
    evidence_digest: str
    now: datetime


def review(version: ModelVersion, *, to_stage: str) -> Review:
    """Ask the gate about entering `to_stage`. Reads a fresh copy of the version; writes nothing."""
    version = for_gate(ModelVersion.objects.all(), to_stage=to_stage).get(pk=version.pk)
    revision = with_rules(active_revisions(version), to_stage=to_stage).first()
    now: datetime = version.asked_at  # type: ignore[attr-defined]  # from `for_gate`
    policy = load_policy(revision, to_stage=to_stage)
    evidence = load_evidence(version, policy=policy)
    body = describe_evidence(version, evidence, to_stage=to_stage, revision=revision)
    return Review(
        version=version,
        to_stage=to_stage,
        decision=decide(policy, evidence, to_stage=to_stage, now=now),
        policy=policy,
        revision=revision,
        evidence=evidence,
        evidence_body=canonical_bytes(body).decode(),
        evidence_digest=digest(body),
        now=now,
    )


def describe_evidence(
    version: ModelVersion, evidence: Evidence, *, to_stage: str, revision: PolicyRevision | None
) -> dict[str, Any]:
    """Exactly what the gate looks at, signatures aside, as JSON whose digest a signature covers."""
    return {
        "version": {
            "id": str(version.pk),
            "name": str(version),
            "root_digest": version.root_digest,
            "stage": version.stage,
        },
        "to_stage": to_stage,
        "policy": {"name": str(revision), "digest": revision.digest} if revision else None,
        "needs": dict(sorted(evidence.needs.items())),
        "runs": _listed(evidence.runs, "id"),
        "measurements": _listed(evidence.measured, "id"),
        "documents": _listed(evidence.documents, "kind", "subject"),
        "has_assessment": evidence.has_assessment,
        "risks": _listed(evidence.risks, "id"),
        "waivers": _listed(evidence.waivers, "requirement", "found", "expires_at"),
    }


def _listed(values: Iterable[Any], *order: str) -> list[dict[str, Any]]:
    """The fields of each value as JSON, in an order that doesn't depend on the database's."""
    plain = [{name: _plain(field) for name, field in vars(value).items()} for value in values]
    return sorted(plain, key=lambda item: [item[name] for name in order])


def _plain(field: Any) -> Any:
    if isinstance(field, frozenset):
        return sorted(field)
    return field.isoformat() if isinstance(field, datetime) else field


def take_snapshot(reviewed: Review) -> EvidenceSnapshot:
    """Keep what was looked at, once for each evidence revision."""
    snapshot, _ = EvidenceSnapshot.objects.get_or_create(
        version=reviewed.version,
        to_stage=reviewed.to_stage,
        evidence_rev=reviewed.version.evidence_rev,
        digest=reviewed.evidence_digest,
        defaults={"body": reviewed.evidence_body},
    )
    return snapshot


def store(reviewed: Review) -> Verdict:
    """Keep what the gate said, whole."""
    return Verdict.objects.create(
        version=reviewed.version,
        to_stage=reviewed.to_stage,
        outcome=reviewed.decision.outcome.value,
        body=reviewed.decision.as_dict(),
        policy_revision=reviewed.revision,
        snapshot=take_snapshot(reviewed),
    )


def refresh(version: ModelVersion) -> None:
    """Ask again whether the version may be used, and where the answer changed keep it and have the "no" signed.

    An approval is never replaced here: it ends by expiry or by its standing.
    """
    reviewed = review(version, to_stage=ANSWERED_STAGE)
    if reviewed.version.stage in (Stage.INFERENCE, Stage.RETIRED):
        return
    newest = Attestation.objects.filter(version=version, stage=ANSWERED_STAGE).select_related("verdict").first()
    # A statement is about files: one that was made before there were any says nothing about those that came.
    is_about_it = newest is not None and newest.root_digest == reviewed.version.root_digest
    if newest is not None and is_about_it and newest.verdict.body == reviewed.decision.as_dict():
        return
    Attestation.objects.create(version=reviewed.version, stage=ANSWERED_STAGE, verdict=store(reviewed))


def refresh_project(project: Project) -> None:
    """The same for every version of a project that is not yet in use."""
    for version in ModelVersion.objects.filter(model__project=project).exclude(
        stage__in=(Stage.INFERENCE, Stage.RETIRED)
    ):
        refresh(version)
