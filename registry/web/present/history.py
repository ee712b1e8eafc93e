"""Everything that happened to a version, newest first, from the rows that say so."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import CharField, DateTimeField
from django.db.models.functions import Cast, Coalesce
from django.http import QueryDict
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from registry.models import (
    AuditEvent,
    DocumentRevision,
    Evaluation,
    ModelVersion,
    Risk,
    Transition,
    Waiver,
)
from registry.models.choices import RunState
from registry.web.present import audit, gate_turns, requirements, waivers
from registry.web.present.failures import failure_line
from registry.web.present.findings import found_by
from registry.web.present.metrics import evaluator_title
from registry.web.present.signatures import signature_entry, signatures
from registry.web.present.told_apart import by_groups

SIZE = 40
# Verbs whose own rows stand in the timeline already.
TOLD = ("model_version.transitioned", "model_version.signed_off", "model_version.registered")


def section(version: ModelVersion, query: QueryDict) -> dict[str, Any]:
    """What `version_history.html` takes: a page of the timeline, and the address of what came before."""
    before = _moment(query.get("before", ""))
    entries = sorted(_entries(version, before), key=lambda entry: entry["at"], reverse=True)
    # The next page begins before a moment, so what happened at one moment stands on one page.
    ends = entries[SIZE - 1 : SIZE]
    shown = [entry for entry in entries if entry["at"] >= ends[0]["at"]] if ends else entries
    more = len(entries) > len(shown)
    here = reverse("version-history", args=[version.pk])
    older = QueryDict(mutable=True)
    if more:
        older["before"] = shown[-1]["at"].isoformat()
    return {
        "entries": shown,
        "older": f"{here}?{older.urlencode()}" if more else "",
        "newer": here if before else "",
    }


def _moment(text: str) -> datetime | None:
    """The moment that an address names; None for what is none, or stands in no time zone."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _entries(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    sources = (_moves, _signatures, _verdicts, _waivers, _runs, _revisions, _risks, _rated_again, _events)
    for source in sources:
        yield from source(version, before)
    if before is None or version.registered_at < before:
        by = str(version.registered_by)
        yield {"title": "Registered", "icon": "written", "at": version.registered_at, "by": by}


def _newest(rows: Any, column: str, before: datetime | None) -> Any:
    kept = rows.filter(**{f"{column}__lt": before}) if before else rows
    return kept.order_by(f"-{column}")[: SIZE + 1]


def _moves(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    rows = Transition.objects.filter(version=version).select_related("moved_by")
    for row in _newest(rows, "at", before):
        waived = " with a waiver" if row.kind == "waived" else ""
        renews = row.from_stage == row.to_stage
        yield {
            "title": f"{'Approval renewed' if renews else f'Moved from {row.from_stage} to {row.to_stage}'}{waived}",
            "status": "waived" if waived else "passed",
            "icon": "moved",
            "at": row.at,
            "by": str(row.moved_by),
            "text": row.comment,
            "note": f"Approved until {row.expires_at:%Y-%m-%d %H:%M} UTC." if row.expires_at else "",
        }


def _signatures(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    replaced: set[int] = set()
    for row in _newest(signatures(version), "signed_at", before):
        yield signature_entry(row, version, is_replaced=row.signed_by_id in replaced)
        replaced.add(row.signed_by_id)
        withdrawal = getattr(row, "withdrawal", None)
        if withdrawal and (before is None or withdrawal.withdrawn_at < before):
            yield {
                "title": f"{row.signed_name} withdrew the signature for {row.expertise}",
                "status": "withdrawn",
                "at": withdrawal.withdrawn_at,
                "by": row.signed_name,
                "text": withdrawal.reason,
            }


def _verdicts(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    return gate_turns.entries(_newest(gate_turns.turns(version), "decided_at", before))


def _waivers(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    rows = Waiver.objects.filter(version=version).select_related("requested_by", "version")
    shown = list(_newest(rows.prefetch_related("grants__granted_by"), "requested_at", before))
    words = requirements.words_of(row.requirement for row in shown)
    for row in shown:
        granted = ", ".join(str(grant.granted_by) for grant in row.grants.all())
        yield {
            "title": f"A waiver was asked for: {words[row.requirement]}",
            "status": waivers.standing(row),
            "at": row.requested_at,
            "by": str(row.requested_by),
            "text": row.reason,
            "href": reverse("waiver", args=[row.pk]),
            "note": f"Granted by {granted or 'nobody yet'}; ends {row.expires_at:%Y-%m-%d %H:%M} UTC.",
        }


def _runs(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    """A run stands where its result came: what the gate said of it stands above, what it said without it below."""
    rows = Evaluation.objects.filter(version=version).select_related("requested_by")
    rows = rows.annotate(told_at=Coalesce("finished_at", "requested_at", output_field=DateTimeField()))
    shown = list(_newest(rows, "told_at", before))
    found = found_by(shown, version)
    for row in shown:
        yield {
            "title": f"Evaluation: {evaluator_title(row.evaluator)}{by_groups(row)}",
            "code": row.evaluator,
            "status": row.state,
            "icon": "measured" if row.state == RunState.DONE else row.state,
            "at": row.told_at,
            "by": str(row.requested_by),
            "href": reverse("evaluation", args=[row.pk]),
            "note": failure_line(row.failure) or found.get(row.pk, ""),
        }


def _revisions(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    rows = DocumentRevision.objects.filter(document__model_version=version).select_related("written_by", "document")
    for row in _newest(rows, "written_at", before):
        yield {
            "title": f"Card, revision {row.number}",
            "icon": "written",
            "at": row.written_at,
            "by": str(row.written_by),
            "digest": row.digest,
            "href": reverse("document", args=[row.document_id]),
            "note": f"{row.answered} of {row.applicable} required questions answered",
        }


def _risks(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    rows = Risk.objects.filter(version=version, carried_from=None).select_related("recorded_by")
    for row in _newest(rows, "recorded_at", before):
        yield {
            "title": f"Risk: {row.issue}",
            "icon": "written",
            "at": row.recorded_at,
            "by": str(row.recorded_by),
            "href": reverse("version-risks", args=[version.pk]),
            "note": f"{row.get_priority_display()} priority",
        }


def _rated_again(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    """What was changed about risks: signatures lapse by it."""
    risks = Risk.objects.filter(version=version).values(text=Cast("pk", CharField()))
    rows = AuditEvent.objects.filter(subject_kind="risk", subject_id__in=risks, verb="risk.updated")
    here = reverse("version-risks", args=[version.pk])
    for entry in audit.entries(_newest(rows.select_related("actor"), "at", before)):
        yield entry | {"href": here, "code": ""}


def _events(version: ModelVersion, before: datetime | None) -> Iterator[dict[str, Any]]:
    rows = AuditEvent.objects.filter(subject_kind="modelversion", subject_id=str(version.pk)).exclude(verb__in=TOLD)
    for entry in audit.entries(_newest(rows.select_related("actor"), "at", before)):
        yield entry | {"href": "", "code": ""}
