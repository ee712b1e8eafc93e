"""Where a page lies."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from registry.models.choices import Role
from registry.web.access import teams_of

ROOMS = {
    "model-list": "Models",
    "dataset-list": "Datasets",
    "project-list": "Projects",
    "policy-list": "Policies",
    "review-queue": "Reviews",
    "people": "People",
    "methods": "Methods",
}


def crumbs(room: str, *below: tuple[str, str, Any]) -> list[dict[str, str]]:
    """A room, then (title, address name, key) for what lies between it and the page."""
    first = {"title": ROOMS[room], "href": reverse(room)}
    return [first, *({"title": title, "href": reverse(name, args=[key])} for title, name, key in below)]


def offer_new(request: HttpRequest, name: str, title: str) -> list[dict[str, str]]:
    """A button for what contributors may register."""
    may = teams_of(request.user, Role.CONTRIBUTOR).exists()
    return [{"title": title, "href": reverse(name)}] if may else []
