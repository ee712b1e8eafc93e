"""The audit log as people read it."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from registry.models import AuditEvent, User
from registry.web.access import teams_of

PAGES = {
    "modelversion": "version",
    "registeredmodel": "model",
    "dataset": "dataset",
    "datasetversion": "dataset-version",
    "project": "project",
    "evaluation": "evaluation",
    "document": "document",
    "policyrevision": "policy-revision",
    "waiver": "waiver",
}


def visible_events(person: User) -> QuerySet[AuditEvent]:
    """The events of a person's teams, and what they did themselves; newest first."""
    return AuditEvent.objects.filter(Q(team__in=teams_of(person)) | Q(team=None, actor=person)).order_by("-id")


def verb_words(verb: str) -> str:
    """'model_version.signed_off.refused' is 'model version signed off: refused'."""
    words = verb.removesuffix(".refused").replace("_", " ").replace(".", " ")
    return f"{words}: refused" if verb.endswith(".refused") else words


def subject_href(event: AuditEvent) -> str:
    """Where the thing can be seen, if it has a page."""
    page = PAGES.get(event.subject_kind)
    return reverse(page, args=[event.subject_id]) if page else ""


def event_entry(event: AuditEvent) -> dict[str, Any]:
    """An event as a line of a timeline."""
    refused = event.verb.endswith(".refused")
    return {
        "title": f"{verb_words(event.verb).capitalize()}: {event.subject_name}",
        "status": "refused" if refused else "neutral",
        "at": event.at,
        "by": str(event.actor) if event.actor else "Assay",
        "href": subject_href(event),
    }


def event_row(event: AuditEvent) -> list[dict[str, Any]]:
    """An event as a row of a table."""
    href = subject_href(event)
    return [
        {"text": verb_words(event.verb), "note": event.verb},
        {"text": event.subject_name, "note": event.subject_kind, **({"href": href} if href else {})},
        {"text": str(event.actor) if event.actor else "Assay"},
        {"text": event.team.slug if event.team else "–"},
        {"when": event.at},
        {"digest": bytes(event.leaf).hex() if event.leaf else "", "text": "none"},
    ]
