"""Whose turn it is to draw: drawing takes seconds and much memory, and a request that draws keeps its process busy."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

AT_ONCE = 2
# The first half of the keys of our advisory locks; the second is the turn's number.
KEY = 0x0D05


class NoTurn(RuntimeError):
    """As many as may are drawing already."""


@contextmanager
def turn() -> Iterator[None]:
    """One of `AT_ONCE` turns, for all processes on all machines together; NoTurn at once where all are taken.

    The database keeps it as a lock of this session, so a turn ends with its process at the latest.
    """
    number = next((each for each in range(AT_ONCE) if _ask("pg_try_advisory_lock", each)), None)
    if number is None:
        raise NoTurn(f"{AT_ONCE} are drawing already")
    try:
        yield
    finally:
        _ask("pg_advisory_unlock", number)


def _ask(function: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(%s, %s)", [KEY, number])
        return bool(cursor.fetchone()[0])
