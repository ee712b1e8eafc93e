"""What a symbolic pickle machine puts on its stack in place of objects."""

import re
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
    """A dict, as its items in order: keys may be symbols."""

    items: list[tuple[Any, Any]] = field(default_factory=list)

    def get(self, key: str) -> Any:
        return next((value for found, value in reversed(self.items) if isinstance(found, str) and found == key), None)


@dataclass(frozen=True)
class Persistent:
    """Something outside the stream, named by an id."""


PERSISTENT = Persistent()
CODE = re.compile(r"^[<>=|]?([?bBiufcmMOSUV])(\d+)$")


def is_wrapper(value: Any) -> bool:
    """Whether this is joblib's placeholder for an array whose bytes follow in the stream."""
    return isinstance(value, Made) and value.maker == Global("joblib.numpy_pickle", "NumpyArrayWrapper")


def array_layout(wrapper: Made) -> tuple[int | None, bool]:
    """Bytes of the array behind a wrapper (None: it is itself a pickle), and whether padding comes first."""
    state = wrapper.state
    if not isinstance(state, Pairs):
        raise Malformed("an array without a description")
    shape, dtype = state.get("shape"), state.get("dtype")
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 1 << 40 for size in shape):
        raise Malformed("an array without a shape")
    size = item_size(dtype)
    if size is not None:
        for side in shape:
            size *= side
    return size, state.get("numpy_array_alignment_bytes") is not None


def item_size(dtype: Any) -> int | None:
    """Bytes per item of a symbolic numpy dtype, None if it holds objects."""
    code = dtype.args[0] if isinstance(dtype, Made) and isinstance(dtype.args, tuple) and dtype.args else None
    match = CODE.match(code) if isinstance(code, str) else None
    if not match:
        raise Malformed("an array of unknown type")
    kind, size = match.group(1), int(match.group(2))
    if kind == "O" or (kind == "V" and _holds_objects(dtype)):
        return None
    return size * 4 if kind == "U" else size


def _holds_objects(dtype: Made) -> bool:
    """Whether a structured dtype has a field of objects. Unknown structure counts as yes."""
    fields = dtype.state[4] if isinstance(dtype.state, tuple) and len(dtype.state) > 4 else None
    if not isinstance(fields, Pairs):
        return True
    return any(not isinstance(value, tuple) or item_size(value[0]) is None for _, value in fields.items)
