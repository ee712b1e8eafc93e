"""The record of a dossier: who signed what, what was waived, how the version moved, and what the notary attests."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings

from registry.cards.statements import InvalidStatement
from registry.exchange.dsse import UntrustedEnvelope, verify_envelope
from registry.models import Attestation, ModelVersion, SigningKey, SignOff, Transition, Waiver
from registry.models.choices import Expertise, Meaning, Stage
from registry.reports.moments import in_utc
from registry.services.verdicts import ANSWERED_STAGE
from registry.web.present import signatures as shown

STATES = {"signed": "Holds", "pending": "Asks for changes", "lapsed": "Lapsed", "withdrawn": "Withdrawn"}


def section(version: ModelVersion, *, waived: Collection[str]) -> dict[str, Any]:
    """What `reports/dossier_record.html` takes; `waived` are the requirements that the verdict lets through."""
    return {
        "signatures": signatures(version),
        "waivers": [_waiver(row, waived) for row in _waivers(version)],
        "moves": [_move(row) for row in _moves(version)],
    }


def signatures(version: ModelVersion) -> list[dict[str, Any]]:
    """Every signature ever given, newest first: the name as signed, when, what it means, and over which evidence."""
    rows = shown.signatures(version).select_related("reauthentication")
    replaced: set[int] = set()
    found = []
    for row in rows.order_by("-seq"):
        found.append(_signature(row, version, is_replaced=row.signed_by_id in replaced))
        replaced.add(row.signed_by_id)
    return found


def _signature(row: SignOff, version: ModelVersion, *, is_replaced: bool) -> dict[str, Any]:
    entry = shown.signature_entry(row, version, is_replaced=is_replaced)
    note = "The same person has signed again since; only the newest counts." if is_replaced else entry["note"]
    if withdrawal := getattr(row, "withdrawal", None):
        note = f"Withdrawn {in_utc(withdrawal.withdrawn_at)}: {withdrawal.reason}"
    return {
        "name": row.signed_name,
        "signed_at": in_utc(row.signed_at),
        "meaning": Meaning(row.meaning).label,
        "expertise": Expertise(row.expertise).label,
        "stage": Stage(row.to_stage).label,
        "evidence_rev": row.evidence_rev,
        "digest": row.snapshot.digest,
        "proof": row.reauthentication.method,
        "comment": row.comment,
        "status": entry["status"],
        "state": STATES.get(entry["status"], entry["status"]),
        "note": note,
    }


def _waivers(version: ModelVersion) -> Any:
    return Waiver.objects.filter(version=version).select_related("requested_by").prefetch_related("grants__granted_by")


def _waiver(row: Waiver, waived: Collection[str]) -> dict[str, Any]:
    return {
        "requirement": row.requirement,
        "stage": Stage(row.to_stage).label,
        "reason": row.reason,
        "by": str(row.requested_by),
        "asked_at": in_utc(row.requested_at),
        "until": in_utc(row.expires_at),
        "grants": [{"by": str(grant.granted_by), "at": in_utc(grant.granted_at)} for grant in row.grants.all()],
        "counts": row.requirement in waived,
    }


def _moves(version: ModelVersion) -> Any:
    rows = Transition.objects.filter(version=version).select_related("moved_by", "verdict__snapshot")
    return rows.order_by("at")


def _move(row: Transition) -> dict[str, Any]:
    return {
        "from_stage": Stage(row.from_stage).label,
        "to_stage": Stage(row.to_stage).label,
        "waived": row.kind == "waived",
        "by": str(row.moved_by),
        "at": in_utc(row.at),
        "until": in_utc(row.expires_at) if row.expires_at else "",
        "comment": row.comment,
        "evidence_rev": row.evidence_rev,
        "digest": row.verdict.snapshot.digest,
    }


def newest_attestation(version: ModelVersion) -> Attestation | None:
    """The newest answer about the version's use, signed or still waiting for the notary."""
    return Attestation.objects.filter(version=version, stage=ANSWERED_STAGE).order_by("-seq").first()


def notary_key(attestation: Attestation | None) -> SigningKey | None:
    """The key that signed it; where nothing is signed yet, the one in use."""
    if attestation is not None and attestation.key_id:
        return SigningKey.objects.filter(key_id=attestation.key_id).first()
    return SigningKey.objects.filter(ended_at=None).order_by("-not_before").first()


def attested(attestation: Attestation | None, key: SigningKey | None, *, evidence_digest: str) -> dict[str, Any]:
    """What `reports/dossier_attestation.html` takes: the statement, read only after its signature held."""
    found: dict[str, Any] = {
        "key_id": key.key_id if key else "",
        "state": "pending" if attestation is not None and attestation.root_digest else "none",
        "verifier": f"{settings.PUBLIC_URL}{settings.STATIC_URL}verify.py",
        "key_href": f"{settings.PUBLIC_URL}/notary/key.pem",
        "stage": ANSWERED_STAGE,
    }
    if attestation is None or attestation.envelope is None or key is None:
        return found
    try:
        statement = verify_envelope(json.loads(bytes(attestation.envelope)), key.public_pem)
    except (UntrustedEnvelope, InvalidStatement) as error:
        return found | {"state": "broken", "why": str(error)}
    return found | _claim(statement, evidence_digest) | {"signed_at": in_utc(attestation.signed_at)}


def _claim(statement: dict[str, Any], evidence_digest: str) -> dict[str, Any]:
    predicate, subject = statement["predicate"], statement["subject"][0]
    covered = predicate["assayEvidence"]["sha256"]
    return {
        "state": "signed",
        "result": predicate["verificationResult"],
        "levels": ", ".join(predicate["verifiedLevels"]),
        "subject": subject["name"],
        "root_digest": subject["digest"]["sha256"],
        "decided_at": in_utc(datetime.fromisoformat(predicate["timeVerified"])),
        "valid_until": in_utc(datetime.fromisoformat(predicate["assayExpiresAt"])),
        "manifest_digest": predicate["assayManifest"]["sha256"],
        "evidence_digest": covered,
        "covers_this": covered == evidence_digest,
    }
