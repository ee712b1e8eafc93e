"""The addresses of the accounts library, without those that this server has no use for."""

from collections.abc import Callable

from allauth.account.urls import urlpatterns as offered
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

# An operator makes an account, with its address; the library asks for these names though nothing stands there.
CLOSED = frozenset(
    {
        "account_signup",
        "account_email",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_confirm_login_code",
        "account_set_password",
    }
)
BY_EMAIL = "account_reset_password"


def nowhere(request: HttpRequest, **_: str) -> HttpResponse:
    """There is nothing here."""
    raise Http404


def where_email_is_sent(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that rests on a message: where none is sent there is nothing here."""

    def answer(request: HttpRequest, **address: str) -> HttpResponse:
        return (view if settings.SENDS_EMAIL else nowhere)(request, **address)

    return answer


def _kept(each: URLPattern) -> URLPattern:
    name = each.name or ""
    if name in CLOSED:
        return URLPattern(each.pattern, nowhere, name=name)
    return URLPattern(each.pattern, where_email_is_sent(each.callback), name=name) if BY_EMAIL in name else each


urlpatterns = [_kept(each) for each in offered]
