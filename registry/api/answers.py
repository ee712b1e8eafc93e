"""The responses in place of an answer that may not be served at this moment."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from registry.api.problems import MEDIA_TYPE, details
from registry.services.answers import Answer, why_over, why_unsigned


def why_not(request: HttpRequest, answer: Answer) -> HttpResponse | None:
    """The problem that keeps an answer from being served now; None if nothing does."""
    if over := why_over(answer):
        kind, said = over
        return refusal(request, 409, kind, "Not approved", said, approved=False, standing=answer.standing)
    if waiting := why_unsigned(answer):
        kind, said = waiting
        if kind == "pending":
            return refusal(request, 503, kind, "Not yet signed", said, Retry_After="5")
        return refusal(request, 409, kind, "Not signed", said, approved=False, standing=answer.standing)
    return None


def refusal(request: HttpRequest, status: int, kind: str, title: str, said: str, **more: Any) -> HttpResponse:
    """Problem details. What begins with a capital letter is a header."""
    headers = {name.replace("_", "-"): more.pop(name) for name in list(more) if name[0].isupper()}
    body = details(status, kind=kind, title=title, detail=said, instance=request.path, **more)
    return HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE, headers=headers)
