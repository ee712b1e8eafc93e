"""What the first page tells a person."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from registry.models import Evaluation, ModelVersion, Risk, Token, Transition, User, Verdict, Waiver
from registry.models.choices import Role, RunState, Stage, Standing
from registry.reports.wording import asked_words
from registry.web.access import teams_of
from registry.web.present.audit import event_entry, visible_events
from registry.web.present.waiting import awaiting_signature, lapsed_signatures, waivers_to_grant

MOST = 8
FAILED_FIRST = ("outcome", "-decided_at")
SOON = timedelta(days=30)


def page(person: User) -> dict[str, Any]:
    """What `registry/overview/overview.html` takes."""
    said = newest_verdicts(person)
    events = visible_events(person).select_related("actor", "team")[:12]
    return {
        "section": "overview",
        "blocked": [_blocked(verdict) for verdict in said.exclude(outcome="passed").order_by(*FAILED_FIRST)[:MOST]],
        "ready": [_told(verdict) for verdict in said.filter(outcome="passed")[:MOST]],
        "underway": underway(person),
        "waiting": waiting(person),
        "expiring": expiring(person),
        "events": [event_entry(event) for event in events],
        "has_anything": ModelVersion.objects.visible_to(person).exists(),
        "first_steps": first_steps(person),
    }


def newest_verdicts(person: User) -> QuerySet[Verdict]:
    """What the gate last said of versions one step before use that no later version in use has replaced."""
    mine = ModelVersion.objects.visible_to(person)
    later = ModelVersion.objects.filter(model=OuterRef("model"), registered_at__gt=OuterRef("registered_at"))
    replaced = Exists(later.filter(stage=Stage.INFERENCE, standing=Standing.GOOD))
    open_ = mine.filter(~replaced, stage=Stage.TRAINING)
    last = Verdict.objects.filter(version=OuterRef("version"), to_stage=Stage.INFERENCE).order_by("-decided_at")
    rows = Verdict.objects.filter(version__in=open_, pk=Subquery(last.values("pk")[:1]))
    return rows.select_related("version__model__team").order_by("-decided_at")


def _blocked(verdict: Verdict) -> dict[str, Any]:
    unmet = [r for r in verdict.body["requirements"] if r["outcome"] != "passed" and not r["waived_until"]]
    unmet.sort(key=lambda item: item["outcome"] != "failed")
    return _told(verdict) | {
        "reasons": [_reason(requirement) for requirement in unmet[:3]],
        "chart": next((r["detail"] for r in unmet if r["detail"].get("low") is not None), None),
        "more": max(0, len(unmet) - 3),
        "unblock": next((r["unblock"] for r in unmet if r["unblock"]), ""),
    }


def underway(person: User) -> list[dict[str, Any]]:
    """The newest versions at an earlier stage."""
    before = (Stage.SCOPING, Stage.DATA, Stage.PREPROCESSING)
    rows = ModelVersion.objects.visible_to(person).filter(stage__in=before).select_related("model__team")
    return [
        {"name": str(each), "href": reverse("version", args=[each.pk]), "stage": each.stage, "at": each.registered_at}
        for each in rows.order_by("-registered_at")[:MOST]
    ]


def _reason(requirement: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": asked_words(requirement),
        "found": requirement["found"],
        "outcome": requirement["outcome"],
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": str(verdict.version),
        "href": reverse("version", args=[verdict.version_id]),
        "outcome": verdict.outcome,
        "stage": verdict.version.stage,
        "at": verdict.decided_at,
    }


def waiting(person: User) -> list[dict[str, Any]]:
    """What this person could do next."""
    reviews = awaiting_signature(person).exclude(newest_outcome="failed").select_related("model__team")[:MOST]
    lapsed = lapsed_signatures(person).select_related("version__model__team")[:MOST]
    owned = Risk.objects.filter(owner=person, is_resolved=False, carried_to=None, version__team__in=teams_of(person))
    later = Evaluation.objects.filter(version=OuterRef("version"), spec_digest=OuterRef("spec_digest"))
    broken = Evaluation.objects.filter(
        ~Exists(later.filter(requested_at__gt=OuterRef("requested_at"))),
        requested_by=person,
        state__in=(RunState.FAILED, RunState.FAILED_INFRA),
        version__team__in=teams_of(person),
    )
    return [
        *(
            {"text": "Waits for your signature", "title": str(v), "href": reverse("version-sign", args=[v.pk])}
            for v in reviews
        ),
        *(
            {
                "text": f"Your signature for {s.expertise} lapsed",
                "title": str(s.version),
                "href": reverse("version-sign", args=[s.version_id]),
            }
            for s in lapsed
        ),
        *(
            {"text": "A waiver that you could grant", "title": str(w), "href": reverse("waiver", args=[w.pk])}
            for w in waivers_to_grant(person).select_related("version__model__team")[:MOST]
        ),
        *(
            {
                "text": f"Open risk of yours, {r.version}",
                "title": r.issue,
                "href": reverse("version-risks", args=[r.version_id]),
            }
            for r in owned.select_related("version__model__team")[:MOST]
        ),
        *(
            {"text": "A run of yours failed", "title": str(run), "href": reverse("evaluation", args=[run.pk])}
            for run in broken.select_related("version__model__team")[:MOST]
        ),
    ]


def expiring(person: User) -> list[dict[str, Any]]:
    """Approvals, waivers and tokens that end within thirty days."""
    now = timezone.now()
    soon = Q(expires_at__gt=now, expires_at__lt=now + SOON)
    mine = ModelVersion.objects.visible_to(person)
    approvals = Transition.objects.filter(soon, version__in=mine.filter(stage=Stage.INFERENCE))
    waivers = Waiver.objects.filter(soon, version__in=mine)
    kept = teams_of(person, Role.ADMINISTRATOR).values_list("pk", flat=True)
    tokens = Token.objects.filter(soon, revoked_at=None, team_ids__overlap=list(kept)) if kept else Token.objects.none()
    found = [
        *(
            {
                "text": "Approved until then",
                "title": str(t.version),
                "when": t.expires_at,
                "href": reverse("version", args=[t.version_id]),
            }
            for t in approvals.select_related("version__model__team")[:MOST]
        ),
        *(
            {"text": "A waiver ends", "title": str(w), "when": w.expires_at, "href": reverse("waiver", args=[w.pk])}
            for w in waivers.select_related("version__model__team")[:MOST]
        ),
        *(
            {"text": "A token ends", "title": str(t), "when": t.expires_at, "href": reverse("people")}
            for t in tokens[:MOST]
        ),
    ]
    return sorted(found, key=lambda each: each["when"])


def first_steps(person: User) -> list[dict[str, str]]:
    """What to do on an empty page."""
    if not teams_of(person, Role.CONTRIBUTOR).exists():
        return []
    return [
        {"title": "Describe a project", "href": reverse("project-new")},
        {"title": "Register a model", "href": reverse("model-new"), "kind": "quiet"},
        {"title": "Register a dataset", "href": reverse("dataset-new"), "kind": "quiet"},
    ]
