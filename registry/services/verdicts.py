"""Asking the gate, remembering what it said, and the snapshot of evidence that signatures cover."""

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
from registry.models.gate_inputs import active_revision, database_now, load_evidence, load_policy

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
    version = ModelVersion.objects.select_related("model__project", "model__team", "team", "artifact").get(
        pk=version.pk
    )
    revision, now = active_revision(version), database_now()
    policy = load_policy(revision, to_stage=to_stage)
    evidence = load_evidence(version, policy=policy, to_stage=to_stage)
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
        "runs": [
            {"id": run.id, "spec_digest": run.spec_digest, "state": run.state, "assurance": run.assurance}
            for run in sorted(evidence.runs, key=lambda run: run.id)
        ],
        "measurements": [
            {
                "id": m.id,
                "metric": m.metric,
                "slice": m.slice,
                "status": m.status,
                "value": m.value,
                "low": m.low,
                "high": m.high,
                "level": m.level,
                "n": m.n,
                "assurance": m.assurance,
                "spec_digest": m.spec_digest,
                "measured_at": m.measured_at.isoformat(),
                "excluded": sorted(m.excluded),
            }
            for m in sorted(evidence.measured, key=lambda m: m.id)
        ],
        "documents": [
            {
                "kind": d.kind,
                "subject": d.subject,
                "revision": d.revision,
                "answered": d.answered,
                "applicable": d.applicable,
                "unknown": sorted(d.unknown),
            }
            for d in sorted(evidence.documents, key=lambda d: (d.kind, d.subject))
        ],
        "has_assessment": evidence.has_assessment,
        "risks": [
            {
                "id": r.id,
                "issue": r.issue,
                "priority": r.priority,
                "has_treatment": r.has_treatment,
                "has_owner": r.has_owner,
            }
            for r in sorted(evidence.risks, key=lambda r: r.id)
        ],
        "waivers": [
            {"requirement": w.requirement, "found": w.found, "expires_at": w.expires_at.isoformat()}
            for w in sorted(evidence.waivers, key=lambda w: (w.requirement, w.found, w.expires_at))
        ],
    }


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
    newest = Verdict.objects.filter(version=version, to_stage=ANSWERED_STAGE).order_by("-decided_at").first()
    if newest is not None and newest.body == reviewed.decision.as_dict():
        return
    Attestation.objects.create(version=reviewed.version, stage=ANSWERED_STAGE, verdict=store(reviewed))


def refresh_project(project: Project) -> None:
    """The same for every version of a project that is not yet in use."""
    for version in ModelVersion.objects.filter(model__project=project).exclude(
        stage__in=(Stage.INFERENCE, Stage.RETIRED)
    ):
        refresh(version)
