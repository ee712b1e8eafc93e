"""Check a GGUF file without any library: header, values, tensor descriptions, offsets. It can hold no code.

The format: github.com/ggml-org/ggml, docs/gguf.md. What it may hold is a chat template, which is text.
"""

import math
import struct
from dataclasses import dataclass, field
from typing import Any, BinaryIO

VERSIONS = (2, 3)
MAX_COUNT = 1 << 20
MAX_TEXT = 1 << 24
# The format's own limit of a key is 65,535 bytes.
MAX_NAME = 65_535
# One template, or several by name: tokenizer.chat_template.rag, …
TEMPLATES = "tokenizer.chat_template"
MAX_ITEMS = 1 << 24
MAX_DIMENSIONS = 4
ALIGNMENT = 32
# Values of fixed size by type number: format of struct. 8 is text and 9 a list.
FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, LIST = 8, 9
# Values per block and bytes per block, by tensor type.
BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 36),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    30: (1, 2),
}


class Invalid(Exception):
    """The file breaks a rule of the format."""


@dataclass
class Gguf:
    """What is wrong with the file, its chat templates by key, and how many tensors it has."""

    errors: list[str] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)
    tensors: int = 0


def inspect(handle: BinaryIO, size: int) -> Gguf:
    """Read everything but the weights. The handle may stand anywhere; the size is that of the whole file."""
    found = Gguf()
    handle.seek(0)
    try:
        _file(_Reader(handle, size), found)
    except Invalid as error:
        found.errors.append(str(error))
    return found


class _Reader:
    """Numbers and texts from a file whose end is known: a claim beyond it is refused before anything is read."""

    def __init__(self, handle: BinaryIO, size: int) -> None:
        self.handle = handle
        self.size = size
        self.position = 0

    def take(self, count: int) -> bytes:
        if count > self.size - self.position:
            raise Invalid(f"claims {count:,} bytes at byte {self.position:,}, and the file ends before")
        data = self.handle.read(count)
        if len(data) != count:
            raise Invalid("the file ends before its size")
        self.position += count
        return data

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def count(self, what: str) -> int:
        found: int = self.number("Q")
        if found > MAX_COUNT:
            raise Invalid(f"claims {found:,} {what}")
        return found

    def text(self, most: int = MAX_TEXT) -> str:
        length = self.number("Q")
        if length > most:
            raise Invalid(f"claims a text of {length:,} bytes")
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Invalid("a text is not UTF-8") from error

    def value(self, kind: int, depth: int = 0) -> Any:
        """A number or a text; None for a list, whose items are checked and not kept."""
        if kind in FIXED:
            return self.number(FIXED[kind])
        if kind == TEXT:
            return self.text()
        if kind != LIST or depth > 1:
            raise Invalid(f"a value of the unknown type {kind}")
        inner, length = self.number("I"), self.number("Q")
        if length > MAX_ITEMS:
            raise Invalid(f"claims a list of {length:,} items")
        if inner in FIXED:
            self.take(length * struct.calcsize("<" + FIXED[inner]))
            return None
        for _ in range(length):
            self.value(inner, depth + 1)
        return None


def _file(reader: _Reader, found: Gguf) -> None:
    if reader.take(4) != b"GGUF":
        raise Invalid("doesn't begin with GGUF")
    version = reader.number("I")
    if version not in VERSIONS:
        raise Invalid(f"is of version {version}")
    tensors, pairs = reader.count("tensors"), reader.count("values")
    alignment, keys = ALIGNMENT, set()
    for _ in range(pairs):
        key = reader.text(MAX_NAME)
        if key in keys:
            raise Invalid(f"the key {key[:60]!r} is there twice")
        keys.add(key)
        value = reader.value(reader.number("I"))
        if key == "general.alignment":
            alignment = value
        elif key.startswith(TEMPLATES) and isinstance(value, str):
            found.templates[key] = value
    found.tensors = tensors
    if type(alignment) is not int or alignment < 8 or alignment & (alignment - 1) or alignment > 1 << 16:
        raise Invalid(f"the alignment {alignment!r} is not a power of two")
    _check_layout([_tensor(reader) for _ in range(tensors)], reader, alignment)


def _tensor(reader: _Reader) -> tuple[str, int, int]:
    """Name, offset and bytes of a tensor."""
    name, dimensions = reader.text(MAX_NAME), reader.number("I")
    if dimensions > MAX_DIMENSIONS:
        raise Invalid(f"tensor {name[:60]!r} has {dimensions} dimensions")
    shape = [reader.number("Q") for _ in range(dimensions)]
    kind, offset = reader.number("I"), reader.number("Q")
    if kind not in BLOCKS:
        raise Invalid(f"tensor {name[:60]!r} has the unknown type {kind}")
    values, (per_block, size) = math.prod(shape), BLOCKS[kind]
    if values % per_block or (shape and shape[0] % per_block):
        raise Invalid(f"tensor {name[:60]!r} doesn't fill its blocks")
    return name, offset, values // per_block * size


def _check_layout(tensors: list[tuple[str, int, int]], reader: _Reader, alignment: int) -> None:
    """Tensors lie one after the other at aligned offsets, and nothing follows the last but padding."""
    if len({name for name, _, _ in tensors}) != len(tensors):
        raise Invalid("two tensors have the same name")
    start, position = _aligned(reader.position, alignment), 0
    for name, offset, size in sorted(tensors, key=lambda tensor: tensor[1]):
        if offset != _aligned(position, alignment):
            raise Invalid(f"tensor {name[:60]!r} begins at {offset:,}, not where the last one ended")
        position = offset + size
    end = start + position
    if tensors and not end <= reader.size <= _aligned(end, alignment):
        raise Invalid(f"the tensors end at byte {end:,} of {reader.size:,}")
    if not tensors and reader.size > start:
        raise Invalid("bytes follow the last value")


def _aligned(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
