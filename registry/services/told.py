"""What the verdict's address answers, in words and fields."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from registry.models import Attestation

LONGEST_NO = timedelta(days=30)


def answer(row: Attestation, envelope: dict[str, Any], *, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the verdict's address answers: yes or no, the reasons in words and fields, the signed statement.

    `said` is the decision as the notary came to it; without it the verdict's own text is told.
    """
    verdict, version = row.verdict, row.version
    said = verdict.body if said is None else said
    approved = bool(row.passed)
    unmet = [item for item in said["requirements"] if item["outcome"] != "passed" and not item["waived_until"]]
    return {
        "approved": approved,
        "outcome": said["outcome"],
        "version": str(version),
        "version_id": str(version.pk),
        "stage": row.stage,
        "at_stage": row.stage if approved else json.loads(verdict.snapshot.body)["version"]["stage"],
        "standing": "good",
        "waived": bool(said["waived"]),
        "root_digest": row.root_digest,
        "decided_at": verdict.decided_at.isoformat(),
        "signed_at": timezone.now().isoformat(),
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "summary": summary(row, unmet=len(unmet), waived=bool(said["waived"])),
        "reasons": [_reason(item) for item in (said["requirements"] if approved else unmet)],
        "attestation": envelope,
    }


def dated(row: Attestation) -> dict[str, Any]:
    """What an answer to a yes says anew when it is signed anew."""
    is_waived = row.transition is not None and row.transition.kind == "waived"
    return {"signed_at": timezone.now().isoformat(), "summary": summary(row, unmet=0, waived=is_waived)}


def summary(row: Attestation, *, unmet: int, waived: bool) -> str:
    """One sentence for people."""
    name, stage = str(row.version), row.stage
    if row.passed:
        return f"{name} may be used for {stage}{' under a waiver' if waived else ''}: {_dates(row)}."
    if not unmet:
        return f"{name} may not be used for {stage} yet: every requirement is met, but nobody has moved it there."
    things = "one requirement is" if unmet == 1 else f"{unmet} requirements are"
    return f"{name} may not be used for {stage}: {things} not met."


def _dates(row: Attestation) -> str:
    """How long a yes lasts, in the words of `verify.py`: the approval, and the signed answer about it."""
    signed = row.created_at + LONGEST_NO
    if row.expires_at is None:
        return f"this signed answer is valid until {_minute(signed)} (renewed while the approval lasts)"
    renewed = " (renewed while the approval lasts)" if signed < row.expires_at else ""
    until = _minute(min(signed, row.expires_at))
    return f"approved until {_minute(row.expires_at)}; this signed answer is valid until {until}{renewed}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _reason(item: dict[str, Any]) -> dict[str, Any]:
    kept = ("kind", "asked", "found", "outcome", "unblock", "waived_until", "detail")
    return {"requirement": item["id"], **{name: item[name] for name in kept}}
