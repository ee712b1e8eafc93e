"""What every page shows: the navigation and the number of reviews that wait for the visitor."""

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The navigation's entries, with the one that holds this page marked."""
    return {}
