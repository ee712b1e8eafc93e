"""Where forward passes run, and batches that shrink when memory runs out."""

from collections.abc import Callable
from typing import Any

from evaluators.libraries import library


def pick(wanted: str = "auto") -> str:
    """ "cuda" if asked for or if there is one, else "cpu"."""
    if wanted == "cpu":
        return "cpu"
    return "cuda" if library("torch").cuda.is_available() else "cpu"


def in_batches(function: Callable[[Any], Any], items: Any, *, size: int) -> tuple[list[Any], int]:
    """The function's results for consecutive parts of `items`, and the size of the parts that fitted into memory.

    A part that does not fit is halved and tried again; one item that does not fit raises what the library raised.
    """
    torch = library("torch")
    results: list[Any] = []
    start = 0
    while start < len(items):
        try:
            results.append(function(items[start : start + size]))
        except (torch.OutOfMemoryError, MemoryError):
            if size == 1:
                raise
            size = max(1, size // 2)
            continue
        start += size
    return results, size
