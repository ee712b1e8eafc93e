"""Clients of the API: a pipeline with its token, people with their sessions, and nobody."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache

from tests.api.clients import Caller
from tests.people import Cast, cast, committed_cast, quick_passwords

__all__ = ["cast", "committed_cast", "quick_passwords"]


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Nobody has asked for anything yet."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def nobody() -> Caller:
    """A visitor who is not logged in."""
    return Caller()


@pytest.fixture
def pipeline(cast: Cast) -> Caller:
    """The pipeline with its token."""
    return Caller(secret=cast.secret)


@pytest.fixture
def person(cast: Cast) -> Callable[[str], Caller]:
    """`person("ada")`: her client, with a session."""

    def logged_in(name: str) -> Caller:
        caller = Caller()
        caller.client.force_login(getattr(cast, name), backend="django.contrib.auth.backends.ModelBackend")
        return caller

    return logged_in
