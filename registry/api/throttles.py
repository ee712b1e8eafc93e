"""How often somebody may ask: counted per minute, in the cache that the processes of one machine share or not."""

import hashlib
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from registry.api.authentication import token_of

WINDOW = 60


def address_of(request: Any) -> str:
    """Where a request came from; behind our own proxy, what the proxy saw."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def count(scope: str, who: str) -> int:
    """Note one more in this minute; how many that makes."""
    key = _key(scope, who)
    cache.add(key, 0, timeout=2 * WINDOW)
    return int(cache.incr(key))


def is_over(scope: str, who: str) -> bool:
    """Whether this minute's limit is used up; looking counts nothing."""
    return int(cache.get(_key(scope, who), 0)) >= settings.API_LIMITS[scope]


def seconds_left() -> int:
    """How long the present minute lasts."""
    return WINDOW - int(time.time()) % WINDOW


def _key(scope: str, who: str) -> str:
    name = hashlib.sha256(who.encode()).hexdigest()[:32]
    return f"limit:{scope}:{name}:{int(time.time()) // WINDOW}"


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
