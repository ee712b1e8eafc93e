"""The audit log as people read it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from registry.models import AuditEvent, User
from registry.web.access import teams_of
from registry.web.present import requirements, sentences

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


def having(events: QuerySet[AuditEvent], query: str) -> QuerySet[AuditEvent]:
    """Those in which every word occurs: in the verb, its sentence, the name of the thing, or who did it."""
    for word in query.split()[:8]:
        named = Q(verb__icontains=word) | Q(verb__in=sentences.verbs_saying(word)) | Q(subject_name__icontains=word)
        names = ("actor__username", "actor__first_name", "actor__last_name")
        for name in names:
            named |= Q(**{f"{name}__icontains": word})
        events = events.filter(named)
    return events


def subject_href(event: AuditEvent) -> str:
    """Where the thing can be seen, if it has a page."""
    page = PAGES.get(event.subject_kind)
    return reverse(page, args=[event.subject_id]) if page else ""


def entries(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """Events as lines of a timeline, each a sentence."""
    given = list(events)
    words = requirements.words_of(code for event in given if (code := sentences.code_of(event)))
    return [_entry(event, sentences.sentence(event, words)) for event in given]


def whole_entries(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """The same as the log shows them, with the account, the team and the hash that the log is sealed by."""
    given = list(events)
    told = zip(given, entries(given), strict=True)
    return [
        entry
        | {
            "account": event.actor.username if event.actor else "",
            "team": event.team.slug if event.team else "",
            "leaf": bytes(event.leaf).hex() if event.leaf else "",
        }
        for event, entry in told
    ]


def _entry(event: AuditEvent, said: str) -> dict[str, Any]:
    why = sentences.body_of(event).get("why") if event.verb.endswith(sentences.REFUSED) else ""
    return {
        "title": said,
        "icon": sentences.icon(event),
        "at": event.at,
        "href": subject_href(event),
        "code": event.verb,
        "code_href": f"{reverse('audit')}?q={event.verb}",
        "note": why or "",
    }
