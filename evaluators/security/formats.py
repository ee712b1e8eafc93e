"""Which format a model file has, by its content, and what that format can do to whoever opens it."""

import json
import pickletools
import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from evaluators.security import safetensors

SAFE, REVIEWED, EXECUTES, UNKNOWN = "A", "B", "C", "D"
MAX_JSON = 64 << 20
MAGIC = {
    b"\x89HDF": ("hdf5", EXECUTES, "HDF5 may hold Keras layers with code"),
    b"GGUF": ("gguf", UNKNOWN, "GGUF is recognised but not validated here"),
    b"\x93NUMPY": ("npy", UNKNOWN, "a bare array is not a model"),
    b"\x7fELF": ("program", UNKNOWN, "a program, not a model"),
    b"\x1f\x8b": ("compressed", EXECUTES, "compressed streams of this kind hold pickles"),
    b"BZh": ("compressed", EXECUTES, "compressed streams of this kind hold pickles"),
    b"\xfd7zXZ": ("compressed", EXECUTES, "compressed streams of this kind hold pickles"),
}


@dataclass(frozen=True)
class Format:
    """`serialisation` is A (data only), B (named types, reviewed), C (runs code when loaded) or D (unknown)."""

    name: str
    serialisation: str
    reason: str


def identify(handle: BinaryIO, size: int, file_name: str) -> Format:
    """The format by content. The name only counts against a file: a .safetensors that isn't one is broken."""
    handle.seek(0)
    head = handle.read(512)
    handle.seek(0)
    if safetensors.looks_like(head, size) or file_name.lower().endswith(".safetensors"):
        return Format("safetensors", SAFE, "tensors only, no code")
    if head.startswith(b"PK\x03\x04"):
        return _zip(handle)
    if head[257:262] == b"ustar":
        return Format("tar", EXECUTES, "an archive of pickles")
    for magic, (name, serialisation, reason) in MAGIC.items():
        if head.startswith(magic):
            return Format(name, serialisation, reason)
    return _stream(handle, head, size)


def _stream(handle: BinaryIO, head: bytes, size: int) -> Format:
    if head[:1] == b"\x80" or _begins_like_pickle(handle, size):
        return Format("pickle", EXECUTES, "a pickle runs code when it is loaded")
    if head[:1] == b"\x78":
        return Format("compressed", EXECUTES, "compressed streams of this kind hold pickles")
    if head.startswith(b"tree\nversion="):
        return Format("lightgbm", SAFE, "trees as text, no code")
    if head[:1] == b"{" and size <= MAX_JSON:
        return _json(handle)
    return Format("unknown", UNKNOWN, "the content is of no known model format")


def _zip(handle: BinaryIO) -> Format:
    try:
        with zipfile.ZipFile(handle) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, struct.error, ArithmeticError, NotImplementedError, OSError, ValueError) as error:
        return Format("zip", UNKNOWN, f"a broken zip archive ({str(error)[:60]})")
    finally:
        handle.seek(0)
    if "schema.json" in names:
        return Format("skops", REVIEWED, "skops rebuilds named types; each must be trusted by a person")
    if any(name.endswith("/constants.pkl") or "/code/" in name for name in names):
        return Format("torchscript", EXECUTES, "TorchScript carries a program")
    if any(name.endswith("/data.pkl") for name in names):
        return Format("torch", EXECUTES, "a torch archive is a pickle and its tensors")
    if {"config.json", "metadata.json"} <= set(names):
        return Format("keras", EXECUTES, "a Keras archive may hold layers with code")
    return Format("zip", UNKNOWN, "a zip archive of no known model format")


def _json(handle: BinaryIO) -> Format:
    try:
        content = json.loads(handle.read().decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        return Format("unknown", UNKNOWN, "begins like JSON and isn't")
    finally:
        handle.seek(0)
    if isinstance(content, dict) and {"learner", "version"} <= set(content):
        return Format("xgboost", SAFE, "trees as JSON, no code")
    return Format("json", UNKNOWN, "JSON of no known model format")


def _begins_like_pickle(handle: BinaryIO, size: int) -> bool:
    """Whether the bytes, which have no protocol mark, parse as a pickle of the text protocols up to a STOP."""
    if size > MAX_JSON:
        return False
    try:
        return any(opcode.name == "STOP" for opcode, _, _ in pickletools.genops(handle))
    except (ValueError, IndexError, OverflowError, MemoryError, UnicodeDecodeError):
        return False
    finally:
        handle.seek(0)
