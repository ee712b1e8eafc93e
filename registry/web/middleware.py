"""Turning a refused verb into a page that says what happened and what was kept."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registry.exceptions import Refusal


class RefusalMiddleware:
    """Renders `<status>.html` for a refusal that a page's own form did not show."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page for a refusal; anything else is an error and goes its way."""
        if not isinstance(exception, Refusal):
            return None
        context = {"title": exception.title, "message": str(exception), "detail": exception.detail}
        return render(request, f"{exception.status}.html", context, status=exception.status)
