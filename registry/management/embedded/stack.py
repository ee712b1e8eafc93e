"""The demo's processes: which there are, what each one may know, and the order they start and stop in.

Every process gets the database address of its own role and of no other.
"""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from registry.management.embedded.credentials import Passwords
from registry.management.embedded.places import EmbeddedError, cluster_home, make_folder
from registry.management.embedded.postgres import Postgres
from registry.management.embedded.processes import Program, Say, Supervisor, end_leftovers
from registry.management.embedded.roles import MIGRATOR, Access, provision
from registry.management.embedded.valkey import Valkey

ROOT = Path(__file__).resolve().parents[3]
READY_TIMEOUT_S = 120
SECRETS = ("DATABASE_URL", "OWNER_DATABASE_URL", "BROKER_URL")
MANAGE = (sys.executable, "manage.py")


@dataclass
class Stack:
    """Everything `make demo` runs; `start` brings it up, `stop` ends all that `start` began."""

    home: Path
    port: int
    environ: Mapping[str, str]
    say: Say

    def __post_init__(self) -> None:
        make_folder(self.home / "notary", mode=0o700)
        self.supervisor = Supervisor(home=self.home, folder=ROOT, say=self.say)
        self.postgres: Postgres | None = None
        self.url = f"http://localhost:{self.port}"

    def start(self) -> None:
        """Database, broker, migrations, then the processes that serve; returns once the web answers."""
        stale = end_leftovers(self.home)
        require_free_port(self.port)
        access = self.provide_database(stale=stale)
        broker = self.provide_broker()
        self.say("migrate", "brings the tables up to date")
        self.must(self.program("migrate", MIGRATOR, access, broker, *MANAGE, "migrate", "--database=owner", "-v0"))
        self.must(self.program("check_gate", "assay_auditor", access, broker, *MANAGE, "check_gate", "-v0"))
        for program in self.services(access, broker):
            self.say(program.name, f"starts, log in {self.supervisor.log_of(program)}")
            self.supervisor.start(program)
        self.wait_for_web()
        self.must(self.program("seed_demo", "assay_app", access, broker, *MANAGE, "seed_demo"))
        if self.environ.get("ASSAY_EXHIBITS", "1") != "0":
            exhibits = self.program("exhibits", "assay_app", access, broker, *MANAGE, "seed_exhibits")
            self.supervisor.start(replace(exhibits, ends=True))

    def provide_database(self, *, stale: bool) -> Access:
        admin_url = self.environ.get("DATABASE_URL")
        if admin_url:
            self.say("postgres", "uses the server of DATABASE_URL")
            return provision(admin_url, passwords=Passwords(self.home / "passwords.json"))
        postgres = Postgres(cluster_home(self.home))
        if stale:
            postgres.stop()
        if not postgres.is_running():
            self.postgres = postgres
        address = postgres.start()
        self.say("postgres", f"runs, data in {postgres.data}")
        return provision(address, passwords=postgres.passwords)

    def provide_broker(self) -> str:
        named = self.environ.get("BROKER_URL")
        if named:
            self.say("valkey", "uses the broker of BROKER_URL")
            return named
        valkey = Valkey(cluster_home(self.home))
        valkey.stop()
        command = tuple(valkey.command())
        account = valkey.account
        self.supervisor.start(Program("valkey", command, {}, account=account, foundation=True))
        wait_until(valkey.socket.exists, seconds=READY_TIMEOUT_S, tick=self.supervisor.tick, what="Valkey")
        self.say("valkey", "runs")
        return valkey.url()

    def services(self, access: Access, broker: str) -> list[Program]:
        python, address = sys.executable, f"127.0.0.1:{self.port}"
        gunicorn = (
            "gunicorn",
            "registry.wsgi",
            "--bind",
            address,
            "--workers",
            "2",
            "--threads",
            "4",
            "--timeout",
            "120",
        )
        celery = ("celery", "-A", "registry", "worker", "-Q", "cpu", "-c", "2", "-n", "cpu@%h", "--loglevel", "INFO")
        return [
            self.program("web", "assay_app", access, broker, python, "-m", *gunicorn),
            self.program("worker", "assay_worker", access, broker, python, "-m", *celery),
            self.program("reaper", "assay_worker", access, broker, *MANAGE, "reap"),
            self.program("notary", "assay_notary", access, broker, *MANAGE, "notary"),
        ]

    def program(self, name: str, role: str, access: Access, broker: str, *command: str) -> Program:
        """A program that knows one role's address. Only the migrations hear of the alias `owner`."""
        kept = {key: value for key, value in self.environ.items() if key not in SECRETS}
        own = {
            "ASSAY_HOME": str(self.home),
            "ASSAY_PUBLIC_URL": self.url,
            "BROKER_URL": broker,
            "DATABASE_URL": access.url(role),
            "DJANGO_SETTINGS_MODULE": "registry.settings",
            "HF_HUB_OFFLINE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        owner = {"OWNER_DATABASE_URL": access.url(role)} if role == MIGRATOR else {}
        return Program(name, command, {**kept, **own, **owner})

    def must(self, program: Program) -> None:
        status = self.supervisor.run(program)
        if status != 0:
            log = self.supervisor.log_of(program)
            raise EmbeddedError(f"{program.name} ended with status {status}; the whole of it is in {log}")

    def wait_for_web(self) -> None:
        wait_until(self.web_answers, seconds=READY_TIMEOUT_S, tick=self.supervisor.tick, what="The web server")
        self.say("web", f"answers at {self.url}")

    def web_answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            connection.request("GET", "/")
            return connection.getresponse().status < 500
        return False

    def stop(self) -> None:
        survivors = self.supervisor.stop()
        if self.postgres is not None:
            self.postgres.stop()
        self.say("demo", f"could not end: {', '.join(survivors)}" if survivors else "everything it started has ended")


def wait_until(condition: Callable[[], bool], *, seconds: float, tick: Callable[[], None], what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{what} did not come up within {seconds:.0f} s; its log says why.")
        tick()
        time.sleep(0.2)


def require_free_port(port: int) -> None:
    """Say so now rather than after a minute of starting."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise EmbeddedError(
                f"Port {port} can't be used ({reason}). Try another: make demo PORT={port + 1}"
            ) from None
