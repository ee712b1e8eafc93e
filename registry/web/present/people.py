"""The people of a person's teams."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from registry import policies
from registry.models import Membership, ReviewerExpertise, Team, Token, User
from registry.models.choices import Expertise, Role

COLUMNS = [{"title": name} for name in ("Person", "Roles", "May sign for", "Since")]


def page(person: User) -> dict[str, Any]:
    """What `registry/people/people.html` takes."""
    return {
        "section": "people",
        "columns": COLUMNS,
        "groups": [_team(t, person) for t in Team.objects.visible_to(person)],
    }


def _team(team: Team, person: User) -> dict[str, Any]:
    administers = policies.may_administer(person, team)
    actions = ("member-new", "Give a role"), ("expertise-new", "Give an expertise"), ("token-new", "Make a token")
    return {
        "team": team,
        "administers": administers,
        "rows": _members(team),
        "actions": [{"title": t, "href": reverse(n, args=[team.pk]), "kind": "quiet"} for n, t in actions]
        if administers
        else [],
        "given": _given(team) if administers else [],
        "tokens": [_token(each) for each in _tokens(team)] if administers else [],
    }


def _given(team: Team) -> list[dict[str, str]]:
    """Every role and expertise that runs, with the address that ends it."""
    kinds = ((Membership, "membership-end", "role"), (ReviewerExpertise, "expertise-end", "expertise"))
    return [
        {"person": str(row.person), "what": f"{noun} {getattr(row, noun)}", "href": reverse(name, args=[row.pk])}
        for model, name, noun in kinds
        for row in model._base_manager.filter(team=team, ended_at=None)
        .select_related("person")
        .order_by("person__username", "pk")
    ]


def _members(team: Team) -> list[list[dict[str, Any]]]:
    memberships = (
        Membership.objects.filter(team=team, ended_at=None)
        .select_related("person")
        .order_by("person__username", "granted_at")
    )
    skills: dict[int, list[str]] = {}
    for row in ReviewerExpertise.objects.filter(team=team, ended_at=None).order_by("expertise"):
        skills.setdefault(row.person_id, []).append(Expertise(row.expertise).label)
    people: dict[int, list[Membership]] = {}
    for membership in memberships:
        people.setdefault(membership.person_id, []).append(membership)
    return [_row(rows, skills.get(pk, [])) for pk, rows in people.items()]


def _row(rows: list[Membership], skills: list[str]) -> list[dict[str, Any]]:
    person = rows[0].person
    kind = "service account" if person.is_service else person.username
    return [
        {"text": str(person), "note": kind if person.is_active else f"{kind}, deactivated"},
        {"text": ", ".join(Role(row.role).label for row in rows)},
        {"text": ", ".join(skills) or "–"},
        {"when": rows[0].granted_at},
    ]


def _tokens(team: Team) -> Any:
    return (
        Token.objects.filter(team_ids__contains=[team.pk])
        .select_related("acts_as", "created_by")
        .order_by("-created_at")[:50]
    )


def _token(token: Token) -> dict[str, Any]:
    state = "revoked" if token.revoked_at else "expired" if token.expires_at < timezone.now() else "active"
    return {"token": token, "state": state, "scopes": ", ".join(token.scopes)}
