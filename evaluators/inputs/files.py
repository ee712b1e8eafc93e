"""Open a file by its digest: what was hashed is what is read, through one handle."""

import hashlib
import os
from typing import BinaryIO

from evaluators.contract import FileRef, Subject, SubjectError, Undeclared

GIB = 1 << 30


def required(subject: Subject, role: str) -> FileRef:
    """The file of that role. Raises SubjectError if the subject has none."""
    if role not in subject.files:
        raise Undeclared(f"a {role} file is needed and none was given")
    return subject.files[role]


def has_role(subject: Subject, role: str) -> bool:
    """Whether the subject has a file, or several, in that role."""
    return role in subject.files or any(key.startswith(f"{role}/") for key in subject.files)


def has_model(subject: Subject, role: str = "model") -> bool:
    """Whether the subject has a model in that role that can be asked; a table may lie beside it."""
    return has_role(subject, role) or (role == "model" and subject.kind == "endpoint")


def of_role(subject: Subject, role: str) -> dict[str, FileRef]:
    """The files of a role by file name: one, or several kept as `role/<file name>`.

    Raises SubjectError if there are none, or two of one name: one of them would never be looked at.
    """
    several = {key.removeprefix(f"{role}/"): ref for key, ref in subject.files.items() if key.startswith(f"{role}/")}
    if role in subject.files:
        ref = subject.files[role]
        name = os.path.basename(ref.name)
        if name in several:
            raise SubjectError(f"two files of the {role} are called {name!r}")
        return {name: ref} | several
    if not several:
        raise Undeclared(f"a {role} file is needed and none was given")
    return several


def open_verified(ref: FileRef, *, limit: int = 64 * GIB) -> BinaryIO:
    """An open handle at the first byte of a file whose SHA-256 is the expected one.

    The same handle is hashed and returned, so another file can't be slipped in between. Raises SubjectError.
    """
    try:
        handle = open(ref.path, "rb")  # noqa: SIM115 the caller closes it
    except OSError as error:
        raise SubjectError(f"{ref.name}: can't be opened ({error.strerror})") from error
    try:
        size = os.fstat(handle.fileno()).st_size
        if size > limit:
            raise SubjectError(f"{ref.name}: {size:,} bytes, more than the {limit:,} allowed")
        found = hashlib.file_digest(handle, "sha256").hexdigest()
        if found != ref.sha256:
            raise SubjectError(f"{ref.name}: the content has SHA-256 {found[:12]}…, expected {ref.sha256[:12]}…")
        handle.seek(0)
    except (OSError, SubjectError):
        handle.close()
        raise
    return handle


def sha256_of(path: str) -> str:
    """SHA-256 of a file on disk, in hexadecimal. Raises SubjectError if it can't be read."""
    try:
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise SubjectError(f"{path}: can't be opened ({error.strerror})") from error
