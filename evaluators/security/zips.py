"""Whether a zip archive can be read in one way only.

Readers differ in where they look for the list of members, and what lies before, between or behind. An archive that
shows one list to an inspector and another to the library that loads it is refused: nothing may lie anywhere but there.
"""

import struct
import zipfile
from collections.abc import Sequence
from typing import BinaryIO

END, END_64, LOCATOR, LOCAL = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x03\x04"
END_SIZE, END_64_SIZE, LOCATOR_SIZE, LOCAL_SIZE = 22, 56, 20, 30
HAS_DESCRIPTOR = 0x08
# Sizes of what may follow a member: checksum and sizes, with or without a signature, of 32 or 64 bits.
DESCRIPTORS = (12, 16, 20, 24)


class Ambiguous(Exception):
    """The archive can be read in more than one way."""


def check_layout(handle: BinaryIO, members: Sequence[zipfile.ZipInfo]) -> None:
    """Raise Ambiguous unless members, list and end lie one behind the other and fill the file."""
    size = handle.seek(0, 2)
    start = _list_start(handle, size, len(members))
    ordered = sorted(members, key=lambda member: member.header_offset)
    position = 0
    for member, following in zip(ordered, [*(one.header_offset for one in ordered[1:]), start], strict=True):
        if member.header_offset != position:
            raise Ambiguous(f"bytes before {member.filename[:60]!r} belong to no member")
        gap = following - _end_of(handle, member)
        if gap not in (DESCRIPTORS if member.flag_bits & HAS_DESCRIPTOR else (0,)):
            raise Ambiguous(f"bytes behind {member.filename[:60]!r} belong to no member")
        position = following


def _list_start(handle: BinaryIO, size: int, count: int) -> int:
    """Where the list of members begins, if all ends agree about it."""
    end = _at(handle, size - END_SIZE, END_SIZE)
    if end[:4] != END or end[20:] != b"\0\0":
        raise Ambiguous("something follows the end of the archive")
    found = struct.unpack("<HHHHII", end[4:20])
    stop = size - END_SIZE
    if _at(handle, stop - LOCATOR_SIZE, LOCATOR_SIZE)[:4] == LOCATOR:
        stop -= LOCATOR_SIZE + END_64_SIZE
        large = _wide_end(handle, stop)
        same = zip(found, large, (0xFFFF,) * 4 + (0xFFFFFFFF,) * 2, strict=True)
        if any(short not in (long, unknown) for short, long, unknown in same):
            raise Ambiguous("the archive has two ends that disagree")
        found = large
    if found != (0, 0, count, count, stop - found[5], found[5]):
        raise Ambiguous("the list of members does not lie where the archive ends")
    return int(found[5])


def _wide_end(handle: BinaryIO, place: int) -> tuple[int, ...]:
    """Disks, counts, size and start of the list, from the end of an archive of 64 bits."""
    locator = _at(handle, place + END_64_SIZE, LOCATOR_SIZE)
    end = _at(handle, place, END_64_SIZE)
    if end[:4] != END_64 or struct.unpack("<IQI", locator[4:]) != (0, place, 1):
        raise Ambiguous("the archive has an end that is not where it is said to be")
    length, _, *found = struct.unpack("<QIIIQQQQ", end[4:])
    if length != END_64_SIZE - 12:
        raise Ambiguous("the archive has an end of an odd length")
    return tuple(found)


def _end_of(handle: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a member's content ends, if its own head says the same as the list."""
    head = _at(handle, member.header_offset, LOCAL_SIZE)
    if head[:4] != LOCAL:
        raise Ambiguous(f"{member.filename[:60]!r} has no head")
    _, flags, method, _, _, crc, packed, size, name, extra = struct.unpack("<HHHHHIIIHH", head[4:])
    listed = (member.CRC, member.compress_size, member.file_size)
    says_same = (crc, packed, size) == listed or flags & HAS_DESCRIPTOR or 0xFFFFFFFF in (packed, size)
    if (flags, method) != (member.flag_bits, member.compress_type) or not says_same:
        raise Ambiguous(f"the head of {member.filename[:60]!r} says something else than the list")
    return member.header_offset + LOCAL_SIZE + int(name) + int(extra) + member.compress_size


def _at(handle: BinaryIO, place: int, size: int) -> bytes:
    handle.seek(max(place, 0))
    return handle.read(size).ljust(size, b"\0")
