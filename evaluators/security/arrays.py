"""Arrays inside pickles: numpy's descriptions of their items, and the bytes joblib writes behind a placeholder.

A loader trusts these descriptions: a size that is not the real one makes it read code where bytes were announced, and
a mark that is missing makes it take bytes for pointers. Only what the libraries themselves write is followed.
"""

import re
from typing import Any

from evaluators.security.symbols import Global, Made, Malformed, Pairs

CODE = re.compile(r"([?bBiufcmMOSUV])(\d{1,12})")
DTYPE = Global("numpy", "dtype")
WRAPPER = Global("joblib.numpy_pickle", "NumpyArrayWrapper")
WRAPPER_KEYS = frozenset(["subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"])
# Marks of numpy's item types: all of the first are there where items are or hold objects, none of the second elsewhere.
WITH_OBJECTS, WITHOUT_OBJECTS = 0x0B, 0x07


def is_wrapper(value: Any) -> bool:
    """Whether this is joblib's placeholder for an array whose bytes follow in the stream."""
    return isinstance(value, Made) and value.maker == WRAPPER


def mentions_wrapper(args: Any) -> bool:
    """Whether a placeholder or its class is handed to a call, which could return it in disguise."""
    parts = args if isinstance(args, tuple) else (args,)
    return any(part == WRAPPER or is_wrapper(part) or (isinstance(part, tuple) and WRAPPER in part) for part in parts)


def array_layout(wrapper: Made) -> tuple[int | None, bool]:
    """Bytes of the array behind a placeholder (None: it is itself a pickle), and whether padding comes first."""
    if not isinstance(wrapper.state, Pairs) or wrapper.args != ():
        raise Malformed("an array without a description")
    keys = [key for key, _ in wrapper.state.items]
    if any(type(key) is not str or key not in WRAPPER_KEYS for key in keys) or len(set(keys)) != len(keys):
        raise Malformed("an array with an odd description")
    shape, alignment = wrapper.state.get("shape"), wrapper.state.get("numpy_array_alignment_bytes")
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 1 << 40 for size in shape):
        raise Malformed("an array without a shape")
    if alignment is not None and type(alignment) is not int:
        raise Malformed("an array with an odd alignment")
    size, holds_objects = item_type(wrapper.state.get("dtype"))
    for side in shape:
        size *= side
    return None if holds_objects else size, alignment is not None


def item_type(dtype: Any, depth: int = 0) -> tuple[int, bool]:
    """Bytes per item of a symbolic numpy dtype, and whether items are or hold objects. Raises Malformed."""
    is_plain = isinstance(dtype, Made) and dtype.maker == DTYPE and isinstance(dtype.args, tuple) and bool(dtype.args)
    match = CODE.fullmatch(dtype.args[0]) if is_plain and isinstance(dtype.args[0], str) else None
    state = dtype.state if match else None
    # Version, order of bytes, base of a subarray, names, fields, size, alignment, marks.
    if not match or not isinstance(state, tuple) or len(state) not in (8, 9) or state[2] is not None or depth > 4:
        raise Malformed("an array of unknown type")
    kind, size, marks = match.group(1), int(match.group(2)) * (4 if match.group(1) == "U" else 1), state[7]
    if type(marks) is not int or state[5] != (size if kind in "SUV" else -1):
        raise Malformed("an array whose items are not of the size they are said to be")
    holds_objects = kind == "O" or (kind == "V" and _holds_objects(state[4], size, depth))
    if (marks & WITH_OBJECTS != WITH_OBJECTS) if holds_objects else marks & WITHOUT_OBJECTS:
        raise Malformed("an array that hides or feigns objects")
    return size, holds_objects


def _holds_objects(fields: Any, size: int, depth: int) -> bool:
    """Whether one of the fields of a structured type holds objects. Raises Malformed for a field outside the item."""
    if fields is None:
        return False
    if not isinstance(fields, Pairs):
        raise Malformed("an array with odd fields")
    found = False
    for _, field in fields.items:
        if not isinstance(field, tuple) or len(field) < 2 or type(field[1]) is not int:
            raise Malformed("an array with odd fields")
        inner, is_object = item_type(field[0], depth + 1)
        if field[1] < 0 or field[1] + inner > size:
            raise Malformed("an array with a field outside its items")
        found |= is_object
    return found
