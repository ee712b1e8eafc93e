"""Look into archives that hold pickles: torch's zip, tar files, and joblib's compressed streams."""

import bz2
import gzip
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from evaluators.security.machine import Finding
from evaluators.security.pickles import MAX_BYTES, scan
from evaluators.security.zips import Ambiguous, check_layout

MAX_MEMBERS = 100_000
MAX_TAR_MEMBERS = 1_000
MAX_RATIO = 200
RAW_MEMBER = re.compile(
    r"^[^/]+/(data/\d+|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id)\Z"
)
PICKLE_MEMBER = re.compile(r"^[^/]+/data\.pkl\Z")
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def scan_torch(handle: BinaryIO) -> list[Finding]:
    """Findings in a zip archive as torch.save writes it. Unknown, encrypted or broken members are findings."""
    findings: list[Finding] = []
    try:
        with zipfile.ZipFile(handle) as archive:
            members = archive.infolist()
            findings += _names(members)
            check_layout(handle, members)
            for member in members[:MAX_MEMBERS]:
                findings += [_within(member.filename, found) for found in _member(archive, member)]
    except Ambiguous as error:
        findings.append(Finding(0, "archive", str(error)))
    except ZIP_ERRORS as error:
        findings.append(Finding(0, "archive", f"can't be read ({str(error)[:80]})"))
    return findings


def scan_tar(handle: BinaryIO) -> list[Finding]:
    """Findings in a tar archive: every member must be a clean pickle, and nothing else may be in the file."""
    findings: list[Finding] = []
    try:
        with tarfile.open(fileobj=handle, mode="r:") as archive:
            for count, member in enumerate(archive):
                if count == MAX_TAR_MEMBERS:
                    return [*findings, Finding(0, "archive", f"more than {MAX_TAR_MEMBERS:,} members")]
                content = archive.extractfile(member) if _is_plain(member) else None
                if content is None:
                    findings.append(
                        Finding(0, "archive", f"{member.name[:80]}: not a plain file that can be inspected")
                    )
                    continue
                findings += [_within(member.name, found) for found in scan(content.read())]
            findings += _behind(handle, archive.offset)
    except (tarfile.TarError, ArithmeticError, EOFError, OSError, ValueError) as error:
        findings.append(Finding(0, "archive", f"can't be read ({str(error)[:80]})"))
    return findings


def _is_plain(member: tarfile.TarInfo) -> bool:
    return member.isfile() and not member.issparse() and member.size <= MAX_BYTES


def _behind(handle: BinaryIO, offset: int) -> Iterator[Finding]:
    """What lies behind the last member of a tar archive, where only zeros belong."""
    handle.seek(offset)
    while chunk := handle.read(1 << 20):
        if chunk.strip(b"\0"):
            yield Finding(offset, "archive", "something follows the last member")
            return


def scan_compressed(head: bytes, handle: BinaryIO) -> list[Finding] | None:
    """Findings in a pickle that joblib compressed, or None if this is no known compression."""
    opener = next((opener for magic, opener in COMPRESSIONS.items() if head.startswith(magic)), None)
    if opener is None:
        return None
    try:
        data = opener(handle)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        return [Finding(0, "archive", f"can't be decompressed ({str(error)[:80]})")]
    return scan(data)


def _names(members: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    names = [member.filename for member in members]
    if len(names) > MAX_MEMBERS:
        yield Finding(0, "archive", f"{len(names):,} members")
    if len(set(names)) != len(names):
        yield Finding(0, "archive", "two members have the same name")
    if len({name.partition("/")[0] for name in names}) != 1:
        yield Finding(0, "archive", "members lie in more than one folder")
    if sum(1 for name in names if PICKLE_MEMBER.match(name)) != 1:
        yield Finding(0, "archive", "there is not exactly one data.pkl")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> list[Finding]:
    if member.flag_bits & 1:
        return [Finding(0, "archive", "is encrypted")]
    if member.file_size > MAX_RATIO * max(member.compress_size, 1 << 16):
        return [Finding(0, "archive", "unpacks to far more than its size")]
    if PICKLE_MEMBER.match(member.filename):
        if member.file_size > MAX_BYTES:
            return [Finding(0, "too large", "is too large to be inspected")]
        return scan(archive.read(member), allow_persistent=True)
    with archive.open(member) as content:
        while content.read(1 << 20):
            pass  # reading to the end checks the checksum
    return [] if RAW_MEMBER.match(member.filename) else [Finding(0, "archive", "is not part of the format")]


def _within(name: str, found: Finding) -> Finding:
    return Finding(found.offset, found.kind, f"{name[:80]}: {found.what}")


def _read_zlib(handle: BinaryIO) -> bytes:
    machine = zlib.decompressobj()
    data = machine.decompress(handle.read(), MAX_BYTES + 1)
    if not machine.eof or machine.unused_data:
        raise ValueError("truncated, too large or followed by something else")
    return data


def _read_gzip(handle: BinaryIO) -> bytes:
    with gzip.GzipFile(fileobj=handle) as content:
        return content.read(MAX_BYTES + 1)


def _read_bz2(handle: BinaryIO) -> bytes:
    with bz2.BZ2File(handle) as content:
        return content.read(MAX_BYTES + 1)


def _read_xz(handle: BinaryIO) -> bytes:
    with lzma.LZMAFile(handle) as content:
        return content.read(MAX_BYTES + 1)


COMPRESSIONS: dict[bytes, Callable[[BinaryIO], bytes]] = {
    b"\x78": _read_zlib,
    b"\x1f\x8b": _read_gzip,
    b"BZh": _read_bz2,
    b"\xfd7zXZ": _read_xz,
}
