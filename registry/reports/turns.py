"""Whose turn it is to draw: drawing takes seconds and much memory, and a request that draws keeps its process busy."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection

AT_ONCE = 2
# The first half of the keys of our advisory locks; the second is the turn's number.
KEY = 0x0D05


class NoTurn(RuntimeError):
    """As many as may are drawing already."""


@contextmanager
def turn() -> Iterator[None]:
    """One of `AT_ONCE` turns, for all processes on all machines together; NoTurn at once where all are taken.

    The database keeps it as a lock of this session, so a turn ends with its process at the latest. It needs one
    session throughout: a pooler between us and the database must lend sessions, not transactions.
    """
    number = next((each for each in range(AT_ONCE) if _ask("pg_try_advisory_lock", each)), None)
    if number is None:
        raise NoTurn(f"{AT_ONCE} are drawing already")
    try:
        yield
    finally:
        _give_back(number)


def _give_back(number: int) -> None:
    try:
        _ask("pg_advisory_unlock", number)
    except Error:
        # A session that broke took its lock with it; the next query connects anew, and what was drawn is not lost.
        connection.close_if_unusable_or_obsolete()


def _ask(function: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(%s, %s)", [KEY, number])
        return bool(cursor.fetchone()[0])
