"""The dossier's address: who gets it, what is recorded, and what is said when it can't be drawn."""

import hashlib
import json

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from registry.management.embedded.roles import Access
from registry.models import AuditEvent, ModelVersion
from registry.reports import turns
from tests import make
from tests.people import Cast


@pytest.fixture
def version(cast: Cast) -> ModelVersion:
    return make.ready_version(cast)


def address(version: ModelVersion) -> str:
    return reverse("version-dossier", args=[version.pk])


def exports() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb="dossier.exported"))


def test_a_member_gets_a_pdf_that_no_cache_keeps_and_its_digest_is_on_record(
    client: Client, cast: Cast, version: ModelVersion
) -> None:
    client.force_login(cast.mary)
    answer = client.get(address(version))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="dossier-lending-mortgage-approval-1.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert not answer.cookies
    [event] = exports()
    detail = json.loads(event.body)["detail"]
    assert detail["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert (event.actor, event.subject_id, event.team) == (cast.mary, str(version.pk), cast.lending)


@pytest.mark.parametrize(
    ("word", "is_told"), [("k3j9x2", True), ("", False), ("a b; Path=/", False), ("a" * 21, False)]
)
def test_the_word_that_a_page_waits_for_comes_back_to_that_version_alone(
    client: Client, cast: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch, word: str, is_told: bool
) -> None:
    monkeypatch.setattr("registry.web.dossiers.dossier.render", lambda _: b"%PDF-")  # what is drawn is tested above
    client.force_login(cast.mary)
    answer = client.get(address(version), {"word": word})
    assert answer.status_code == 200
    assert set(answer.cookies) == ({"dossier"} if is_told else set())
    if is_told:
        [cookie] = answer.cookies.values()
        assert (cookie.value, cookie["path"]) == (word, reverse("version", args=[version.pk]))
        assert not cookie["httponly"]


@pytest.mark.parametrize("name", ["eve", "olga"])
def test_for_another_team_it_does_not_exist(client: Client, cast: Cast, version: ModelVersion, name: str) -> None:
    client.force_login(cast.everybody()[name])
    assert client.get(address(version)).status_code == 404
    assert exports() == []


def test_a_stranger_is_asked_to_log_in(client: Client, version: ModelVersion) -> None:
    answer = client.get(address(version))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("method", ["post", "put", "delete", "head"])
def test_it_is_only_fetched(client: Client, cast: Cast, version: ModelVersion, method: str) -> None:
    client.force_login(cast.mary)
    assert getattr(client, method)(address(version)).status_code == 405


def test_a_dossier_that_cannot_be_drawn_in_time_is_refused_with_a_page_and_not_recorded(
    client: Client, cast: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(cast.mary)
    with monkeypatch.context() as hurried:
        hurried.setattr("registry.reports.pdf.TIME_LIMIT_S", 0.05)
        answer = client.get(address(version))
    said = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Drawing it took longer than it may." in said
    assert "Nothing was kept and nothing was changed." in said
    assert exports() == []
    assert client.get(address(version)).status_code == 200


def test_only_so_many_are_drawn_at_once_and_the_next_is_told_to_come_again(
    client: Client, cast: Cast, version: ModelVersion
) -> None:
    client.force_login(cast.mary)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as elsewhere:
        for number in range(turns.AT_ONCE):
            elsewhere.execute("select pg_advisory_lock(%s, %s)", [turns.KEY, number])
        answer = client.get(address(version))
        said = answer.content.decode()
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert "Other dossiers are being drawn just now" in said
        assert exports() == []
        elsewhere.execute("select pg_advisory_unlock(%s, %s)", [turns.KEY, 1])
        assert client.get(address(version)).status_code == 200
    assert len(exports()) == 1


def test_a_turn_is_given_back_whatever_happens(db: None) -> None:
    for _ in range(turns.AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError
    with turns.turn():
        assert turns.KEY in held()
    assert turns.KEY not in held()


def test_what_was_drawn_outlives_the_session_that_kept_its_turn(committed_db: Access) -> None:
    for _ in range(turns.AT_ONCE + 1):
        with turns.turn():
            with pytest.raises(OperationalError), connection.cursor() as cursor:
                cursor.execute("select pg_terminate_backend(pg_backend_pid())")
            drawn = "all of it"
    assert drawn == "all of it"
    assert held() == []
    with turns.turn():
        assert turns.KEY in held()


def held() -> list[int]:
    """The first halves of the advisory locks that this session has."""
    with connection.cursor() as cursor:
        cursor.execute("select classid::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")
        return [key for (key,) in cursor.fetchall()]
