"""How long something takes: once, or the middle of several rounds."""

import time
from collections.abc import Callable
from typing import Any


def timed(work: Callable[[], Any]) -> float:
    """Seconds of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median(work: Callable[[], Any], *, rounds: int) -> float:
    """Seconds, the middle of so many runs."""
    return sorted(timed(work) for _ in range(rounds))[rounds // 2]
