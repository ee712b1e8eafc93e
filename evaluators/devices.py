"""Where forward passes run, exactly, and in batches that shrink when memory runs out."""

import sys
from collections.abc import Callable
from typing import Any

from evaluators.libraries import library

# What torch says on a processor, where it has no error of its own for a failed allocation.
NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "failed to allocate memory")


def pick(wanted: str = "auto") -> str:
    """ "cuda" if asked for or if there is one, else "cpu"."""
    if wanted == "cpu":
        return "cpu"
    torch = library("torch")
    if not torch.cuda.is_available():
        return "cpu"
    # Single precision means single precision: no shortened products, and the same algorithm each time.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return "cuda"


def in_batches(function: Callable[[Any], Any], items: Any, *, size: int) -> tuple[list[Any], int]:
    """The function's results for consecutive parts of `items`, and the size of the parts that fitted into memory.

    A part that does not fit is halved and tried again; one item that does not fit raises what the library raised.
    """
    results: list[Any] = []
    start = 0
    while start < len(items):
        try:
            results.append(function(items[start : start + size]))
        except (MemoryError, RuntimeError) as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            size = max(1, min(size, len(items) - start) // 2)
            _release()
            continue
        start += size
    return results, size


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, on a device or in the process."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    return any(words in str(error).lower() for words in NO_MEMORY)


def _release() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
