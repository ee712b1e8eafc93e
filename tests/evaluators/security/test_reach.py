import json
import tracemalloc
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from evaluators.protobuf import Malformed, read_onnx
from evaluators.security.gguf import inspect
from evaluators.security.settings import LAYERS, setting_findings
from evaluators.security.templates import template_findings
from tests.evaluators.security.folders import first, key, signed, statement
from tests.evaluators.security.test_safetensors import GOOD, packed

pytestmark = pytest.mark.verification

REACHING = {
    "joined": "{{ ''['_'~'_class_'~'_'] }}",
    "a block": "{% set k %}__class__{% endset %}{{ ''[k] }}",
    "a name": "{% set k='_'~'_class_'~'_' %}{{ messages[k] }}",
    "another name": "{% set a='_'~'_class_' %}{% set b=a %}{{ x[b] }}",
    "an argument": "{{ ''[dict(__class__=1)|list|first] }}",
    "a filter": "{{ [1]|map(attribute='_'~'_class_'~'_')|list }}",
    "a filter by name": "{{ ''|map('attr', 'x') }}",
    "formatting": "{% set s='{0.'~'_'~'_class_' %}{{ s.format(1) }}",
    "a loop": "{% for k in ['_'~'_class_'~'_'] %}{{ ''[k] }}{% endfor %}",
    "a macro": "{% macro m(k) %}{{ ''[k] }}{% endmacro %}{{ m('_'~'_class_') }}",
    "a namespace": "{% set ns=namespace(k=1) %}{% set ns.k='_'~'_class_' %}{{ ''[ns.k] }}",
    "letters by number": "{{ ''['%c%cclass%c%c' % (95,95,95,95)] }}",
}
PLAIN = [
    "{% for m in messages %}{{ m['content'] }}{{ messages[loop.index0 - 1].role }}{% endfor %}",
    "{% set ns = namespace(i=0) %}{% set ns.i = ns.i + 1 %}{{ messages[ns.i] }}{{ messages[messages|length - 1] }}",
    "{% for k, v in tool.parameters.properties.items() %}{{ tool.parameters[k] }}{% endfor %}",
    "{{ messages|selectattr('role', 'equalto', 'user')|list|length }}{{ messages[1:] }}",
]


@pytest.mark.parametrize("case", sorted(REACHING))
def test_a_template_that_puts_a_name_together_is_found(case: str) -> None:
    assert template_findings(REACHING[case])


@pytest.mark.parametrize("template", PLAIN)
def test_a_template_that_counts_and_loops_is_clean(template: str) -> None:
    assert template_findings(template) == []


@pytest.mark.parametrize(
    "config",
    [
        {"attn_implementation": "someone/their-kernel"},
        {"layers": [{"class_name": "__lambda__", "config": {}}]},
        {"module": "os", "class_name": "function", "config": "system"},
        {"module": "builtins", "class_name": "function", "config": "exec"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        {"module": "keras.src.utils.file_utils", "class_name": "function", "config": "get_file"},
        {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"},
        {"module": "keras.models", "class_name": "function", "config": "load_model"},
        {"module": "keras.models", "class_name": "load_model", "config": {}},
        {"module": "keras.models", "class_name": "Model", "registered_name": "load_model"},
        {"module": "keras", "class_name": "function", "config": "utils.get_file"},
        {"module": "keras", "class_name": "utils.get_file", "config": {}},
        {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "x"}},
    ],
)
def test_settings_that_fetch_or_build_a_program_are_found(config: dict[str, object]) -> None:
    assert list(setting_findings(config))
    assert not list(
        setting_findings({"_attn_implementation": "eager", "module": "keras.layers", "class_name": "Dense"})
    )


@pytest.mark.parametrize("module", ["keras", "keras.layers", "keras.src.models.functional", "builtins", "keras.ops"])
def test_parts_of_models_are_clean(module: str) -> None:
    assert not list(setting_findings({"module": module, "class_name": "Dense", "config": {}}))


@pytest.mark.parametrize(
    "config",
    [
        {"module": "keras", "class_name": "Sequential", "registered_name": "Sequential"},
        {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"},
        {"module": "keras.losses", "class_name": "function", "config": "mean_squared_error", "registered_name": None},
        {"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": None},
    ],
)
def test_what_keras_itself_writes_is_clean(config: dict[str, object]) -> None:
    assert not list(setting_findings(config))


@pytest.mark.parametrize(
    "content",
    [
        b"a: !!python/object/apply:os.system [id]",
        b"!!%70ython/object/apply:os.system [id]",
        b"%TAG !p! tag:yaml.org,2002:py\n---\n- !p!thon/object/apply:os.system [id]",
        b"a: !<tag:yaml.org,2002:python/name:os.system> ''",
        b"a: {b: [!own {c: 1}]}",
        b"a: [",
        b"\xff\xfe",
        b"a: 1\n" + b"#" * (1 << 20),
    ],
)
def test_yaml_that_builds_objects_or_cannot_be_read_is_found(content: bytes, tmp_path: Path) -> None:
    found = first("security.remote_code", tmp_path, {"model.safetensors": packed(GOOD), "model.yaml": content})
    assert found.value == 1


@pytest.mark.parametrize(
    "content", [b"", b"a: 1\nb: [x, !!str 2]\n--- \n!!map {c: !!set {d}}", b"a: &x [1]\nb: *x", b"! a"]
)
def test_yaml_of_plain_values_is_clean(content: bytes, tmp_path: Path) -> None:
    found = first("security.remote_code", tmp_path, {"model.safetensors": packed(GOOD), "conf.yml": content})
    assert found.value == 0


def test_a_layers_name_in_escaped_letters_is_found() -> None:
    assert LAYERS.search(b'{"class_name": "\\u004cambda"}')
    assert LAYERS.search(b'{"\\u0063lass_name": "Lambda"}')
    assert not LAYERS.search(json.dumps({"class_name": "Dense", "name": "größe"}).encode())


def field(number: int, content: bytes, *, above: int = 0) -> bytes:
    tag, out = (number << 3 | 2) | above, b""
    for value in (tag, len(content)):
        while value >= 0x80:
            out += bytes([value & 0x7F | 0x80])
            value >>= 7
        out += bytes([value])
    return out + content


def test_onnx_fields_that_another_reader_would_see_are_refused() -> None:
    """A tag of more than 32 bits is cut to 32 by the library that loads the model."""
    node = helper.make_node("Evil", [], ["y"], domain="somewhere")
    graph = helper.make_graph([node], "g", [], []).SerializeToString()
    assert read_onnx(field(7, graph)).domains == {"somewhere"}
    with pytest.raises(Malformed):
        read_onnx(field(7, b"") + field(7, graph, above=1 << 32))


def test_onnx_graphs_of_training_are_looked_at() -> None:
    node = helper.make_node("Evil", [], ["y"], domain="somewhere")
    model = helper.make_model(helper.make_graph([], "g", [], []))
    model.training_info.append(onnx.TrainingInfoProto(algorithm=helper.make_graph([node], "t", [], [])))
    assert "somewhere" in read_onnx(model.SerializeToString()).domains


def test_millions_of_numbers_in_an_onnx_file_take_no_memory() -> None:
    numbers = helper.make_node("Constant", [], ["y"], value_ints=[1] * 300_000)
    content = helper.make_model(helper.make_graph([numbers], "g", [], [])).SerializeToString()
    tracemalloc.start()
    read_onnx(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
    labels = helper.make_node("T", ["x"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[1] * 2_000_000)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    with pytest.raises(Malformed):
        read_onnx(helper.make_model(helper.make_graph([labels], "g", [value], [])).SerializeToString())


def test_every_chat_template_of_a_gguf_file_is_read(tmp_path: Path) -> None:
    text = b"{{ ''.__class__ }}"
    key_ = b"tokenizer.chat_template.rag"
    pair = len(key_).to_bytes(8, "little") + key_ + (8).to_bytes(4, "little") + len(text).to_bytes(8, "little") + text
    content = b"GGUF" + (3).to_bytes(4, "little") + (0).to_bytes(8, "little") + (1).to_bytes(8, "little") + pair
    content += b"\0" * (-len(content) % 32)
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with path.open("rb") as handle:
        assert inspect(handle, len(content)).templates == {key_.decode(): text.decode()}
    assert first("security.remote_code", tmp_path, {"x.gguf": content}).value


def test_a_file_called_like_a_signature_is_no_signature(tmp_path: Path) -> None:
    """The bundle comes in its own role, so a file of the model by that name is a file like any other."""
    files = {"model.safetensors": b"weights"}
    private, public = key()
    every = files | {"model.sig": b"cos\nsystem\n.", "signature": signed(private, statement(files))}
    assert first("security.provenance", tmp_path, every, public_key=public).detail["findings"] == [
        "model.sig: was not signed"
    ]
