"""Two requests in each other's way: the one that the database sends back is carried out once more, whole."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, Transition
from registry.services.conflicts import REPEATS, repeated
from tests import make
from tests.api.clients import Caller, made
from tests.people import Cast

Connect = Callable[..., psycopg.Connection[Any]]
WAITING = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
PATIENCE_SECONDS = 20


class Rival(threading.Thread):
    """A transaction of somebody else that has changed a version's row.

    As soon as another one waits for the row it commits; or it asks for something more, and gives up once it has it.
    """

    def __init__(
        self, connect: Connect, version: ModelVersion, *, then: str = "", values: tuple[Any, ...] = ()
    ) -> None:
        super().__init__()
        self.holder, self.watcher = connect("postgres"), connect("postgres", autocommit=True)
        self.then, self.values, self.met = then, values, False
        # It is the other one that the database sends back: this one would not look for a deadlock that soon.
        self.holder.execute("set deadlock_timeout = '60s'")
        self.holder.execute("update assay.model_version set touched = touched + 1 where id = %s", [version.pk])

    def run(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.met and time.monotonic() < until:
            row = self.watcher.execute(WAITING).fetchone()
            self.met = bool(row and row[0])
        if self.met and self.then:
            self.holder.execute(self.then, self.values)
            self.holder.rollback()
        self.holder.commit()


@contextmanager
def meeting(rival: Rival) -> Iterator[None]:
    rival.start()
    yield
    rival.join()
    assert rival.met


@pytest.fixture
def version(committed_cast: Cast) -> ModelVersion:
    return make.model_version(committed_cast)


def take_snapshots() -> None:
    """From now on a transaction that meets another one's change is sent back, rather than made to wait."""
    with connection.cursor() as cursor:
        cursor.execute("set session characteristics as transaction isolation level repeatable read")


def test_the_loser_of_a_deadlock_asks_again_and_gets_through(
    committed_cast: Cast, version: ModelVersion, as_role: Connect, superuser: psycopg.Connection[Any]
) -> None:
    database = connection.settings_dict["NAME"]
    superuser.execute(f'alter database "{database}" set deadlock_timeout = "3s"')  # enough for the rival to close it
    connection.close()
    # The request holds its key and wants the version; the rival holds the version and wants the key.
    wants_the_key = (
        "insert into assay.idempotency_record (person_id, key, request_digest, body) values (%s, 'met', 'x', '')"
    )
    rival = Rival(as_role, version, then=wants_the_key, values=(committed_cast.pipeline.pk,))
    pipeline = Caller(secret=committed_cast.secret)
    with meeting(rival):
        made(pipeline.post(f"versions/{version.pk}/transitions/", {"to_stage": "data"}, Idempotency_Key="met"), 200)
    assert Transition.objects.filter(version=version).count() == 1


def test_a_request_that_could_not_be_put_in_order_is_repeated_by_the_api(
    committed_cast: Cast, version: ModelVersion, as_role: Connect
) -> None:
    take_snapshots()
    pipeline = Caller(secret=committed_cast.secret)
    with meeting(Rival(as_role, version)):
        made(pipeline.post(f"versions/{version.pk}/transitions/", {"to_stage": "data"}), 200)
    assert Transition.objects.filter(version=version).count() == 1


def test_a_form_that_could_not_be_put_in_order_is_carried_out_once_more(
    committed_cast: Cast, version: ModelVersion, as_role: Connect
) -> None:
    take_snapshots()
    ada = Client()
    ada.force_login(committed_cast.ada, backend="django.contrib.auth.backends.ModelBackend")
    with meeting(Rival(as_role, version)):
        answer = ada.post(reverse("version-move", args=[version.pk]), {"to_stage": "data", "comment": ""})
    assert answer.status_code == 302
    assert Transition.objects.filter(version=version).count() == 1


def busy() -> OperationalError:
    error = OperationalError("could not serialize access")
    error.__cause__ = psycopg.errors.SerializationFailure()
    return error


class Unlucky:
    """A verb that is sent back so many times."""

    def __init__(self, times: int) -> None:
        self.left, self.tries = times, 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.left:
            raise busy()
        return "done"


def test_a_verb_is_repeated_three_times_and_no_more(committed_db: object) -> None:
    lucky, hopeless = Unlucky(REPEATS), Unlucky(REPEATS + 1)
    assert repeated(lucky.__call__)() == "done"
    with pytest.raises(OperationalError):
        repeated(hopeless.__call__)()
    assert hopeless.tries == REPEATS + 1


def test_within_a_transaction_of_the_caller_nothing_is_repeated(committed_db: object) -> None:
    unlucky = Unlucky(1)
    with pytest.raises(OperationalError), transaction.atomic():
        repeated(unlucky.__call__)()
    assert unlucky.tries == 1
