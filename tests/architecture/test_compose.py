"""The containers keep the roles apart: what one process may know, no other is handed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from registry.management.embedded.credentials import Passwords
from registry.management.embedded.postgres import Postgres
from registry.management.embedded.roles import LOGINS, provision
from tests.architecture.sources import ROOT

DOCKER = ROOT / "docker"
KNOWS = {
    "postgres": {"postgres_password"},
    "valkey": {"valkey_password"},
    "migrate": {"admin_url", "passwords", "assay_migrator_url"},
    "web": {"assay_app_url", "broker_url", "secret_key"},
    "worker-cpu": {"assay_worker_url", "broker_url"},
    "worker-gpu": {"assay_worker_url", "broker_url"},
    "reaper": {"assay_worker_url", "broker_url"},
    "notary": {"assay_notary_url"},
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    subprocess.run([sys.executable, "make_secrets.py", folder], cwd=DOCKER, check=True, capture_output=True)
    return folder


def test_each_service_is_handed_its_own_secrets_and_no_more(compose) -> None:
    assert {name: set(service.get("secrets", [])) for name, service in compose["services"].items()} == KNOWS


def test_each_service_reads_only_secrets_it_is_handed(compose) -> None:
    for name, service in compose["services"].items():
        mentioned = set(re.findall(r"/run/secrets/(\w+)", json.dumps(service)))
        assert mentioned == KNOWS[name], name


def test_no_password_stands_in_the_file(compose) -> None:
    for name, service in compose["services"].items():
        plain = {key for key in service.get("environment", {}) if re.search("PASSWORD|SECRET|DATABASE_URL|BROKER", key)}
        assert all(key.endswith(("_FILE", "ASSAY_PASSWORDS")) for key in plain), name


def test_every_secret_is_made_and_none_is_left_over(compose, secrets) -> None:
    named = {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert named | {"assay_auditor_url"} == {path.name for path in secrets.iterdir()}
    assert set(compose["secrets"]) == set().union(*KNOWS.values())


def test_only_the_notary_mounts_the_signing_key(compose) -> None:
    holders = [name for name, service in compose["services"].items() if "notary" in str(service.get("volumes"))]
    assert holders == ["notary"]


def test_only_the_web_can_be_reached_from_outside(compose) -> None:
    reachable = {name for name, service in compose["services"].items() if "outside" in service["networks"]}
    published = {name for name, service in compose["services"].items() if "ports" in service}
    assert reachable == published == {"web"}
    assert compose["networks"]["inside"]["internal"] is True


def test_nobody_keeps_privileges(compose) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged"), name
    for image in (DOCKER / "Dockerfile", DOCKER / "Dockerfile.gpu"):
        assert re.findall(r"^USER (\S+)", image.read_text(), flags=re.MULTILINE)[-1:] == ["assay"]


def test_everything_that_stays_up_says_whether_it_is_well(compose) -> None:
    without = [name for name, service in compose["services"].items() if "healthcheck" not in service]
    assert without == ["migrate"]


def test_the_broker_and_the_workers_agree_about_queues(compose) -> None:
    assert "cpu" in compose["services"]["worker-cpu"]["command"]
    assert '"-Q", "gpu"' in (DOCKER / "Dockerfile.gpu").read_text()


def test_the_secrets_fit_the_roles_that_are_provisioned(secrets, servers_home) -> None:
    passwords = Passwords(secrets / "passwords.json")
    server = Postgres(servers_home, durable=False)
    provision(server.start(), passwords=passwords, database="assay")
    for role in LOGINS:
        address = (secrets / f"{role}_url").read_text().replace("@postgres:5432/", "@/")
        with psycopg.connect(address, host=str(server.sockets)) as session:
            assert session.execute("select session_user").fetchone() == (role,)
    with psycopg.connect(
        (secrets / "assay_migrator_url").read_text().replace("@postgres:5432/", "@/"), host=str(server.sockets)
    ) as session:
        assert session.execute("select current_user").fetchone() == ("assay_owner",)


def test_the_entrypoint_reads_secrets_from_files(secrets) -> None:
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL_FILE": str(secrets / "assay_app_url")}
    shown = subprocess.run(
        [DOCKER / "entrypoint", "env"], env=environ, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    told = dict(line.split("=", 1) for line in shown)
    assert told["DATABASE_URL"] == (secrets / "assay_app_url").read_text()
    assert "DATABASE_URL_FILE" not in told
    assert len(told["SECRET_KEY"]) > 50


def test_secrets_are_never_overwritten(secrets) -> None:
    before = (secrets / "secret_key").read_text()
    again = subprocess.run([sys.executable, "make_secrets.py", secrets], cwd=DOCKER, check=False, capture_output=True)
    assert again.returncode == 1
    assert (secrets / "secret_key").read_text() == before
