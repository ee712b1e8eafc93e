"""Torch modules as an architecture in words and weights in safetensors."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from evaluators.contract import SubjectError
from evaluators.models.layers import build
from evaluators.models.networks import network_files
from evaluators.models.opening import open_model
from tests.evaluators.models.subjects import held

IMAGES: dict[str, Any] = {
    "inputs": "images",
    "shape": [1, 8, 8],
    "classes": [str(digit) for digit in range(10)],
    "output": "logit",
    "layers": [
        {"type": "scale", "mean": 0, "std": 16},
        {"type": "conv2d", "in": 1, "out": 4, "kernel": 3, "padding": 1},
        {"type": "batchnorm2d", "features": 4},
        {"type": "relu"},
        {"type": "maxpool2d", "kernel": 2},
        {"type": "dropout", "p": 0.5},
        {"type": "flatten"},
        {"type": "linear", "in": 64, "out": 10},
    ],
}
ROWS: dict[str, Any] = {
    "inputs": "rows",
    "shape": [3],
    "features": ["a", "b", "c"],
    "output": "value",
    "layers": [{"type": "scale", "mean": [1, 2, 3], "std": [1, 2, 4]}, {"type": "linear", "in": 3, "out": 1}],
}


def files(about: dict[str, Any]) -> dict[str, bytes]:
    torch.manual_seed(0)
    return network_files(about, build(about["layers"], "here").state_dict())


def test_a_module_answers_the_same_after_it_was_written_and_opened(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = build(IMAGES["layers"], "here").eval()
    model = open_model(held(tmp_path, network_files(IMAGES, module.state_dict())))
    images = np.random.default_rng(0).integers(0, 17, size=(20, 64)).astype(float)
    with torch.inference_mode():
        expected = module(torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8)).numpy()
    assert np.array_equal(model.scores(images), expected.astype(np.float64))
    assert (model.inputs, model.shape, model.score_kind, model.queries) == ("images", (1, 8, 8), "logit", 20)


def test_no_input_depends_on_another_or_on_the_batch(tmp_path: Path) -> None:
    model = open_model(held(tmp_path, files(IMAGES)))
    images = np.random.default_rng(0).random((64, 64)) * 16
    together = model.scores(images)
    model.batch = 1
    assert np.abs(together - model.scores(images)).max() < 1e-5
    assert not model.network.training


def test_columns_are_scaled_one_by_one(tmp_path: Path) -> None:
    state = {"1.weight": torch.tensor([[1.0, 10.0, 100.0]]), "1.bias": torch.tensor([0.5])}
    model = open_model(held(tmp_path, network_files(ROWS, state)))
    assert model.scores(np.array([[2.0, 4.0, 7.0]])).tolist() == [[1 + 10 + 100 + 0.5]]
    assert model.features == ("a", "b", "c")


def test_a_gradient_reaches_the_input(tmp_path: Path) -> None:
    model = open_model(held(tmp_path, files(IMAGES)))
    image = torch.zeros((1, 1, 8, 8), requires_grad=True)
    model.network(image).sum().backward()
    assert image.grad is not None


def changed(path: list[Any], value: Any, about: dict[str, Any] = IMAGES) -> dict[str, Any]:
    found = copy.deepcopy(about)
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["layers", 3], {"type": "lambda"}, "layer 3 is of type 'lambda'"),
        (["layers", 3], "relu", "layer 3 is of type None"),
        (["layers", 3], {"type": "relu", "hook": "os.system"}, "see 'hook'"),
        (["layers", 1], {"type": "conv2d", "in": 1, "out": 4}, "see 'kernel'"),
        (["layers", 1, "in"], "1", "in is a whole number"),
        (["layers", 1, "out"], 1 << 40, "out is a whole number"),
        (["layers", 5, "p"], 1, "p lies between"),
        (["layers", 0, "std"], 0, "std holds a 0"),
        (["layers", 0, "std"], [float("inf")], "a number or a list"),
        (["layers"], [], "1 to 200 layers"),
        (["layers", 7, "in"], 65, "doesn't fit"),
        (["classes"], ["0", "0"], "different texts"),
        (["classes"], ["0", "1"], "10"),
        (["classes"], [], "output is"),
        (["shape"], [64], "rows with a shape"),
        (["shape"], [1, 8, -8], "whole numbers"),
        (["output"], "probability", "output is"),
        (["features"], ["a"], "64 different features"),
        (["pickle"], "x", "unknown key 'pickle'"),
    ],
)
def test_an_architecture_that_says_something_wrong_is_refused(
    path: list[Any], value: Any, message: str, tmp_path: Path
) -> None:
    about = files(IMAGES) | {"architecture.json": json.dumps(changed(path, value)).encode()}
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, about))


def test_layers_that_do_not_fit_one_another_are_refused(tmp_path: Path) -> None:
    about = changed(["layers", 6], {"type": "tanh"})
    with pytest.raises(SubjectError, match="don't fit one another"):
        open_model(held(tmp_path, files(IMAGES) | {"architecture.json": json.dumps(about).encode()}))


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    state = {"1.weight": torch.tensor([[1.0, float("nan"), 1.0]]), "1.bias": torch.zeros(1)}
    with pytest.raises(SubjectError, match="1.weight holds a number that is not finite"):
        network_files(ROWS, state)


def test_weights_must_lie_beside_the_architecture(tmp_path: Path) -> None:
    subject = held(tmp_path, {"architecture.json": b"{}", "README.md": b""})
    with pytest.raises(SubjectError, match="no model.safetensors"):
        open_model(subject)


def test_an_exported_program_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="may carry code"):
        open_model(held(tmp_path, files(IMAGES) | {"program.pt2": b""}))


def test_weights_fit_their_architecture_or_are_not_written() -> None:
    with pytest.raises(SubjectError, match="doesn't fit"):
        network_files(IMAGES, {"0.weight": torch.zeros(2)})


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"type": "linear", "in": 1 << 20, "out": 1 << 20}, "hold 1,099,511,627,776 numbers"),
        ({"type": "conv2d", "in": 1, "out": 1, "kernel": 1, "stride": None}, "stride is a whole number"),
    ],
)
def test_layers_are_weighed_before_room_is_made_for_them(layer: dict[str, Any], message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        build([layer], "architecture.json")


def test_weights_alone_are_told_what_is_missing(tmp_path: Path) -> None:
    subject = held(tmp_path, {"model.safetensors": save({"w": torch.ones(2)})})
    with pytest.raises(SubjectError, match="holds weights only; architecture.json or config.json beside it"):
        open_model(subject)
