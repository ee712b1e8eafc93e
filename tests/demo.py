"""A demo of the tests' own: `manage.py demo` over a temporary home and a free port, as a person starts it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from registry.management.embedded.places import cluster_home
from registry.management.embedded.postgres import Postgres
from tests.databases import ROOT

FIRST_S = 400
AGAIN_S = 90


class Demo:
    """A demo over a home of its own, and what it has said."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = home
        self.said = home / "said.txt"

    def start(self, *, seconds: float) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
        environ = {**kept, "ASSAY_HOME": str(self.home), "ASSAY_EXHIBITS": "0"}
        command = [sys.executable, "manage.py", "demo", "--port", str(self.port)]
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=out, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + seconds
        while "Assay is ready" not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.2)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def status(self, path: str = "/") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def facts(self) -> dict[str, Any]:
        """What the demo tells programs."""
        told: dict[str, Any] = json.loads((self.home / "demo.json").read_text())
        return told

    def postgres(self) -> Postgres:
        return Postgres(cluster_home(self.home))


def running_demo(home: Path) -> Iterator[Demo]:
    demo = Demo(home)
    demo.start(seconds=FIRST_S)
    yield demo
    if demo.process.poll() is None:
        demo.interrupt()
    demo.postgres().remove()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo that is toured in the browser, then stopped and started again."""
    yield from running_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def fresh_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Another one, for the tour that needs no browser."""
    yield from running_demo(tmp_path_factory.mktemp("fresh"))
