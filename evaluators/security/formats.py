"""Which format a model file has, by its content, and what that format can do to whoever opens it."""

import json
import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from evaluators.protobuf import Malformed, read_onnx
from evaluators.security import gguf, safetensors
from evaluators.security.dressed import begins_like_pickle, loads_as_pickle

SAFE, REVIEWED, EXECUTES, UNKNOWN = "A", "B", "C", "D"
MAX_JSON = 64 << 20
MAX_ONNX = 2 << 30
# Operators of these domains are built into the run-time; any other needs a library that is loaded with the model.
ONNX_DOMAINS = frozenset(["", "ai.onnx", "ai.onnx.ml", "com.microsoft"])
PROTOCOLS = tuple(bytes([0x80, version]) for version in range(2, 6))
MAGIC = {
    b"\x89HDF": ("hdf5", EXECUTES, "HDF5 may hold Keras layers with code"),
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
    is_onnx = file_name.lower().endswith(".onnx")
    if _is_pickle_too(handle, head, size, is_onnx=is_onnx):
        return Format("pickle", EXECUTES, "a pickle that looks like another format")
    if safetensors.looks_like(head, size) or file_name.lower().endswith(".safetensors"):
        return Format("safetensors", SAFE, "tensors only, no code")
    if head.startswith(b"PK\x03\x04"):
        return _zip(handle)
    if head[257:262] == b"ustar":
        return Format("tar", EXECUTES, "an archive of pickles")
    if head.startswith(b"GGUF"):
        return _gguf(handle, size)
    known = next((said for magic, said in MAGIC.items() if head.startswith(magic)), None)
    if known:
        return Format(*known)
    if is_onnx or head[:1] == b"\x08":
        return _onnx(handle, size, is_named=is_onnx)
    return _stream(handle, head, size)


def _is_pickle_too(handle: BinaryIO, head: bytes, size: int, *, is_onnx: bool) -> bool:
    """Whether a file in the clothes of tensors, a graph or an archive would run code for who loads it as a pickle."""
    is_tar = head[257:262] == b"ustar"
    is_dressed = is_tar or is_onnx or safetensors.looks_like(head, size) or head.startswith(b"GGUF")
    if not is_dressed:
        return False
    # The length of a header of tensors may well begin like a pickle, so a beginning alone is none.
    return (is_tar and head[:2] in PROTOCOLS) or loads_as_pickle(handle)


def _stream(handle: BinaryIO, head: bytes, size: int) -> Format:
    if head[:1] == b"\x80" or begins_like_pickle(handle):
        return Format("pickle", EXECUTES, "a pickle runs code when it is loaded")
    # The second byte of a zlib stream makes the first two a multiple of 31; a text that begins with x rarely does.
    if head[:1] == b"\x78" and int.from_bytes(head[:2], "big") % 31 == 0:
        return Format("compressed", EXECUTES, "compressed streams of this kind hold pickles")
    if head.startswith(b"tree\nversion="):
        return Format("lightgbm", SAFE, "trees as text, no code")
    if head[:1] == b"{" and size <= MAX_JSON:
        return _json(handle)
    return Format("unknown", UNKNOWN, "the content is of no known model format")


def _gguf(handle: BinaryIO, size: int) -> Format:
    found = gguf.inspect(handle, size)
    handle.seek(0)
    if found.errors:
        return Format("gguf", UNKNOWN, found.errors[0])
    return Format("gguf", SAFE, "tensors and values, no code; a chat template is checked as remote code")


def _onnx(handle: BinaryIO, size: int, *, is_named: bool) -> Format:
    """A graph of known operators with its weights inside is data; weights elsewhere must be looked at too."""
    if size > MAX_ONNX:
        return Format("onnx", UNKNOWN, "too large to be an ONNX file in one piece")
    try:
        found = read_onnx(handle.read())
    except Malformed as error:
        name = "onnx" if is_named else "unknown"
        return Format(name, UNKNOWN, f"no sound ONNX file ({str(error)[:60]})")
    finally:
        handle.seek(0)
    foreign = sorted(found.domains - ONNX_DOMAINS)
    if foreign:
        return Format("onnx", EXECUTES, f"operators of {foreign[0][:40]!r} come with a library of their own")
    if any(is_outside(place) for place in found.external):
        return Format("onnx", UNKNOWN, "takes weights from outside its folder")
    if found.external:
        return Format("onnx", REVIEWED, "weights lie in other files, which must be checked with it")
    return Format("onnx", SAFE, "a graph of known operators with its weights, no code")


def is_outside(place: str) -> bool:
    """Whether a path leaves the folder it is read in."""
    parts = place.replace("\\", "/").split("/")
    return not place or ".." in parts or place.startswith(("/", "\\", "~")) or ":" in parts[0]


def _zip(handle: BinaryIO) -> Format:
    try:
        with zipfile.ZipFile(handle) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, struct.error, ArithmeticError, NotImplementedError, OSError, ValueError) as error:
        return Format("zip", UNKNOWN, f"a broken zip archive ({str(error)[:60]})")
    finally:
        handle.seek(0)
    if "schema.json" in names and not any(name.lower().endswith((".pkl", ".pickle")) for name in names):
        return Format("skops", REVIEWED, "skops rebuilds named types; those it doesn't trust itself, a person must")
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
