"""Remember a process by pid and start time, so that a number used again is never taken for the old process."""

import json
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

TOLERANCE_S = 1.0


def remember(path: Path, pid: int) -> None:
    path.write_text(json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}))


def recall(path: Path) -> psutil.Process | None:
    """The remembered process if that very one still runs."""
    try:
        noted = json.loads(path.read_text())
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["started"]) < TOLERANCE_S
    except (FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
        return None
    return process if same and is_alive(process) else None


def is_alive(process: psutil.Process) -> bool:
    """A zombie has ended; only its parent hasn't looked yet."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_gone(process: psutil.Process, *, seconds: float) -> bool:
    """Whether the process ended within that time; that its parent is slow to notice doesn't count."""
    return still_alive([process], seconds=seconds) == []


def still_alive(processes: Iterable[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Those that haven't ended when the time is up."""
    deadline = time.monotonic() + seconds
    left = [process for process in processes if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [process for process in left if is_alive(process)]
    return left


def appears(path: Path, *, seconds: float) -> bool:
    """Whether a file with something in it is there within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists() and path.stat().st_size:
            return True
        time.sleep(0.02)
    return False
