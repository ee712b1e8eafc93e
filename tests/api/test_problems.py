"""Errors of the database that are nobody's fault are answered so that a client asks again."""

import psycopg
import pytest
from django.db import OperationalError

from registry.api.problems import describe


@pytest.mark.parametrize(
    "cause",
    [
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
        psycopg.errors.QueryCanceled,
        psycopg.errors.LockNotAvailable,
    ],
)
def test_what_may_succeed_the_next_time_is_busy_and_says_when(cause: type[psycopg.Error]) -> None:
    error = OperationalError("no luck")
    error.__cause__ = cause()
    found = describe(error)
    assert found is not None
    body, headers = found
    assert (body["status"], body["type"]) == (503, "urn:assay:problem:busy")
    assert "Nothing was changed." in body["detail"]
    assert int(headers["Retry-After"]) >= 1


def test_a_lost_connection_is_a_fault_of_ours() -> None:
    error = OperationalError("the server is gone")
    error.__cause__ = psycopg.errors.AdminShutdown()
    assert describe(error) is None
