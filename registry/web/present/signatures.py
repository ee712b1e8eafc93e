"""Signatures as pages show them: who signed what, and whether it still holds."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from registry.models import ModelVersion, SignOff, Transition
from registry.models.choices import Meaning


def signatures(version: ModelVersion) -> QuerySet[SignOff]:
    """The sign-offs of a version, each with whether a transition was made over the very evidence it is on."""
    same = {"version": OuterRef("version"), "to_stage": OuterRef("to_stage"), "evidence_rev": OuterRef("evidence_rev")}
    rows = SignOff.objects.filter(version=version).select_related("withdrawal", "snapshot")
    return rows.annotate(carried=Exists(Transition.objects.filter(**same)))


def sign_offs(version: ModelVersion) -> list[SignOff]:
    """The sign-offs of a version, newest first."""
    return list(signatures(version).order_by("-seq"))


def open_requests(version: ModelVersion) -> list[dict[str, Any]]:
    """Who asked for changes of exactly this evidence and has said nothing else since, as lines of a timeline."""
    entries = signature_entries(sign_offs(version), version)
    return [entry for entry in entries if entry["status"] == "pending"]


def signature_entries(rows: list[SignOff], version: ModelVersion) -> list[dict[str, Any]]:
    """Sign-offs as lines of a timeline, each with what it is worth now."""
    replaced: set[int] = set()
    entries = []
    for row in rows:
        entries.append(signature_entry(row, version, is_replaced=row.signed_by_id in replaced))
        replaced.add(row.signed_by_id)
    return entries


def signature_entry(row: Any, version: ModelVersion, *, is_replaced: bool = False) -> dict[str, Any]:
    """One signature as a line of a timeline: who, for what, with which meaning, and whether it still holds.

    `row` comes from `signatures`.
    """
    withdrawal = getattr(row, "withdrawal", None)
    asks = row.meaning == Meaning.REQUEST_CHANGES
    title = f"{row.signed_name} {'asked for changes' if asks else 'approved'}, for {row.expertise}"
    if withdrawal:
        status, title, note = "withdrawn", f"{title}; withdrawn", f"Withdrawn: {withdrawal.reason}"
    elif is_replaced:
        status, title, note = "lapsed", f"{title}; signed again since", ""
    elif row.evidence_rev != version.evidence_rev and not row.carried:
        status, title = "lapsed", f"{title}; lapsed"
        note = "The evidence has changed since. Only a new signature counts."
    else:
        status, note = ("pending" if asks else "signed"), ""
    return {
        "title": title,
        "status": status,
        "at": row.signed_at,
        "by": row.signed_name,
        "role": f"reviewer, {row.expertise}",
        "digest": row.snapshot.digest,
        "text": row.comment,
        "note": note,
        "pk": row.pk,
        "signed_by": row.signed_by_id,
    }
