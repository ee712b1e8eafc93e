"""A secret that is shown on one page, once, and stored nowhere: the browser carries it from one answer to the next.

It is a cookie of a minute, which no script can read and which is sent to that page alone.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

COOKIE = "shown_once"
SECONDS = 60


def hand_over(answer: HttpResponseRedirect, secret: str) -> HttpResponseRedirect:
    """Let a redirect carry `secret` to the page that it leads to."""
    answer.set_signed_cookie(
        COOKIE,
        secret,
        salt=answer.url,
        max_age=SECONDS,
        path=answer.url,
        secure=settings.SECURE,
        httponly=True,
        samesite="Strict",
    )
    return answer


def handed_back(request: HttpRequest, *, proves: Callable[[str], bool]) -> str:
    """The secret that the page was led to with, if it is the one it should be; an empty text otherwise."""
    secret = request.get_signed_cookie(COOKIE, default="", salt=request.path, max_age=SECONDS)
    return secret if secret and proves(secret) else ""


def forget(answer: HttpResponse, request: HttpRequest) -> HttpResponse:
    """Let the browser drop what it carried."""
    if COOKIE in request.COOKIES:
        answer.delete_cookie(COOKIE, path=request.path, samesite="Strict")
    return answer
