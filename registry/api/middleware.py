"""The short way to the verdict: what a pipeline asks with its token needs no session, form or message."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from registry.api.verdict import verdict

PATH = "/api/v1/verdict/"


class VerdictShortcut:
    """Answers a verdict that is asked with a token before the middleware of the pages runs; all else passes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view's own answer, or the rest of the way."""
        scheme = request.headers.get("Authorization", "")[:7].lower()
        if request.path_info != PATH or scheme != "bearer ":
            return self.get_response(request)
        response = verdict(request)
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response
