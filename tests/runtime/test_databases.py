"""The databases that tests get are those of a deployment: same roles, same limits."""

import socket
import subprocess
import sys
import urllib.request

import psycopg
import pytest
from django.db import connection


@pytest.mark.django_db
def test_rows_are_written_as_the_role_of_the_web() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select session_user, current_setting('search_path')")
        assert cursor.fetchone() == ("assay_app", "assay, pg_temp")


def test_a_committed_database_is_seen_by_every_role(as_role, committed_db) -> None:
    for role in ("assay_app", "assay_auditor", "assay_worker", "assay_notary", "assay_migrator", "postgres"):
        row = as_role(role).execute("select session_user, current_database()").fetchone()
        assert row == (role, committed_db.database)


def test_django_speaks_to_the_committed_database(committed_db) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_database()")
        assert cursor.fetchone() == (committed_db.database,)


def test_the_web_has_two_seconds_per_statement_and_ten_idle_in_a_transaction(as_role) -> None:
    app = as_role("assay_app")
    assert app.execute("show statement_timeout").fetchone() == ("2s",)
    assert app.execute("show idle_in_transaction_session_timeout").fetchone() == ("10s",)


@pytest.mark.parametrize("role", ["assay_app", "assay_auditor", "assay_worker", "assay_notary"])
@pytest.mark.parametrize(
    "statement",
    [
        "create temp table shadow (i int)",
        "create table public.shadow (i int)",
        "create table assay.shadow (i int)",
        "create schema shadow",
        "set role assay_owner",
        "create role shadow",
    ],
)
def test_no_run_time_role_makes_anything_of_its_own(as_role, role, statement) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        as_role(role).execute(statement)


def test_the_owner_has_no_login(committed_db) -> None:
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in|password authentication failed"):
        psycopg.connect(committed_db.url("assay_owner"))


def test_a_wrong_password_is_refused(committed_db) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(committed_db.url("assay_app"), password="guess")


def test_nobody_reaches_the_server_by_tcp(superuser) -> None:
    assert superuser.execute("show listen_addresses").fetchone() == ("",)


def test_the_web_is_served_over_the_committed_database(live_url) -> None:
    with urllib.request.urlopen(f"{live_url}/accounts/login/", timeout=30) as page:
        assert page.status == 200


def test_a_process_beside_the_test_is_the_role_it_was_given(environ_of, committed_db) -> None:
    question = "select session_user || ' in ' || current_database()"
    code = f"import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).execute({question!r}).fetchone()[0])"
    environ = environ_of("assay_worker")
    said = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == f"assay_worker in {committed_db.database}"
    assert "OWNER_DATABASE_URL" not in environ


def test_tests_reach_no_network() -> None:
    with socket.socket() as outward, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        outward.connect(("192.0.2.1", 80))
