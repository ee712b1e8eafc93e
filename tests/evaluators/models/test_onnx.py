"""ONNX models: rows and images, with and without maps of names, and files that hide something."""

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier

from evaluators.contract import SubjectError
from evaluators.models.model import BadOutput
from evaluators.models.opening import open_model
from evaluators.protobuf import Malformed, read_onnx
from tests.evaluators.models.subjects import held

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3)).astype(np.float32)
Y = np.where(X[:, 0] > 0, "yes", "no")
ROWS = X[:20].astype(np.float64)


def converted(estimator: Any, *, zipmap: bool = False) -> bytes:
    options = {id(estimator): {"zipmap": zipmap}} if hasattr(estimator, "classes_") else None
    data: bytes = to_onnx(estimator, X[:1], options=options).SerializeToString()
    return data


@pytest.fixture(scope="module")
def logistic() -> LogisticRegression:
    return LogisticRegression().fit(X, Y)


@pytest.mark.parametrize("zipmap", [False, True])
def test_a_classifier_says_its_classes_itself(zipmap: bool, tmp_path: Path, logistic: LogisticRegression) -> None:
    model = open_model(held(tmp_path, {"model.onnx": converted(logistic, zipmap=zipmap)}))
    assert (model.classes, model.score_kind, model.inputs) == (("no", "yes"), "probability", "rows")
    assert model.probabilities(ROWS) == pytest.approx(logistic.predict_proba(X[:20]), abs=1e-5)
    assert [model.classes[i] for i in model.labels(ROWS)] == logistic.predict(X[:20]).tolist()


def test_classes_that_are_numbers_are_words(tmp_path: Path) -> None:
    forest = RandomForestClassifier(5, random_state=0).fit(X, (X[:, 0] > 0) * 2 - 1)
    model = open_model(held(tmp_path, {"model.onnx": converted(forest)}))
    assert model.classes == ("-1", "1")
    assert model.scores(ROWS) == pytest.approx(forest.predict_proba(X[:20]), abs=1e-5)
    assert model.accepts_missing


def test_a_regressor_gives_values(tmp_path: Path) -> None:
    line = LinearRegression().fit(X, X[:, 0])
    model = open_model(held(tmp_path, {"model.onnx": converted(line)}))
    assert (model.score_kind, model.classes) == ("value", ())
    assert model.scores(ROWS)[:, 0] == pytest.approx(line.predict(X[:20]), abs=1e-5)


def test_a_file_that_does_not_name_its_classes_needs_a_signature(tmp_path: Path) -> None:
    network = MLPClassifier((4,), max_iter=20, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        network.fit(X, Y)
    data = converted(network)
    with pytest.raises(SubjectError, match=r"doesn't name its classes; signature\.json must list them"):
        open_model(held(tmp_path, {"model.onnx": data}))
    signature = json.dumps({"classes": ["no", "yes"], "features": ["a", "b", "c"]}).encode()
    model = open_model(held(tmp_path, {"model.onnx": data, "signature.json": signature}))
    assert model.features == ("a", "b", "c")
    assert model.scores(ROWS) == pytest.approx(network.predict_proba(X[:20]), abs=1e-5)


def graph(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: list[Any] = ()) -> bytes:
    found = helper.make_model(
        helper.make_graph(nodes, "g", inputs, outputs, initializer=constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    data: bytes = found.SerializeToString()
    return data


def images(width: int = 10) -> bytes:
    """Flatten and multiply, as an image classifier in small."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [64, width], np.ones(64 * width, dtype=np.float32))
    return graph(
        [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, width])],
        [weights],
    )


def signed(**about: Any) -> bytes:
    return json.dumps(about).encode()


def test_an_image_classifier_is_opened_with_a_signature(tmp_path: Path) -> None:
    signature = signed(classes=[str(i) for i in range(10)], output="logit")
    model = open_model(held(tmp_path, {"model.onnx": images(), "signature.json": signature}))
    assert (model.inputs, model.shape, model.score_kind) == ("images", (1, 8, 8), "logit")
    assert model.scores(np.ones((3, 64))).tolist() == [[64.0] * 10] * 3


def test_one_column_is_that_of_the_second_class(tmp_path: Path) -> None:
    files = {"model.onnx": images(1), "signature.json": signed(classes=["no", "yes"], output="logit")}
    assert open_model(held(tmp_path, files)).scores(np.ones((2, 64))).tolist() == [[0.0, 64.0]] * 2


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({}, "signature.json must name classes and output"),
        ({"classes": ["a", "b"]}, "signature.json must name classes and output"),
        ({"classes": ["a", "b"], "output": "value"}, "'value' without classes"),
        ({"output": "logit"}, "'value' without classes"),
        ({"output": "guess"}, "output is one of"),
        ({"klasses": []}, "unknown key 'klasses'"),
        ({"shape": [64]}, "contradicts"),
        ({"shape": [1, 8, 9]}, "contradicts"),
        ({"classes": "ab"}, "list of texts"),
    ],
)
def test_a_signature_is_complete_and_true_or_refused(about: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, {"model.onnx": images(), "signature.json": signed(**about)}))


def test_scores_that_are_declared_as_probabilities_and_are_none_are_refused(tmp_path: Path) -> None:
    files = {"model.onnx": images(2), "signature.json": signed(classes=["a", "b"], output="probability")}
    with pytest.raises(BadOutput, match="the probabilities of input 1"):
        open_model(held(tmp_path, files)).scores(np.ones((2, 64)))


def test_another_number_of_classes_than_the_model_gives_is_refused(tmp_path: Path) -> None:
    files = {"model.onnx": images(3), "signature.json": signed(classes=["a", "b"], output="logit")}
    with pytest.raises(BadOutput, match=r"\(2, 2\) was expected"):
        open_model(held(tmp_path, files)).scores(np.ones((2, 64)))


def test_rows_of_another_width_are_told_of(tmp_path: Path, logistic: LogisticRegression) -> None:
    model = open_model(held(tmp_path, {"model.onnx": converted(logistic)}))
    with pytest.raises((BadOutput, SubjectError), match=r"model\.onnx"):
        model.scores(np.ones((4, 5)))


def external(location: str, *, hidden: bool = False) -> bytes:
    """A model whose weights lie in another file; hidden in a branch of an If, too."""
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [64, 2], np.ones(128, dtype=np.float32))
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    if not hidden:
        model = onnx.load_from_string(images(2))
        model.graph.initializer[0].CopyFrom(tensor)
        return bytes(model.SerializeToString())
    output = helper.make_tensor_value_info("w", TensorProto.FLOAT, [64, 2])
    branch = helper.make_graph([helper.make_node("Constant", [], ["w"], value=tensor)], "b", [], [output])
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    return graph([node], [helper.make_tensor_value_info("c", TensorProto.BOOL, [])], [output])


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("location", ["weights.bin", "../../etc/passwd", "/etc/passwd"])
def test_weights_in_another_file_are_never_followed(location: str, hidden: bool, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="keeps weights in another file"):
        open_model(held(tmp_path, {"model.onnx": external(location, hidden=hidden)}))


def test_operators_that_the_runtime_does_not_have_are_refused(tmp_path: Path) -> None:
    numbers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in "xy"]
    data = graph([helper.make_node("Evil", ["x"], ["y"], domain="custom")], numbers[:1], numbers[1:])
    with pytest.raises(SubjectError, match="onnxruntime can't load it"):
        open_model(held(tmp_path, {"model.onnx": data}))


def test_a_model_of_words_is_refused(tmp_path: Path) -> None:
    words = [helper.make_tensor_value_info(name, TensorProto.STRING, [None, 2]) for name in "xy"]
    with pytest.raises(SubjectError, match=r"takes tensor\(string\)"):
        open_model(
            held(tmp_path, {"model.onnx": graph([helper.make_node("Identity", ["x"], ["y"])], *[[w] for w in words])})
        )


def test_spoiled_files_are_read_or_refused_and_never_crash(logistic: LogisticRegression) -> None:
    data = converted(logistic)
    rng = np.random.default_rng(0)
    for _ in range(60):
        spoiled = bytearray(data)
        for place in rng.integers(0, len(data), size=rng.integers(1, 6)):
            spoiled[place] = rng.integers(0, 256)
        for content in (bytes(spoiled), data[: rng.integers(0, len(data))]):
            with contextlib.suppress(Malformed):
                read_onnx(content)


def test_no_more_graphs_than_one(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="holds 0 graphs"):
        open_model(held(tmp_path, {"model.onnx": b""}))


def test_the_answers_are_those_of_the_torch_module_it_came_from(tmp_path: Path) -> None:
    weight = torch.linspace(-1, 1, 128).reshape(64, 2)
    constants = [helper.make_tensor("w", TensorProto.FLOAT, [64, 2], weight.numpy().reshape(-1))]
    rank_four = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "c", "h", "w_"])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])]
    files = {"model.onnx": graph(nodes, [rank_four], [output], constants)}
    with pytest.raises(SubjectError, match="must say the shape of an image"):
        open_model(held(tmp_path, files))
    signature = signed(classes=["a", "b"], output="logit", shape=[1, 8, 8])
    model = open_model(held(tmp_path, {**files, "signature.json": signature}))
    pictures = RNG.normal(size=(5, 64))
    assert model.scores(pictures) == pytest.approx(pictures @ weight.numpy().astype(float), abs=1e-4)


@pytest.mark.parametrize("names", [("mal", "ben"), ("1", "2")])
@pytest.mark.parametrize("zipmap", [False, True])
def test_a_signature_names_classes_that_are_numbers_in_the_file(
    names: tuple[str, str], zipmap: bool, tmp_path: Path
) -> None:
    forest = RandomForestClassifier(5, random_state=0).fit(X, (X[:, 0] > 0).astype(int))
    files = {"model.onnx": converted(forest, zipmap=zipmap)}
    with pytest.raises(SubjectError, match=r"it has '0', '1'; to name them, put .*classes.* into signature\.json"):
        open_model(held(tmp_path, files)).position("ben")
    about = json.dumps({"classes": names, "output": "probability"}).encode()
    model = open_model(held(tmp_path, {**files, "signature.json": about}))
    assert model.scores(ROWS) == pytest.approx(forest.predict_proba(X[:20]), abs=1e-5)
    assert [model.classes[i] for i in model.labels(ROWS)] == [names[one] for one in forest.predict(X[:20]).tolist()]


@pytest.mark.parametrize("zipmap", [False, True])
def test_a_signature_that_turns_the_classes_around_is_refused(
    zipmap: bool, tmp_path: Path, logistic: LogisticRegression
) -> None:
    files = {"model.onnx": converted(logistic, zipmap=zipmap), "signature.json": signed(classes=["yes", "no"])}
    with pytest.raises(SubjectError, match=r"names the classes of model\.onnx in another order than it: no, yes"):
        open_model(held(tmp_path, files))


def test_a_label_that_is_no_class_is_answered_with_where_classes_are_named(
    tmp_path: Path, logistic: LogisticRegression
) -> None:
    about = json.dumps({"classes": ["a", "b", "c"], "output": "label"}).encode()
    model = open_model(held(tmp_path, {"model.onnx": converted(logistic), "signature.json": about}))
    with pytest.raises(BadOutput, match=r"none of its classes; give its words for them as classes in signature\.json"):
        model.labels(ROWS)
