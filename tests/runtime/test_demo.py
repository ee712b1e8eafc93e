"""`make demo` as a person meets it: one command, every process real, Ctrl-C ends them all, the data stays."""

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

import psutil
import pytest

from registry.management.embedded.places import cluster_home
from registry.management.embedded.postgres import Postgres
from tests.databases import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("demo")]
FIRST_S = 300
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
        environ = {**kept, "ASSAY_HOME": str(self.home)}
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

    def postgres(self) -> Postgres:
        return Postgres(cluster_home(self.home))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.start(seconds=FIRST_S)
    yield demo
    if demo.process.poll() is None:
        demo.interrupt()
    demo.postgres().remove()


def test_it_tells_people_and_programs_the_same(demo) -> None:
    facts = json.loads((demo.home / "demo.json").read_text())
    said = demo.said.read_text()
    assert facts["url"] in said
    assert facts["token"] in said
    assert all(account["username"] in said for account in facts["accounts"])
    assert len(facts["try"]) == 3


def test_every_process_is_there_and_the_page_opens(demo) -> None:
    running = " | ".join(" ".join(process.cmdline()) for process in demo.family())
    for part in ("valkey-server", "gunicorn registry.wsgi", "celery -A registry worker", "manage.py reap", "notary"):
        assert part in running
    assert demo.postgres().is_running()
    assert demo.status() in {200, 302}


def test_ctrl_c_ends_everything_and_a_second_start_keeps_the_data(demo) -> None:
    before = json.loads((demo.home / "demo.json").read_text())
    family = demo.family()
    assert demo.interrupt() == 0
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert not demo.postgres().is_running()
    assert "everything it started has ended" in demo.said.read_text()
    demo.start(seconds=AGAIN_S)
    assert json.loads((demo.home / "demo.json").read_text())["accounts"] == before["accounts"]
