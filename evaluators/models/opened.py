"""Which models were opened while something was measured, and how often they were asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluators.contract import Json

if TYPE_CHECKING:
    from evaluators.models.model import Model


@dataclass(frozen=True)
class _Entry:
    model: "Model"
    # A model in a notebook may have answered before; what it answered then isn't this measurement's.
    before: int
    is_local: bool


_open: ContextVar[list[_Entry] | None] = ContextVar("opened_models", default=None)


@contextmanager
def watched() -> Iterator[list[_Entry]]:
    """Collect what is opened inside the block; see `totals`."""
    entries: list[_Entry] = []
    token = _open.set(entries)
    try:
        yield entries
    finally:
        _open.reset(token)


def note(model: "Model", *, is_local: bool) -> None:
    """Count from now on what this model is asked. Outside of a watched block nothing is noted."""
    entries = _open.get()
    if entries is not None and all(entry.model is not model for entry in entries):
        entries.append(_Entry(model, model.queries, is_local))


def totals(entries: list[_Entry]) -> Json:
    """`queries` to all models together, and the `device` they ran on if that is here; {} if none was opened."""
    if not entries:
        return {}
    devices = sorted({entry.model.device for entry in entries if entry.is_local})
    asked = {"queries": sum(entry.model.queries - entry.before for entry in entries)}
    return asked | ({"device": ", ".join(devices)} if devices else {})
