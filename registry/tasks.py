"""What workers run: one evaluation in a child process that knows neither the database nor any secret."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any
from uuid import UUID

from celery import shared_task
from django.conf import settings

from registry.exceptions import InvalidInput
from registry.models import Evaluation
from registry.queue import RUN_EVALUATION
from registry.services import runs

logger = logging.getLogger(__name__)
STDERR_KEPT = 64 * 1024
# What the child says of how it measured, beside what it found.
SURROUNDINGS = ("versions", "wall_s", "peak_rss", "device", "queries")
# What a child may know of its surroundings. Everything else, addresses and keys included, stays behind.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OMP_NUM_THREADS")


@shared_task(name=RUN_EVALUATION)
def run_evaluation(pk: str) -> None:
    """Claim a run and carry it out. A second delivery of the same id claims nothing and returns."""
    run = runs.claim(UUID(pk), worker=f"{socket.gethostname()}:{os.getpid()}")
    if run is None:
        return
    if not runs.is_what_it_claims(run):
        runs.fail(run, failure="The run's specification is not the one that its digest names.")
        return
    try:
        carry_out(run)
    except Exception as error:
        logger.exception("evaluation %s broke down", run.pk)
        runs.give_up(run, failure=f"{type(error).__name__}: {error}")


def carry_out(run: Evaluation) -> None:
    """Start the child, keep the lease while it works, and store what it says."""
    with tempfile.TemporaryDirectory(prefix="assay-run-") as scratch:
        child = start_child(Path(scratch))
        try:
            outcome = _listen(run, child)
        finally:
            kill(child)
    if outcome is None:
        fresh = Evaluation.objects.select_related("version__team").get(pk=run.pk)
        if fresh.state == "cancelling" and fresh.attempt == run.attempt:
            runs.settle_cancelled(fresh)
        return
    _conclude(run, outcome)


def start_child(scratch: Path) -> subprocess.Popen[bytes]:
    """A new session and process group, an environment made from nothing, a folder of its own, no inherited files."""
    surroundings = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    surroundings |= {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    return subprocess.Popen(
        [sys.executable, "-s", "-P", "-m", "evaluators.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings,
        cwd=scratch,
        start_new_session=True,
        close_fds=True,
    )


def kill(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        logger.debug("child %s was gone already", child.pid)
    child.wait()


def _listen(run: Evaluation, child: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """The child's last word, or None when the run was cancelled or lost to another attempt."""
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    noise: list[bytes] = []
    assert child.stdin  # noqa: S101 - all three were asked for as pipes
    assert child.stdout  # noqa: S101 - the same
    assert child.stderr  # noqa: S101 - the same
    complaints = _beside(_read_noise, child.stderr, noise)
    _beside(_read_lines, child.stdout, lines)
    _beside(_write_job, child.stdin, runs.job(run))
    progress, note, last_beat = 0.0, "starting", time.monotonic()
    deadline = last_beat + settings.EVALUATION_WALL_SECONDS
    while time.monotonic() < deadline:
        try:
            line = lines.get(timeout=settings.EVALUATION_BEAT_SECONDS)
        except Empty:
            line = b""
        if line is None:
            ended = _ended(child)
            # Its last complaint may still be on the way, though what it had to report is at its end.
            complaints.join(settings.EVALUATION_BEAT_SECONDS)
            said = b"".join(noise).decode(errors="replace")
            return {"event": "broken", "error": f"{ended}; it was last at: {note}\n{said}"}
        event = json.loads(line) if line.strip() else {}
        if event.get("event") in ("result", "failure"):
            return dict(event)
        progress, note = event.get("fraction", progress), event.get("note", note)
        if time.monotonic() - last_beat >= settings.EVALUATION_BEAT_SECONDS or not line:
            if not runs.beat(run, progress=progress, note=note):
                return None
            last_beat = time.monotonic()
    return {"event": "failure", "error": f"it was not done after {settings.EVALUATION_WALL_SECONDS:g} seconds"}


def _beside(work: Callable[..., None], *arguments: Any) -> threading.Thread:
    """The work, begun in a thread that doesn't keep the worker alive."""
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def _ended(child: subprocess.Popen[bytes]) -> str:
    """How a child ended that had no last word. One that goes on in silence is ended: nobody could hear it."""
    try:
        status = child.wait(settings.EVALUATION_BEAT_SECONDS)
    except subprocess.TimeoutExpired:
        kill(child)
        return "the process that measured fell silent before it was done, and was ended"
    if status >= 0:
        return f"the process that measured ended with status {status}"
    return f"the process that measured was ended by signal {-status} ({signal.strsignal(-status) or 'unknown'})"


def _read_lines(stream: IO[bytes], lines: "SimpleQueue[bytes | None]") -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


def _read_noise(stream: IO[bytes], noise: list[bytes]) -> None:
    with stream:
        for line in stream:
            noise.append(line)
            while sum(map(len, noise)) > STDERR_KEPT:
                noise.pop(0)


def _write_job(stream: IO[bytes], job: dict[str, Any]) -> None:
    try:
        stream.write(json.dumps(job).encode())
        stream.close()
    except BrokenPipeError:
        logger.debug("the child ended before it read its job")


def _conclude(run: Evaluation, outcome: dict[str, Any]) -> None:
    if outcome["event"] == "broken":
        runs.give_up(run, failure=outcome["error"])
        return
    if outcome["event"] == "failure":
        where = f" ({outcome['where']})" if outcome.get("where") else ""
        runs.fail(run, failure=f"{outcome.get('error', 'it said nothing')}{where}")
        return
    environment = {name: outcome[name] for name in SURROUNDINGS if outcome.get(name) is not None}
    try:
        runs.finish(run, readings=outcome["readings"], evidence=outcome.get("evidence", ()), environment=environment)
    except InvalidInput as error:
        runs.fail(run, failure=f"{error} {json.dumps(error.errors)[:2000]}")
