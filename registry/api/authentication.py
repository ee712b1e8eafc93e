"""Who is asking: a pipeline by its token. People come with a session, which the framework reads."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

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
        token = people.find_token(secret)
        if token is None:
            raise AuthenticationFailed("This token is unknown, has ended or was revoked.")
        return token.acts_as, token

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing or wrong identity a 401."""
        return 'Bearer realm="assay"'


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
