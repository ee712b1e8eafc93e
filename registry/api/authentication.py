"""Who is asking: a pipeline by its token, a person by their session."""

from copy import copy
from typing import Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from registry.api.limits import address_of, count, is_over, seconds_left
from registry.models import Token, User
from registry.services import people


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`. The request then acts as the token's service account, within the token's teams."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """The account and the token; None where no token was sent. A token that ended is refused at once."""
        secret = bearer_secret(get_authorization_header(request))
        if secret is None:
            return None
        address = address_of(request)
        if is_over("bad_token", address):
            raise Throttled(wait=seconds_left(), detail="Too many wrong tokens.")
        token = people.find_token(secret)
        if token is None:
            count("bad_token", address)
            raise AuthenticationFailed("This token is unknown, has ended or was revoked.")
        return token.acts_as, token

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing or wrong identity a 401."""
        return 'Bearer realm="assay"'


class PersonalSession(SessionAuthentication):
    """A person's session. What changes anything needs the header X-CSRFToken beside the cookie."""

    def enforce_csrf(self, request: Request) -> None:
        """Check the header alone: looking for a form field would read the body, and an upload past its limits."""
        headers_alone = copy(request._request)
        headers_alone._post, headers_alone._files = QueryDict(), MultiValueDict()
        super().enforce_csrf(headers_alone)


def bearer_secret(header: bytes) -> str | None:
    """The secret in an Authorization header; None where there is no bearer token, "" where it is malformed."""
    scheme, _, secret = header.strip().partition(b" ")
    if scheme.lower() != b"bearer":
        return None
    return secret.strip().decode("ascii", errors="replace")


def token_of(request: Any) -> Token | None:
    """The token a request came with; None for a person with a session."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, Token) else None
