"""Files that look like data to one reader and are code to another."""

import contextlib
import io
import json
import pickle
import struct
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import load

from evaluators.protobuf import read_onnx
from evaluators.security.formats import Format, identify
from evaluators.security.safetensors import inspect
from tests.evaluators.security.test_safetensors import packed

pytestmark = pytest.mark.verification

PICKLE = Format("pickle", "C", "a pickle that looks like another format")
CALL = b"cos\nsystem\n(S'touch %s'\ntR"


def graph() -> bytes:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    model = helper.make_model(helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [value], []))
    return bytes(model.SerializeToString())


def in_a_field(code: bytes, whole: bytes) -> bytes:
    """An unknown field of a message, whose bytes are opcodes: PROTO 4, NONE, BININT, and then the code."""
    body = b"\0\0\0" + code
    assert len(body) < 0x80
    return b"\x80\x04N" + b"J" + bytes([len(body)]) + body + whole


def among_tensors(code: bytes) -> bytes:
    """The length of the header is BINUNICODE, whose text ends where SHORT_BINSTRING leads on into a tensor."""
    size = 0x58 | 0x80 << 8
    text = '{"__metadata__":{"a":"' + "x" * (5 + (size >> 8) - 8 - 22) + "U"
    header = (text + "\x7f").encode()
    header += b"y" * (size - len(header) - 200)
    hop = 8 + len(text) + 1 + 0x7F
    parts = bytearray(header.ljust(size, b"y"))
    # Every jump of 127 bytes lands on the next one, the last of them in the tensor.
    while hop < 8 + size:
        parts[hop - 8 : hop - 6] = b"U\x7f"
        hop += 2 + 0x7F
    length = 400
    rest = json.dumps({"w": {"dtype": "U8", "shape": [length], "data_offsets": [0, length]}})[1:].encode()
    parts[-len(rest) - 3 :] = b'"},' + rest
    body = bytearray(length)
    at = hop - 8 - size
    body[at : at + len(code)] = code
    return struct.pack("<Q", size) + bytes(parts) + bytes(body)


def known(content: bytes, name: str) -> Format:
    return identify(io.BytesIO(content), len(content), name)


def code(canary: Path) -> bytes:
    return CALL.replace(b"%s", str(canary).encode())


@pytest.mark.parametrize("end", [b".", b"\0", b"\x97", b"\x98."])
def test_a_file_of_tensors_that_calls_something_as_a_pickle_is_a_pickle(end: bytes, tmp_path: Path) -> None:
    """Whether it comes to its end or breaks off: what it called has run by then."""
    canary = tmp_path / "canary"
    content = among_tensors(code(canary) + end)
    assert list(load(content)) == ["w"]
    assert not inspect(io.BytesIO(content), len(content)).errors
    assert known(content, "model.safetensors") == PICKLE
    assert not canary.exists()
    with contextlib.suppress(pickle.UnpicklingError, TypeError):
        pickle.loads(content)  # noqa: S301 made above, to see that it is no empty threat
    assert canary.exists()


@pytest.mark.parametrize("before", [b"", b"I0x1\n", b"L0x1L\n", b"S'\xe4'\n", b"C\0\x98"])
def test_a_graph_that_calls_something_as_a_pickle_is_a_pickle(before: bytes, tmp_path: Path) -> None:
    """Also where the loader reads a number, or a buffer, that the parser of pickles does not."""
    canary = Path("/tmp", tmp_path.name)
    content = in_a_field(before + code(canary), graph())
    assert onnx.load_from_string(content).graph.node[0].op_type == "Relu"
    assert read_onnx(content).operators == {"Relu"}
    assert known(content, "net.onnx") == PICKLE


def test_headers_of_every_length_are_no_pickles() -> None:
    """The length of a header is the first opcode to who takes it for a pickle, and some lengths are one."""
    names = [f"encoder.layer.{i}.{part}" for i in range(12) for part in ("attention.self.query.bias", "output.weight")]
    tensors = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    text = json.dumps({"__metadata__": {"format": "pt"}} | tensors, separators=(",", ":")).encode()
    for size in range(len(text), len(text) + 8_192):
        content = packed(text.ljust(size), bytes(4 * len(names)))
        assert known(content, "model.safetensors").serialisation == "A", size
