"""Rows a person may see: those of the teams they belong to. Everything else does not exist for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import Q


class TeamOwnedQuerySet(models.QuerySet):
    """A queryset that knows by which path a row leads to the people of its team."""

    person_path = ""

    def visible_to(self, person: Any) -> TeamOwnedQuerySet:
        """Rows of teams in which `person` has a running membership; nobody's for an anonymous visitor."""
        if not getattr(person, "is_authenticated", False):
            return self.none()
        membership = self.person_path.removesuffix("__person")
        running = Q(**{f"{membership}__person": person, f"{membership}__ended_at": None})
        return self.filter(pk__in=self.model._base_manager.filter(running).values("pk"))

    def of_teams(self, teams: Collection[int]) -> TeamOwnedQuerySet:
        """Rows of these teams alone, by their ids."""
        path = self.person_path.removesuffix("memberships__person")
        return self.filter(**{f"{path}pk__in": teams})


class TeamOwned:
    """Builds the manager of a team's things."""

    @staticmethod
    def as_manager(person_path: str) -> models.Manager:
        """A manager with `visible_to(person)`; `person_path` leads from a row to a membership's person."""
        queryset = type("VisibleQuerySet", (TeamOwnedQuerySet,), {"person_path": person_path, "__module__": __name__})
        return queryset.as_manager()
