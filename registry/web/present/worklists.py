"""What waits for a person, what waits for others, and what ends soon."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, Exists, OuterRef, Q, When, Window
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from registry.models import Evaluation, ModelVersion, Risk, Token, Transition, User, Waiver
from registry.models.choices import Role, RunState, Stage
from registry.web.access import teams_of
from registry.web.present.metrics import evaluator_title
from registry.web.present.requirements import words_of
from registry.web.present.risks import RANK
from registry.web.present.told_apart import by_groups
from registry.web.present.waiting import (
    GRANTS_NEEDED,
    awaiting_signature,
    counting_grants,
    lapsed_signatures,
    waivers_to_grant,
)

MOST = 8
MOST_WAIVERS = 100
SOON = timedelta(days=30)
URGENCY = Case(*(When(priority=name, then=rank) for name, rank in RANK.items()))
Item = dict[str, Any]


def lists(person: User) -> dict[str, Any]:
    """What this person could do next, what others could, what ends within thirty days, and how many reviews wait."""
    to_grant, lacking, held = _told_waivers(person)
    ending = sorted([*_approvals(person), *held, *_tokens(person)], key=lambda each: each["when"])
    reviews, number = _reviews(person)
    waiting = [*reviews, *_lapsed(person), *to_grant, *_chores(person)]
    return {"waiting": waiting, "elsewhere": lacking, "expiring": ending, "reviews_waiting": number}


def _reviews(person: User) -> tuple[list[Item], int]:
    """The first reviews that wait for a person, and the number of all."""
    rows = awaiting_signature(person).exclude(newest_outcome="failed").select_related("model__team")
    given = list(rows.annotate(number=Window(Count("*")))[:MOST])
    told = [{"text": "Waits for your signature", "title": str(v), "href": _to("version-sign", v.pk)} for v in given]
    return told, given[0].number if given else 0


def _lapsed(person: User) -> list[Item]:
    rows = lapsed_signatures(person).select_related("version__model__team")[:MOST]
    return [
        {
            "text": f"Your signature for {row.expertise} lapsed",
            "title": str(row.version),
            "href": _to("version-sign", row.version_id),
        }
        for row in rows
    ]


def _chores(person: User) -> list[Item]:
    unretired = ModelVersion.objects.filter(team__in=teams_of(person)).exclude(stage=Stage.RETIRED)
    owned = Risk.objects.filter(owner=person, is_resolved=False, carried_to=None, version__in=unretired)
    later = Evaluation.objects.filter(version=OuterRef("version"), spec_digest=OuterRef("spec_digest"))
    broken = Evaluation.objects.filter(
        ~Exists(later.filter(requested_at__gt=OuterRef("requested_at"))),
        requested_by=person,
        state__in=(RunState.FAILED, RunState.FAILED_INFRA),
        version__in=unretired,
    )
    return [
        *(
            {"text": f"Open risk of yours, {r.version}", "title": r.issue, "href": _to("version-risks", r.version_id)}
            for r in owned.order_by(URGENCY, "pk").select_related("version__model__team")[:MOST]
        ),
        *(
            {"text": "A run of yours failed", "title": _run(run), "href": _to("evaluation", run.pk)}
            for run in broken.select_related("version__model__team")[:MOST]
        ),
    ]


def _run(run: Evaluation) -> str:
    return f"{evaluator_title(run.evaluator)}{by_groups(run)}, on {run.version}"


def _told_waivers(person: User) -> tuple[list[Item], list[Item], list[Item]]:
    """Running waivers in a person's teams: those they could grant, those that wait for others, those that hold."""
    mine = ModelVersion.objects.visible_to(person).exclude(stage=Stage.RETIRED)
    running = counting_grants(Waiver.objects.filter(version__in=mine, expires_at__gt=Now()))
    grantable = Exists(waivers_to_grant(person).filter(pk=OuterRef("pk")))
    rows = running.annotate(is_grantable=grantable).select_related(
        "version__model__team", "version__team", "requested_by"
    )
    given = list(rows.order_by("expires_at", "pk")[:MOST_WAIVERS])
    words, soon = words_of(row.requirement for row in given), timezone.now() + SOON
    held = [row for row in given if row.counted >= GRANTS_NEEDED]
    lacking = [row for row in given if row.counted < GRANTS_NEEDED]
    return (
        [_waiver(row, words, _grantable(row)) for row in lacking if row.is_grantable][:MOST],
        [_waiver(row, words, _lack(row)) for row in lacking if not row.is_grantable][:MOST],
        [
            _waiver(row, words, f"A waiver for {row.version} ends") | {"when": row.expires_at}
            for row in held
            if row.expires_at < soon
        ][:MOST],
    )


def _grantable(waiver: Waiver) -> str:
    return f"A waiver for {waiver.version} that you could grant, asked for by {waiver.requested_by}"


def _lack(waiver: Any) -> str:
    lacking = GRANTS_NEEDED - waiver.counted
    people = f"{lacking} reviewers" if lacking > 1 else "one reviewer"
    return (
        f"A waiver for {waiver.version}, asked for by {waiver.requested_by}: "
        f"waits to be granted by {people} of {waiver.version.team}"
    )


def _waiver(waiver: Waiver, words: dict[str, str], text: str) -> Item:
    """A waiver by what it accepts, not by its code."""
    code = waiver.requirement
    return {"title": words[code], "code": code, "text": text, "href": _to("waiver", waiver.pk)}


def _soon() -> Q:
    now = timezone.now()
    return Q(expires_at__gt=now, expires_at__lt=now + SOON)


def _approvals(person: User) -> list[Item]:
    mine = ModelVersion.objects.visible_to(person).filter(stage=Stage.INFERENCE)
    later = Transition.objects.filter(version=OuterRef("version"), at__gt=OuterRef("at"))
    rows = Transition.objects.filter(_soon(), ~Exists(later), version__in=mine).select_related("version__model__team")
    return [
        {
            "text": "Approved until then",
            "title": str(row.version),
            "when": row.expires_at,
            "href": _to("version", row.version_id),
        }
        for row in rows[:MOST]
    ]


def _tokens(person: User) -> list[Item]:
    kept = ArraySubquery(teams_of(person, Role.ADMINISTRATOR).order_by().values("pk"))
    rows = Token.objects.filter(_soon(), revoked_at=None, team_ids__overlap=kept)
    return [
        {"text": "A token ends", "title": str(row), "when": row.expires_at, "href": reverse("people")}
        for row in rows[:MOST]
    ]


def _to(name: str, key: Any) -> str:
    return reverse(name, args=[key])
