"""Verdict requests at a million versions, against a bare Django view that does one raw single-row SELECT."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry.management.bench.client import Load, load
from registry.management.bench.figures import Figure
from registry.management.bench.load import Loaded, fill
from registry.management.embedded.postgres import Postgres
from registry.management.embedded.roles import MIGRATOR, Access, provision
from registry.management.embedded.stack import ROOT

CLIENTS = 16
ROUNDS = 7
AIM = "ratio ≥ 0.7"


def measure(*, home: Path, say: Callable[[str], Any], versions: int, seconds: float, **_: Any) -> Iterator[Figure]:
    """Both servers run beside one another with the same workers; rounds alternate, the medians are compared."""
    postgres = Postgres(Path("/var/lib/assay-bench") if os.geteuid() == 0 else home / "bench", durable=False)
    try:
        access = provision(postgres.start(), passwords=postgres.passwords)
        _migrate(access, home)
        say(f"verdicts: filling {versions:,} versions")
        loaded = fill(postgres.admin_url(), access, versions=versions)
        with (
            _served("registry.wsgi", access, home) as ours,
            _served("registry.management.bench.bare", access, home) as bare,
        ):
            yield from _compare(ours, bare, loaded, seconds=seconds, say=say)
    finally:
        postgres.remove()


def _compare(ours: int, bare: int, loaded: Loaded, *, seconds: float, say: Callable[[str], Any]) -> Iterator[Figure]:
    def ask_ours(number: int) -> bytes:
        path = f"/api/v1/verdict/?digest={loaded.digest(number)}&stage=inference"
        head = f"Host: localhost\r\nAuthorization: Bearer {loaded.token}\r\nConnection: close"
        return f"GET {path} HTTP/1.1\r\n{head}\r\n\r\n".encode()

    def ask_bare(number: int) -> bytes:
        return f"GET /{loaded.digest(number)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()

    rounds: dict[str, list[Load]] = {"ours": [], "bare": []}
    for port, request in ((ours, ask_ours), (bare, ask_bare)):
        load(port, request, clients=CLIENTS, seconds=2)
    for number in range(ROUNDS):
        rounds["ours"].append(load(ours, ask_ours, clients=CLIENTS, seconds=seconds))
        rounds["bare"].append(load(bare, ask_bare, clients=CLIENTS, seconds=seconds))
        say(f"verdicts: round {number + 1}: {rounds['ours'][-1]} against {rounds['bare'][-1]}")
    yield from _figures(rounds, versions=loaded.versions, seconds=seconds)


def _figures(rounds: dict[str, list[Load]], *, versions: int, seconds: float) -> Iterator[Figure]:
    """Ratios are taken round by round, since both sides of a round saw the same machine, and then their median."""
    what = f"at {versions:,} versions, {CLIENTS} clients, 2 workers"
    failures = sum(item.failures for item in rounds["ours"])
    note = f"medians of {ROUNDS} rounds of {seconds:g} s; {failures} answers other than 200"
    for name, unit, field, aim in (
        ("verdict requests", "req/s", "per_second", AIM),
        ("verdict p99", "ms", "p99_ms", "≤ 50 ms"),
    ):
        pairs = [(getattr(a, field), getattr(b, field)) for a, b in zip(rounds["ours"], rounds["bare"], strict=True)]
        yield Figure(
            name=f"{name} {what}",
            value=statistics.median(ours for ours, _ in pairs),
            unit=unit,
            against="a bare Django view with one raw SELECT",
            rival=statistics.median(bare for _, bare in pairs),
            ratio=statistics.median(ours / bare for ours, bare in pairs),
            aim=aim,
            note=note,
        )


def _environment(access: Access, role: str, home: Path) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": access.url(role), "ASSAY_HOME": str(home), "LOG_LEVEL": "ERROR"}


def _migrate(access: Access, home: Path) -> None:
    environ = _environment(access, MIGRATOR, home) | {"OWNER_DATABASE_URL": access.url(MIGRATOR)}
    command = [sys.executable, "manage.py", "migrate", "--database=owner", "-v0", "--skip-checks"]
    subprocess.run(command, check=True, cwd=ROOT, env=environ)


@contextmanager
def _served(application: str, access: Access, home: Path) -> Iterator[int]:
    """gunicorn with two plain workers on a free port of the loopback address; ended by its own id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        application,
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--log-level",
        "warning",
    ]
    environ = _environment(access, "assay_app", home)
    server = subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True)
    try:
        _wait_for(port)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answered on port {port} within 30 s")
