"""Where a page lies."""

from typing import Any

from django.urls import reverse

ROOMS = {
    "model-list": "Models",
    "dataset-list": "Datasets",
    "project-list": "Projects",
    "policy-list": "Policies",
    "review-queue": "Reviews",
    "people": "People",
}


def crumbs(room: str, *below: tuple[str, str, Any]) -> list[dict[str, str]]:
    """A room, then (title, address name, key) for what lies between it and the page."""
    first = {"title": ROOMS[room], "href": reverse(room)}
    return [first, *({"title": title, "href": reverse(name, args=[key])} for title, name, key in below)]
