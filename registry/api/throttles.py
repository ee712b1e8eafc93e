"""How often one caller may ask."""

from typing import Any

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from registry.api.authentication import token_of
from registry.api.limits import address_of, count, seconds_left


class PerCaller(BaseThrottle):
    """So many requests a minute for one token, one person, or one address."""

    def allow_request(self, request: Any, view: Any) -> bool:
        """Count the request."""
        token, person = token_of(request), request.user
        who = f"token {token.pk}" if token else f"person {person.pk}" if person else f"address {address_of(request)}"
        return count("caller", who) <= settings.API_LIMITS["caller"]

    def wait(self) -> float:
        """Until the next minute begins."""
        return seconds_left()
