"""How often somebody may ask: counted per minute, in the cache that the processes of one machine share."""

import hashlib
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache

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
