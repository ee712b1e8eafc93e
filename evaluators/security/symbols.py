"""What a symbolic pickle machine puts on its stack in place of objects."""

from dataclasses import dataclass, field
from typing import Any


class Malformed(Exception):
    """The stream can't be followed, so nothing good can be said about it."""


@dataclass(frozen=True)
class Global:
    module: str
    name: str


@dataclass(eq=False)
class Made:
    """The result of calling something, and the state it was given."""

    maker: Any
    args: Any = ()
    state: Any = None


@dataclass(eq=False)
class Pairs:
    """A dict, as its items in order: keys may be symbols. A fixed one has been relied on and may no longer change."""

    items: list[tuple[Any, Any]] = field(default_factory=list)
    is_fixed: bool = False

    def get(self, key: str) -> Any:
        return next((value for found, value in reversed(self.items) if isinstance(found, str) and found == key), None)


@dataclass(frozen=True)
class Persistent:
    """Something outside the stream, named by an id."""


PERSISTENT = Persistent()
