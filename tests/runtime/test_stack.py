"""What each process of the demo may know."""

import os
import socket
from pathlib import Path

import pytest

from registry.management.embedded.credentials import Passwords
from registry.management.embedded.places import EmbeddedError, cluster_home
from registry.management.embedded.roles import Access
from registry.management.embedded.stack import MANAGE, Stack, require_free_port

ROLES = {"web": "assay_app", "worker": "assay_worker", "reaper": "assay_worker", "notary": "assay_notary"}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    environ = {"PATH": "/usr/bin", "DATABASE_URL": "postgresql://chief:secret@/assay", "OWNER_DATABASE_URL": "chief"}
    return Stack(home=tmp_path, port=8123, environ=environ, say=lambda name, text: None)


@pytest.fixture
def access(tmp_path: Path) -> Access:
    return Access(host="/run/sockets", port=5432, database="assay", passwords=Passwords(tmp_path / "passwords.json"))


def test_each_process_knows_its_own_role_and_no_other(stack, access) -> None:
    programs = {program.name: program.environ for program in stack.services(access, "redis://broker")}
    assert programs.keys() == ROLES.keys()
    for name, environ in programs.items():
        assert f"//{ROLES[name]}:" in environ["DATABASE_URL"]
        others = {access.passwords.of(role) for role in {*ROLES.values(), "assay_migrator"} - {ROLES[name]}}
        assert not others & {word for value in environ.values() for word in (value, access.passwords.of(ROLES[name]))}
        assert "chief" not in str(environ)
        assert "OWNER_DATABASE_URL" not in environ


def test_only_the_migrations_become_the_owner(stack, access) -> None:
    migrate = stack.program("migrate", "assay_migrator", access, "redis://broker", *MANAGE, "migrate")
    assert "role%3Dassay_owner" in migrate.environ["OWNER_DATABASE_URL"]


def test_the_notarys_keys_lie_in_a_folder_only_their_owner_may_enter(stack) -> None:
    assert (stack.home / "notary").stat().st_mode & 0o777 == 0o700


def test_a_port_in_use_is_said_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"make demo PORT={port + 1}"):
            require_free_port(port)


def test_a_new_checkout_at_an_old_path_gets_a_cluster_of_its_own(tmp_path) -> None:
    home = tmp_path / "var"
    first = cluster_home(home)
    assert cluster_home(home) == first
    (home / "instance").unlink()
    assert cluster_home(home) != first
    assert os.path.commonpath([first, cluster_home(home)]) == str(first.parent)
