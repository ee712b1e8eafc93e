"""What waits for a person, what waits for others, and what ends soon."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from registry.models import Evaluation, ModelVersion, Risk, Token, Transition, User, Waiver
from registry.models.choices import Role, RunState, Stage
from registry.web.access import teams_of
from registry.web.present.requirements import words_of
from registry.web.present.waiting import (
    GRANTS_NEEDED,
    awaiting_signature,
    counting_grants,
    lapsed_signatures,
    waivers_to_grant,
    waivers_without_grants,
)

MOST = 8
SOON = timedelta(days=30)
Item = dict[str, Any]


def waiting(person: User) -> list[Item]:
    """What this person could do next."""
    return [*_signatures(person), *_grants(person), *_chores(person)]


def _signatures(person: User) -> list[Item]:
    reviews = awaiting_signature(person).exclude(newest_outcome="failed").select_related("model__team")[:MOST]
    lapsed = lapsed_signatures(person).select_related("version__model__team")[:MOST]
    return [
        *({"text": "Waits for your signature", "title": str(v), "href": _to("version-sign", v.pk)} for v in reviews),
        *(
            {
                "text": f"Your signature for {s.expertise} lapsed",
                "title": str(s.version),
                "href": _to("version-sign", s.version_id),
            }
            for s in lapsed
        ),
    ]


def _grants(person: User) -> list[Item]:
    return _waivers(
        waivers_to_grant(person).select_related("version__model__team", "requested_by")[:MOST],
        say=lambda w: f"A waiver for {w.version} that you could grant, asked for by {w.requested_by}",
    )


def _chores(person: User) -> list[Item]:
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
            {"text": f"Open risk of yours, {r.version}", "title": r.issue, "href": _to("version-risks", r.version_id)}
            for r in owned.select_related("version__model__team")[:MOST]
        ),
        *(
            {"text": "A run of yours failed", "title": str(run), "href": _to("evaluation", run.pk)}
            for run in broken.select_related("version__model__team")[:MOST]
        ),
    ]


def elsewhere(person: User) -> list[Item]:
    """Waivers that were asked for in a person's teams and wait for the grants of others."""
    mine = ModelVersion.objects.visible_to(person)
    lacking = waivers_without_grants(Waiver.objects.filter(version__in=mine))
    others = lacking.exclude(pk__in=waivers_to_grant(person).values("pk"))
    return _waivers(others.select_related("version__model__team", "version__team", "requested_by")[:MOST], say=_lack)


def _lack(waiver: Any) -> str:
    lacking = GRANTS_NEEDED - waiver.counted
    people = f"{lacking} reviewers" if lacking > 1 else "one reviewer"
    return (
        f"A waiver for {waiver.version}, asked for by {waiver.requested_by}: "
        f"waits to be granted by {people} of {waiver.version.team}"
    )


def expiring(person: User) -> list[Item]:
    """Approvals, waivers that hold, and tokens that end within thirty days."""
    now = timezone.now()
    soon = Q(expires_at__gt=now, expires_at__lt=now + SOON)
    mine = ModelVersion.objects.visible_to(person)
    later = Transition.objects.filter(version=OuterRef("version"), at__gt=OuterRef("at"))
    approvals = Transition.objects.filter(soon, ~Exists(later), version__in=mine.filter(stage=Stage.INFERENCE))
    held = counting_grants(Waiver.objects.filter(soon, version__in=mine.exclude(stage=Stage.RETIRED)))
    granted = held.filter(counted__gte=GRANTS_NEEDED).select_related("version__model__team")
    kept = teams_of(person, Role.ADMINISTRATOR).values_list("pk", flat=True)
    tokens = Token.objects.filter(soon, revoked_at=None, team_ids__overlap=list(kept)) if kept else Token.objects.none()
    found = [
        *(
            {
                "text": "Approved until then",
                "title": str(t.version),
                "when": t.expires_at,
                "href": _to("version", t.version_id),
            }
            for t in approvals.select_related("version__model__team")[:MOST]
        ),
        *_waivers(granted[:MOST], say=lambda w: f"A waiver for {w.version} ends", has_end=True),
        *(
            {"text": "A token ends", "title": str(t), "when": t.expires_at, "href": reverse("people")}
            for t in tokens[:MOST]
        ),
    ]
    return sorted(found, key=lambda each: each["when"])


def _waivers(rows: Iterable[Waiver], *, say: Any, has_end: bool = False) -> list[Item]:
    """Waivers by what they accept, not by its code."""
    given = list(rows)
    words = words_of(row.requirement for row in given)
    return [
        {
            "title": words[row.requirement],
            "code": row.requirement,
            "text": say(row),
            "href": _to("waiver", row.pk),
            **({"when": row.expires_at} if has_end else {}),
        }
        for row in given
    ]


def _to(name: str, key: Any) -> str:
    return reverse(name, args=[key])
