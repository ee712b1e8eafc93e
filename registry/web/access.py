"""Fetching a thing for a visitor: what belongs to a team they are not in does not exist for them."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from registry.models import Team, User
from registry.policies import visible


def fetch(model: Any, request: HttpRequest, pk: UUID | int, *related: str) -> Any:
    """The row with this key, with what it is shown with; 404 where the visitor may not see it."""
    rows = visible(model, request.user)
    return get_object_or_404(rows.select_related(*related) if related else rows, pk=pk)


def teams_of(person: User, *roles: str) -> QuerySet[Any]:
    """The teams a person is in now; with `roles`, those where they have one of these."""
    wanted = Q(memberships__person=person, memberships__ended_at=None)
    if roles:
        wanted &= Q(memberships__role__in=roles)
    return Team.objects.filter(wanted).distinct()
