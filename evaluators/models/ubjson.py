"""UBJSON as XGBoost writes and reads it: lengths are always of eight bytes, and arrays may have a type."""

import struct
from typing import Any

import numpy as np

SCALARS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q", b"d": ">f", b"D": ">d"}
CONSTANTS = {b"Z": None, b"T": True, b"F": False}


def read_ubjson(data: bytes) -> Any:
    """What stands in the data; typed arrays are numpy's. Raises ValueError, RecursionError if nested too deeply."""
    reader = _Reader(data)
    found = reader.value()
    if reader.at != len(data):
        raise ValueError("something follows the end")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def value(self) -> Any:
        kind = self._take(1)
        if kind in CONSTANTS:
            return CONSTANTS[kind]
        if kind == b"{":
            return self._object()
        if kind == b"[":
            return self._array()
        if kind == b"S":
            return self._text()
        return self._array_of(kind, 1)[0].item()

    def _take(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        if size < 0 or len(found) != size:
            raise ValueError("the data end too early")
        self.at += size
        return found

    def _is_next(self, mark: bytes) -> bool:
        """Whether that comes next; it is passed then."""
        found = self.data[self.at : self.at + 1] == mark
        self.at += found
        return found

    def _length(self) -> int:
        if self._take(1) != b"L":
            raise ValueError("a length isn't told in eight bytes")
        return int(struct.unpack(">q", self._take(8))[0])

    def _text(self) -> str:
        return self._take(self._length()).decode("utf-8")

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._is_next(b"}"):
            key = self._text()
            if key in found:
                raise ValueError(f"{key[:40]!r} is said twice")
            found[key] = self.value()
        return found

    def _array(self) -> Any:
        kind = self._take(1) if self._is_next(b"$") else b""
        if self._is_next(b"#"):
            length = self._length()
            return self._array_of(kind, length) if kind else [self.value() for _ in range(length)]
        if kind:
            raise ValueError("an array of one type tells no length")
        found = []
        while not self._is_next(b"]"):
            found.append(self.value())
        return found

    def _array_of(self, kind: bytes, length: int) -> Any:
        if kind not in SCALARS:
            raise ValueError(f"{kind!r} is no type that XGBoost writes")
        return np.frombuffer(self._take(length * struct.calcsize(SCALARS[kind])), dtype=SCALARS[kind])
