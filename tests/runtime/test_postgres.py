"""The embedded Postgres: private, recovering, and refusing rather than guessing."""

import os
import stat

import psycopg
import pytest

from registry.management.embedded import pidfile
from registry.management.embedded.places import EmbeddedError
from registry.management.embedded.postgres import Postgres
from registry.management.embedded.roles import provision


@pytest.fixture
def postgres(servers_home, request):
    server = Postgres(servers_home, durable="kill" in request.node.name)
    server.start()
    return server


def test_data_stays_when_it_stops_and_starts_again(postgres) -> None:
    with psycopg.connect(postgres.admin_url()) as session:
        session.execute("create table kept as select 7 as n")
    postgres.stop()
    assert not postgres.is_running()
    postgres.start()
    with psycopg.connect(postgres.admin_url()) as session:
        assert session.execute("select n from kept").fetchone() == (7,)


def test_it_recovers_after_a_kill(postgres) -> None:
    with psycopg.connect(postgres.admin_url()) as session:
        session.execute("create table kept as select 7 as n")
    process = pidfile.recall(postgres.pid_file)
    process.kill()
    assert pidfile.wait_gone(process, seconds=10)
    assert not postgres.is_running()
    postgres.start()
    with psycopg.connect(postgres.admin_url()) as session:
        assert session.execute("select n from kept").fetchone() == (7,)


def test_starting_twice_is_starting_once(postgres) -> None:
    before = postgres.pid_file.read_text()
    assert Postgres(postgres.home).start() == postgres.admin_url()
    assert postgres.pid_file.read_text() == before


def test_a_pid_used_again_is_not_taken_for_the_server(postgres) -> None:
    postgres.stop()
    pidfile.remember(postgres.pid_file, os.getpid())
    postgres.pid_file.write_text(postgres.pid_file.read_text().replace('"started": 1', '"started": 2'))
    assert not postgres.is_running()
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n")
    postgres.start()
    assert postgres.is_running()


def test_a_cluster_with_trust_is_refused(postgres) -> None:
    postgres.stop()
    rules = postgres.data / "pg_hba.conf"
    rules.write_text(rules.read_text() + "local all all trust\n")
    with pytest.raises(EmbeddedError, match="without a password"):
        postgres.start()


def test_data_of_another_major_version_is_refused_with_instructions(postgres) -> None:
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedError, match=r"made by Postgres 14.*pg_dump.*make reset"):
        postgres.start()
    (postgres.data / "PG_VERSION").write_text("18\n")


def test_files_are_private(postgres) -> None:
    assert stat.S_IMODE(postgres.passwords.path.stat().st_mode) == 0o600
    for folder in (postgres.server, postgres.data, postgres.sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_under_root_the_server_runs_as_a_user_without_a_shell(postgres) -> None:
    process = pidfile.recall(postgres.pid_file)
    assert process.uids().real == postgres.account.uid != 0
    assert postgres.data.stat().st_uid == postgres.account.uid
    assert postgres.passwords.path.stat().st_uid == 0


def test_case_is_folded_beyond_ascii(postgres) -> None:
    with psycopg.connect(postgres.admin_url()) as session:
        assert session.execute("select 'É' ilike 'é'").fetchone() == (True,)


def test_roles_can_be_provisioned_again(postgres) -> None:
    first = provision(postgres.admin_url(), passwords=postgres.passwords)
    again = provision(postgres.admin_url(), passwords=postgres.passwords)
    assert first == again
    with psycopg.connect(again.url("assay_migrator")) as session:
        assert session.execute("select session_user, current_user").fetchone() == ("assay_migrator", "assay_owner")


def test_an_administrator_who_is_no_superuser_can_provision_too(postgres) -> None:
    with psycopg.connect(postgres.admin_url(), autocommit=True) as session:
        session.execute("create role chief login createrole createdb password 'chief'")
    url = postgres.admin_url().replace(f"postgres:{postgres.passwords.of('postgres')}", "chief:chief")
    access = provision(url, passwords=postgres.passwords)
    with psycopg.connect(access.url("assay_migrator")) as session:
        session.execute("create table assay.made (i int)")


def test_a_folder_another_user_cannot_reach_is_named(tmp_path, monkeypatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = Postgres(closed / "home")
    if postgres.account is None:
        pytest.skip("no other user is involved")
    with pytest.raises(EmbeddedError, match="can't enter"):
        postgres.start()
