"""What every page shows: the teams of the visitor and the number of reviews that wait for them."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from registry.models import Team
from registry.web.present.waiting import awaiting_signature


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that a page which shows no header asks the database nothing."""
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {}
    return {
        "teams": SimpleLazyObject(lambda: _teams(request)),
        "reviews_waiting": SimpleLazyObject(
            lambda: awaiting_signature(person).exclude(newest_outcome="failed").count()
        ),
    }


def _teams(request: HttpRequest) -> list[dict[str, Any]]:
    teams = Team.objects.visible_to(request.user)
    root = reverse("model-list")
    return [
        {"name": team.name, "href": f"{root}?team={team.slug}", "is_current": request.GET.get("team") == team.slug}
        for team in teams
    ]
