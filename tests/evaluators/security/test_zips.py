import io
import json
import pickle
import struct
import tarfile
import zipfile
from typing import Any

import pytest
import torch

from evaluators.security.archives import scan_tar, scan_torch
from evaluators.security.formats import identify
from evaluators.security.safetensors import inspect
from tests.evaluators.security.crafted import CRAFTED, torch_zip

pytestmark = pytest.mark.verification

HARMFUL = CRAFTED["GLOBAL in text"]
HARMLESS = b"\x80\x02B" + struct.pack("<I", len(HARMFUL) - 8) + b"x" * (len(HARMFUL) - 8) + b"."


def found(content: bytes) -> list[str]:
    return [finding.what for finding in scan_torch(io.BytesIO(content))]


def end_of(content: bytes) -> int:
    return content.rindex(b"PK\x05\x06")


def test_an_archive_that_shows_another_list_to_torch_is_found_out() -> None:
    """zipfile takes the list just before the end; torch takes the one at the offset that the end names."""
    harmful, harmless = torch_zip(HARMFUL), torch_zip(HARMLESS)
    both = harmful[: end_of(harmful)] + harmless
    with zipfile.ZipFile(io.BytesIO(both)) as archive:
        assert archive.read("archive/data.pkl") == HARMLESS
    assert any("list of members" in what for what in found(both))


def wide(content: bytes, *, place: int | None = None, shift: int = 0) -> bytes:
    """The archive with an end of 64 bits, as torch writes it."""
    end = end_of(content)
    _, _, count, _, size, start = struct.unpack("<HHHHII", content[end + 4 : end + 20])
    long = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start + shift)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end if place is None else place, 1)
    return content[:end] + long + locator + content[end:]


def test_an_end_of_64_bits_must_lie_where_its_locator_says() -> None:
    content = torch_zip(HARMLESS)
    assert found(wide(content)) == []
    assert found(wide(content, place=0))
    assert found(wide(content, shift=4))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"x" + content,
        lambda content: content + b"x",
        lambda content: content[:-2] + b"\x01\0x",
        lambda content: content.replace(b"PK\x01\x02", b"gapPK\x01\x02", 1),
    ],
)
def test_bytes_that_belong_to_no_member_are_a_finding(spoil: Any) -> None:
    assert found(torch_zip(HARMLESS)) == []
    assert found(spoil(torch_zip(HARMLESS)))


def test_what_torch_saves_is_laid_out_in_one_way() -> None:
    handle = io.BytesIO()
    torch.save({"a": torch.zeros(1000), "b": torch.ones(3)}, handle)
    assert found(handle.getvalue()) == []


def tar_of(content: bytes, name: str = "x") -> bytes:
    handle = io.BytesIO()
    with tarfile.open(fileobj=handle, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return handle.getvalue()


def test_what_lies_behind_a_tar_archive_is_a_finding() -> None:
    clean = tar_of(b"\x80\x04N.")
    assert scan_tar(io.BytesIO(clean)) == []
    assert scan_tar(io.BytesIO(clean + HARMFUL))


def test_a_pickle_that_is_a_tar_archive_too_is_a_pickle() -> None:
    """A tar archive begins with a name, and a name may be opcodes."""
    content = tar_of(b"\x80\x04N.", name="(S'x'\nios\nsystem\n.")
    assert identify(io.BytesIO(content), len(content), "model.pkl").name == "pickle"
    marked = b"\x80\x02" + tar_of(b"\x80\x04N.")[2:]
    assert identify(io.BytesIO(marked), len(marked), "model.pkl").name == "pickle"


def test_an_archive_with_a_pickle_is_not_taken_for_skops() -> None:
    content = torch_zip(HARMFUL)
    handle = io.BytesIO(content)
    with zipfile.ZipFile(handle, "a") as archive:
        archive.writestr("schema.json", "{}")
    assert identify(handle, len(handle.getvalue()), "model.skops").name == "torch"


def test_tensors_that_are_a_pickle_too_are_a_pickle() -> None:
    """The length of the header reads as the opcode of a text, which ends where the code begins."""
    length = 0x58 + (64 << 8)
    start = b'{"__metadata__":{"a":"'
    header = start + b"x" * (61 - len(start)) + b"."
    header += b"x" * (length - len(header) - 3) + b'"}}'
    content = struct.pack("<Q", length) + header
    assert inspect(io.BytesIO(content), len(content)).errors == ()
    assert pickle.loads(content)  # noqa: S301 made here, and it is a text
    assert identify(io.BytesIO(content), len(content), "model.bin").serialisation == "C"


@pytest.mark.parametrize(("kind", "byte"), [("F8_E5M2", 0x7C), ("F8_E4M3", 0xFF)])
def test_values_of_eight_bits_that_are_not_finite_are_found(kind: str, byte: int) -> None:
    header = json.dumps({"w": {"dtype": kind, "shape": [2], "data_offsets": [0, 2]}}).encode()
    for value, spoiled in ((0x3C, ()), (byte, ("w",))):
        content = struct.pack("<Q", len(header)) + header + bytes([0x3C, value])
        assert inspect(io.BytesIO(content), len(content)).not_finite == spoiled


@pytest.mark.parametrize("length", [640, 896, 1152, 1408])
def test_a_header_whose_length_begins_like_a_pickle_is_no_pickle(length: int) -> None:
    start = b'{"__metadata__":{"a":"'
    header = start + b"x" * (length - len(start) - 3) + b'"}}'
    content = struct.pack("<Q", length) + header
    assert content[0] == 0x80
    assert identify(io.BytesIO(content), len(content), "model.safetensors").name == "safetensors"
