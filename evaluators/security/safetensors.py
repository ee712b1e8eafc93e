"""Check a safetensors file without the library: its header, its offsets, its values."""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

MAX_HEADER = 100_000_000
CHUNK = 1 << 22
MAX_DIMENSIONS = 64
SIZES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E5M2": 1,
    "F8_E4M3": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
}
# Type to read as, and the bits that are all set in a NaN or infinity.
EXPONENTS = {
    "F8_E5M2": ("u1", 0x7C),
    "F8_E4M3": ("u1", 0x7F),
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
    "F32": ("<u4", 0x7F800000),
    "F64": ("<u8", 0x7FF0000000000000),
}


@dataclass(frozen=True)
class Tensor:
    name: str
    dtype: str
    count: int
    begin: int
    end: int


@dataclass(frozen=True)
class Inspection:
    """Tensors found, what is wrong with the structure, and which tensors hold values that aren't finite."""

    tensors: tuple[Tensor, ...]
    errors: tuple[str, ...]
    not_finite: tuple[str, ...] = ()


class Invalid(Exception):
    """The header breaks a rule of the format."""


def looks_like(head: bytes, size: int) -> bool:
    """Whether the first bytes are a header length that fits the file, followed by a JSON object."""
    return len(head) >= 9 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] <= size - 8


def inspect(handle: BinaryIO, size: int) -> Inspection:
    """Read header and values. The handle may stand anywhere; the size is that of the whole file."""
    handle.seek(0)
    try:
        header, data_size = _header(handle, size)
        tensors = sorted((_tensor(name, item) for name, item in header.items()), key=lambda tensor: tensor.begin)
        _check_layout(tensors, data_size)
    except Invalid as error:
        return Inspection((), (str(error),))
    start = size - data_size
    spoiled = tuple(tensor.name for tensor in tensors if _holds_not_finite(handle, start, tensor))
    return Inspection(tuple(tensors), (), spoiled)


def _header(handle: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    head = handle.read(8)
    if len(head) < 8:
        raise Invalid("the file is shorter than the length of its header")
    length = struct.unpack("<Q", head)[0]
    if length > MAX_HEADER or length > size - 8:
        raise Invalid(f"the header claims {length:,} bytes")
    try:
        header = json.loads(handle.read(length).decode("utf-8"), object_pairs_hook=_unique)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Invalid(f"the header isn't JSON ({str(error)[:80]})") from error
    if not isinstance(header, dict):
        raise Invalid("the header isn't an object")
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(value, str) for value in notes.values()):
        raise Invalid("the metadata holds something other than text")
    return header, size - 8 - length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Invalid("the header names a key twice")
    return found


def _tensor(name: str, item: Any) -> Tensor:
    if not isinstance(item, Mapping) or set(item) != {"dtype", "shape", "data_offsets"}:
        raise Invalid(f"tensor {name[:60]!r} isn't described by dtype, shape and data_offsets")
    if not isinstance(item["dtype"], str) or item["dtype"] not in SIZES:
        raise Invalid(f"tensor {name[:60]!r} has the unknown type {str(item['dtype'])[:20]!r}")
    shape, offsets = item["shape"], item["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise Invalid(f"tensor {name[:60]!r} has a shape or offsets that aren't whole numbers")
    count = math.prod(shape)
    if count * SIZES[item["dtype"]] != offsets[1] - offsets[0]:
        raise Invalid(f"tensor {name[:60]!r} has {offsets[1] - offsets[0]:,} bytes, its shape needs another number")
    return Tensor(name, item["dtype"], count, offsets[0], offsets[1])


def _are_sizes(values: Any) -> bool:
    # Few dimensions: the product of millions of large sizes would take for ever.
    return (
        isinstance(values, list)
        and len(values) <= MAX_DIMENSIONS
        and all(type(value) is int and 0 <= value < 1 << 62 for value in values)
    )


def _check_layout(tensors: list[Tensor], data_size: int) -> None:
    position = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin != position:
            raise Invalid(f"tensor {tensor.name[:60]!r} begins at {tensor.begin:,}, not where the last one ended")
        position = tensor.end
    if position != data_size:
        raise Invalid(f"the tensors end at byte {position:,} of {data_size:,}")


def _holds_not_finite(handle: BinaryIO, start: int, tensor: Tensor) -> bool:
    if tensor.dtype not in EXPONENTS:
        return False
    kind, exponent = EXPONENTS[tensor.dtype]
    handle.seek(start + tensor.begin)
    left = tensor.end - tensor.begin
    while left > 0:
        chunk = handle.read(min(CHUNK, left))
        if not chunk:
            return True
        left -= len(chunk)
        if bool(np.any((np.frombuffer(chunk, dtype=kind) & exponent) == exponent)):
            return True
    return False
