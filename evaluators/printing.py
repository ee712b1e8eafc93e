"""Results go to stdout alone: what libraries print there goes to stderr. Standard library only."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

STDOUT, STDERR = 1, 2


@contextmanager
def libraries_to_stderr() -> Iterator[None]:
    """Inside the block whatever Python or a library below it prints to stdout goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if os.name == "posix":
            # What C has printed and not yet written would follow to the place that stdout is given back to.
            ctypes.CDLL(None).fflush(None)
        os.dup2(kept, STDOUT)
        os.close(kept)
