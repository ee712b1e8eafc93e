"""The identity of a set of files: one root digest over contents, one manifest digest over names, sizes and contents.

The root digest is the one of the OpenSSF model-signing specification: file digests in name order, concatenated raw,
SHA-256. It doesn't cover names, so whoever checks a set against it must check the manifest too.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from registry.cards.canonical import digest
from registry.exceptions import InvalidInput

MAX_FILES = 100_000
MAX_NAME_BYTES = 1_024
LEFT_OUT = frozenset({".git", ".gitignore", ".gitattributes", ".github"})

SHA256 = re.compile(r"[0-9a-f]{64}")
DRIVE = re.compile(r"[A-Za-z]:")
LARGEST_EXACT_INTEGER = 2**53 - 1
CONTROL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
DIRECTION_OVERRIDES = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of an artifact: its name with `/` between the parts, its size in bytes, its SHA-256 as hex."""

    name: str
    size: int
    sha256: str


def is_left_out(name: str) -> bool:
    """Whether the specification leaves the file out of the set: version control's own, at the top level."""
    return name.split("/", 1)[0] in LEFT_OUT


def name_problem(name: object) -> str | None:
    """Say why a file can't have this name, or None if it can."""
    if not isinstance(name, str) or not name:
        return "a name is a text that is not empty"
    if any(_is_unsafe(character) for character in name):
        return "it holds a control character or one that changes the direction of writing"
    if len(name.encode("utf-8")) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    if "\\" in name:
        return "it holds a backslash; write / between folders"
    if name.startswith("/") or DRIVE.match(name):
        return "it is absolute; names are relative to the artifact"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return 'it has an empty part, "." or ".." between its slashes'
    return None


def file_set(files: Iterable[FileEntry]) -> tuple[FileEntry, ...]:
    """Return the files in name order; InvalidInput names each that can't stand in a set.

    Refused: an empty set, more than MAX_FILES, unsafe or repeated names, a file that is also a folder, names that the
    specification leaves out, sizes that are no byte counts, digests that are not lower-case SHA-256.
    """
    entries = sorted(files, key=lambda entry: str(entry.name))
    if not 1 <= len(entries) <= MAX_FILES:
        raise InvalidInput(f"An artifact has between 1 and {MAX_FILES:,} files, not {len(entries):,}.")
    names = {str(entry.name) for entry in entries}
    errors: dict[str, list[str]] = {}
    for index, entry in enumerate(entries):
        problem = _entry_problem(entry, names=names)
        if problem is None and index and entries[index - 1].name == entry.name:
            problem = "it is listed twice"
        if problem is not None:
            errors[ascii(entry.name)[1:-1]] = [problem]
    if errors:
        first = "; ".join(f"{name}: {problems[0]}" for name, problems in list(errors.items())[:5])
        raise InvalidInput(f"These files can't make up an artifact: {first}", errors=errors)
    return tuple(entries)


def root_digest(files: Iterable[FileEntry]) -> str:
    """Return the root digest of a valid set, as lower-case hex."""
    whole = hashlib.sha256()
    for entry in file_set(files):
        whole.update(bytes.fromhex(entry.sha256))
    return whole.hexdigest()


def manifest(files: Iterable[FileEntry]) -> list[dict[str, str | int]]:
    """Return name, size and digest of each file of a valid set, in name order."""
    return [{"name": entry.name, "size": entry.size, "sha256": entry.sha256} for entry in file_set(files)]


def manifest_digest(files: Iterable[FileEntry]) -> str:
    """Return the digest of the canonical manifest, as lower-case hex."""
    return digest(manifest(files))


def _is_unsafe(character: str) -> bool:
    return character in DIRECTION_OVERRIDES or unicodedata.category(character) in CONTROL_CATEGORIES


def _entry_problem(entry: FileEntry, *, names: set[str]) -> str | None:
    problem = name_problem(entry.name)
    if problem is not None:
        return problem
    if is_left_out(entry.name):
        return "files of version control at the top level are never part of an artifact"
    parts = entry.name.split("/")
    if any("/".join(parts[:depth]) in names for depth in range(1, len(parts))):
        return "another file has the name of its folder"
    return _content_problem(entry)


def _content_problem(entry: FileEntry) -> str | None:
    if type(entry.size) is not int or not 0 <= entry.size <= LARGEST_EXACT_INTEGER:
        return "its size is not a number of bytes"
    if not isinstance(entry.sha256, str) or not SHA256.fullmatch(entry.sha256):
        return "its digest is not 64 lower-case hex digits"
    return None
