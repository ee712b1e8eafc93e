"""A shop floor: a real worker, a real reaper and a real broker beside a database of the test's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings as django_settings
from kombu import pools

from registry.celery import app as celery
from registry.management.embedded.valkey import Valkey
from registry.models import Evaluation, Measurement, ModelVersion
from registry.services import evaluations, verdicts
from tests import make
from tests.databases import ROOT
from tests.people import Cast

PATIENCE_S = 90
SLOW_ROWS = 1_500_000
LEASE_S, BEAT_S = 5, 0.5
WORKER = ("-m", "celery", "-A", "registry", "worker", "-Q", "cpu", "-c", "1", "--loglevel", "INFO")
REAPER = ("manage.py", "reap", "--every", "1")


class Floor:
    """Processes that are started, killed and waited for, and the version whose evaluations they run."""

    def __init__(self, *, cast: Cast, environ: dict[str, str], logs: Path, broker: Valkey) -> None:
        self.cast, self.environ, self.logs, self.broker = cast, environ, logs, broker
        self.running: list[subprocess.Popen[bytes]] = []
        within = make.project(cast)
        make.active_policy(cast, on=within)
        self.version = make.model_version(cast, within=within)

    def start(self, arguments: tuple[str, ...], **more: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environ | more,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        return self.start(WORKER, **more)

    def reaper(self) -> subprocess.Popen[bytes]:
        return self.start(REAPER)

    def said(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.logs.glob("*.log")))

    def slow_run(self) -> Evaluation:
        """An evaluation that takes seconds: the prescribed one on very many rows."""
        return self.ask(b"approved,predicted,race\n" + b"1,1,a\n0,1,a\n1,0,a\n0,0,b\n1,1,b\n0,0,b\n" * (SLOW_ROWS // 6))

    def ask(self, table: bytes) -> Evaluation:
        rows = make.held(self.cast.lending, files={"predictions.csv": table}, by=self.cast.ada)
        required = make.prescription(self.version)
        return evaluations.request_required(self.version, required, table=rows, by=self.cast.ada)

    def wait(self, what: Callable[[], Any], *, seconds: float = PATIENCE_S) -> Any:
        """What the callable answers, once it is true."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if found := what():
                return found
            time.sleep(0.1)
        pytest.fail(f"It did not happen within {seconds:g} s. The processes said:\n{self.said()}")

    def state(self, run: Evaluation) -> str:
        run.refresh_from_db()
        return run.state

    def wait_for(self, run: Evaluation, *states: str) -> Evaluation:
        self.wait(lambda: self.state(run) in states)
        return run

    def child(self, run: Evaluation, *, attempt: int = 1) -> psutil.Process:
        """The process that evaluates in this attempt, once it is at it."""
        self.wait(lambda: self.state(run) == "running" and run.attempt == attempt)
        return self.wait(self.children)[0]

    def children(self) -> list[psutil.Process]:
        found = []
        for process in self.running:
            if process.poll() is None:
                found += [
                    one
                    for one in psutil.Process(process.pid).children(recursive=True)
                    if "evaluators.child" in _command(one)
                ]
        return found

    def is_shut(self) -> bool:
        """Whether the gate waits for this evaluation."""
        unmet = verdicts.review(ModelVersion(pk=self.version.pk), to_stage="inference").decision.unmet
        return bool(unmet)

    def close(self) -> None:
        for process in self.running:
            kill_all(process)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 a process with everything below it that is still its own, the way a machine loses them."""
    if process.poll() is None:
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        for child in children:
            if child.is_running():
                child.kill()
    process.wait()


def only_attempt(run: Evaluation) -> int:
    """The attempt whose measurements are stored; there is one."""
    (attempt,) = set(Measurement.objects.filter(evaluation=run).values_list("attempt", flat=True))
    return attempt


@pytest.fixture
def floor(
    committed_cast: Cast, environ_of: Callable[[str], dict[str, str]], broker: Valkey, tmp_path: Path
) -> Iterator[Floor]:
    from_here = {"ASSAY_BLOBS": str(django_settings.BLOB_ROOT), "SECRET_KEY": "for these processes"}
    limits = {"ASSAY_LEASE_SECONDS": str(LEASE_S), "ASSAY_BEAT_SECONDS": str(BEAT_S)}
    logs = tmp_path / "logs"
    logs.mkdir()
    broker.start()
    environ = environ_of("assay_worker") | from_here | limits
    with publishing_to(broker):
        place = Floor(cast=committed_cast, environ=environ, logs=logs, broker=broker)
        yield place
        place.close()


@contextmanager
def publishing_to(broker: Valkey) -> Iterator[None]:
    """What this process publishes goes to that broker."""
    before = celery.conf.broker_url
    _publish_to(broker.url())
    try:
        yield
    finally:
        _publish_to(before)


def _publish_to(url: str) -> None:
    celery.conf.broker_url = url
    pools.reset()
    celery._pool = celery.amqp._producer_pool = None
