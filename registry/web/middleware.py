"""Turning a refused verb into a page that says what happened and what was kept."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

from registry.exceptions import Refusal
from registry.services.conflicts import in_each_others_way, took_too_long


class RefusalMiddleware:
    """Renders `<status>.html` for a refusal that a page's own form did not show."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on. What only members may see is kept by no cache; a wrong method has a page as well."""
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            allowed, response = response["Allow"], render(request, "405.html", status=response.status_code)
            response["Allow"] = allowed
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page for a refusal; anything else is an error and goes its way."""
        if took_too_long(exception) or in_each_others_way(exception):
            reason = "The database is busy with something that stood in the way of this."
            return render(request, "503.html", {"title": "Busy", "reason": reason}, status=503)
        if not isinstance(exception, Refusal):
            return None
        context = {
            "title": exception.title,
            "reason": str(exception),
            "verdict": exception.detail.get("verdict"),
            "errors": exception.detail.get("errors"),
        }
        return render(request, f"{exception.status}.html", context, status=exception.status)
