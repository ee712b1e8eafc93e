"""Fetching a thing for a visitor: what belongs to a team they are not in does not exist for them."""

from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from registry.models import (
    DatasetVersion,
    Document,
    Evaluation,
    ModelVersion,
    Policy,
    PolicyRevision,
    Risk,
    SignOff,
    Team,
    User,
    Verdict,
    Waiver,
)

# Rows without a team of their own, by the links that lead to one.
OWNERS: dict[type[Model], dict[str, Any]] = {
    Document: {"model_version": ModelVersion, "dataset_version": DatasetVersion},
    Evaluation: {"version": ModelVersion},
    PolicyRevision: {"policy": Policy},
    Risk: {"version": ModelVersion},
    SignOff: {"version": ModelVersion},
    Verdict: {"version": ModelVersion},
    Waiver: {"version": ModelVersion},
}


def visible(model: Any, person: Any) -> QuerySet[Any]:
    """The rows of `model` that `person` may see."""
    if model not in OWNERS:
        rows: QuerySet[Any] = model.objects.visible_to(person)
        return rows
    allowed = Q()
    for link, owner in OWNERS[model].items():
        allowed |= Q(**{f"{link}__in": owner.objects.visible_to(person)})
    return model.objects.filter(allowed)


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
