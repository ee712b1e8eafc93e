"""What the first page tells a person."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, Window
from django.db.models.functions import Concat, RowNumber
from django.urls import reverse

from registry.models import ModelVersion, Project, User, Verdict
from registry.models.choices import Role, Stage, Standing
from registry.reports.wording import asked_words, found_words, is_drawn, unblock_words
from registry.web.access import teams_of
from registry.web.present import worklists
from registry.web.present.audit import entries, visible_events
from registry.web.present.gate_turns import BLOCKED, met_words, said_of

MOST = worklists.MOST


def page(person: User) -> dict[str, Any]:
    """What `registry/overview/overview.html` takes."""
    said = first_verdicts(person)
    blocked = [_blocked(verdict) for verdict in said if verdict.outcome != "passed"]
    ready = [_ready(verdict) for verdict in said if verdict.outcome == "passed"]
    on_the_way = underway(person)
    has_anything = bool(said or on_the_way) or ModelVersion.objects.visible_to(person).exists()
    events = visible_events(person).select_related("actor")[:12]
    return {
        "section": "overview",
        "blocked": blocked,
        "ready": ready,
        "underway": on_the_way,
        **worklists.lists(person),
        # Without their codes, which are for the log.
        "events": [entry | {"code": ""} for entry in entries(events)],
        "has_anything": has_anything,
        "first_steps": [] if has_anything else first_steps(person),
    }


def first_verdicts(person: User) -> list[Verdict]:
    """The newest verdicts that open a gate, and those that don't with the failed ones first: some of each."""
    place = Window(RowNumber(), partition_by=Q(outcome="passed"), order_by=("outcome", "-decided_at"))
    rows = newest_verdicts(person).annotate(place=place).filter(place__lte=MOST)
    return list(rows.order_by("outcome", "-decided_at"))


def newest_verdicts(person: User) -> QuerySet[Verdict]:
    """What the gate last said of versions one step before use that no later version in use has replaced."""
    mine = ModelVersion.objects.visible_to(person)
    later = ModelVersion.objects.filter(model=OuterRef("model"), registered_at__gt=OuterRef("registered_at"))
    replaced = Exists(later.filter(stage=Stage.INFERENCE, standing=Standing.GOOD))
    open_ = mine.filter(~replaced, stage=Stage.TRAINING)
    last = Verdict.objects.filter(version=OuterRef("version"), to_stage=Stage.INFERENCE).order_by("-decided_at")
    rows = Verdict.objects.filter(version__in=open_, pk=Subquery(last.values("pk")[:1]))
    return rows.select_related("version__model__team").order_by("-decided_at")


def _ready(verdict: Verdict) -> dict[str, Any]:
    return _told(verdict) | {"outcome": said_of(verdict), "met": met_words(verdict.body)}


def _blocked(verdict: Verdict) -> dict[str, Any]:
    unmet = [r for r in verdict.body["requirements"] if r["outcome"] != "passed" and not r["waived_until"]]
    unmet.sort(key=lambda item: item["outcome"] != "failed")
    first = next((r for r in unmet if r["unblock"]), None)
    return _told(verdict) | {
        "reasons": _reasons(unmet[:3]),
        "more": max(0, len(unmet) - 3),
        "unblock": unblock_words(first) if first else "",
        "of_a_risk": first is not None and first["id"].startswith(("risk:", "treatment:")),
    }


def underway(person: User) -> list[dict[str, Any]]:
    """The newest of versions at an earlier stage and of projects that have no model yet, asked for at once."""
    before = (Stage.SCOPING, Stage.DATA, Stage.PREPROCESSING)
    versions = ModelVersion.objects.visible_to(person).filter(stage__in=before)
    begun = Exists(ModelVersion.objects.filter(model__project=OuterRef("pk")))
    projects = Project.objects.visible_to(person).filter(~begun)
    shown = ("shown_kind", "pk", "shown_name", "shown_words", "shown_at")
    rows = versions.annotate(
        shown_kind=Value("version"),
        shown_name=Concat(
            "model__team__slug", Value("/"), "model__slug", Value("@"), "label", output_field=TextField()
        ),
        shown_words=F("stage"),
        shown_at=F("registered_at"),
    ).values_list(*shown)
    rows = rows.union(
        projects.annotate(
            shown_kind=Value("project"),
            shown_name=Concat("team__slug", Value("/"), "slug", output_field=TextField()),
            shown_words=F("name"),
            shown_at=F("created_at"),
        ).values_list(*shown),
        all=True,
    )
    said = {"version": "at {}, registered", "project": "{}: no model is registered yet, described"}
    return [
        {"name": name, "href": reverse(kind, args=[pk]), "said": said[kind].format(words), "at": at}
        for kind, pk, name, words, at in rows.order_by("-shown_at")[:MOST]
    ]


def _reasons(unmet: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each requirement in words; the first that has an interval is drawn as well."""
    drawn = next((each["id"] for each in unmet if each["detail"].get("low") is not None and is_drawn(each)), None)
    return [_reason(each) | {"chart": each["detail"] if each["id"] == drawn else None} for each in unmet]


def _reason(requirement: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": asked_words(requirement),
        "found": found_words(requirement),
        "outcome": requirement["outcome"],
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": str(verdict.version),
        "href": reverse("version", args=[verdict.version_id]),
        "outcome": verdict.outcome,
        "word": BLOCKED.get(verdict.outcome, ""),
        "stage": verdict.version.stage,
        "at": verdict.decided_at,
    }


def first_steps(person: User) -> list[dict[str, str]]:
    """What to do on an empty page."""
    if not teams_of(person, Role.CONTRIBUTOR).exists():
        return []
    return [
        {"title": "Describe a project", "href": reverse("project-new")},
        {"title": "Register a model", "href": reverse("model-new"), "kind": "quiet"},
        {"title": "Register a dataset", "href": reverse("dataset-new"), "kind": "quiet"},
    ]
