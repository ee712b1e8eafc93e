"""Limits the process puts on itself before it opens anything. Standard library only."""

import ctypes
import resource
import signal
import sys
from collections.abc import Mapping

PR_SET_PDEATHSIG = 1
MAX_WRITTEN_BYTES = 1 << 30
MAX_OPEN_FILES = 512


def apply(limits: Mapping[str, int]) -> None:
    """Cap address space, processor time, file size and open files; leave no core dump. Limits only ever go down."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, MAX_WRITTEN_BYTES)
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    if limits.get("memory_bytes"):
        _lower(resource.RLIMIT_AS, int(limits["memory_bytes"]))
    if limits.get("cpu_s"):
        _lower(resource.RLIMIT_CPU, int(limits["cpu_s"]))


def end_with_parent() -> None:
    """Have the kernel end this process when its parent dies, however it dies: nobody would take the result.

    Linux only; elsewhere a child that lost its parent runs to its own end, and its attempt has lapsed by then.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def peak_rss_bytes() -> int:
    """The most memory this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
