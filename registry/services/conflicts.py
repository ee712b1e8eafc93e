"""Requests that meet in the database: which errors mean that, and doing once more what only came at a bad moment."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import Error, IntegrityError, OperationalError, connection

from registry.exceptions import NotNow

UNIQUE_VIOLATION = "23505"
# Cancelled for taking too long, or for waiting too long for a lock.
TOOK_TOO_LONG = frozenset({"57014", "55P03"})
# Could not be put in an order with others; a deadlock. The database took everything back, so that it may be repeated.
IN_EACH_OTHERS_WAY = frozenset({"40001", "40P01"})
REPEATS = 3
PAUSE_SECONDS = 0.05

Given = ParamSpec("Given")
Result = TypeVar("Result")


def sqlstate(error: BaseException) -> str | None:
    """The database's own code of an error; None where it has none."""
    return getattr(error.__cause__, "sqlstate", None) if isinstance(error, Error) else None


def collision(error: IntegrityError) -> NotNow | None:
    """The refusal behind a row that was there first; None for any other error."""
    if sqlstate(error) != UNIQUE_VIOLATION:
        return None
    return NotNow("Another request did the same at this moment. Look at what is there now.")


def took_too_long(error: BaseException) -> bool:
    """Whether the database gave up on a statement."""
    return isinstance(error, OperationalError) and sqlstate(error) in TOOK_TOO_LONG


def in_each_others_way(error: BaseException) -> bool:
    """Whether another transaction alone was what stood in the way."""
    return isinstance(error, OperationalError) and sqlstate(error) in IN_EACH_OTHERS_WAY


def repeated(verb: Callable[Given, Result]) -> Callable[Given, Result]:
    """Carry a whole verb out again, three times at most, where another transaction stood in its way.

    It takes its transactions itself: within one of the caller's nothing can be repeated, and nothing is.
    """

    @wraps(verb)
    def persistent(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        for before in range(REPEATS):
            try:
                return verb(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not in_each_others_way(error):
                    raise
            # Of different lengths, so that two which met don't meet again.
            time.sleep(PAUSE_SECONDS * 2**before * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        return verb(*args, **kwargs)

    return persistent
