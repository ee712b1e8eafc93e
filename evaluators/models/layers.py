"""The layers a torch module may be declared with: each builds one module, and nothing else can be named.

{"type": "conv2d", "in": 1, "out": 16, "kernel": 3, "padding": 1}
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.contract import Json, SubjectError
from evaluators.libraries import library

# What each layer must say, and what it may: whole numbers unless its builder says otherwise.
LAYERS: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "linear": (("in", "out"), {"bias": True}),
    "conv2d": (("in", "out", "kernel"), {"stride": 1, "padding": 0, "bias": True}),
    "maxpool2d": (("kernel",), {"stride": None, "padding": 0}),
    "avgpool2d": (("kernel",), {"stride": None, "padding": 0}),
    "flatten": ((), {}),
    "dropout": ((), {"p": 0.5}),
    "batchnorm1d": (("features",), {}),
    "batchnorm2d": (("features",), {}),
    "layernorm": (("features",), {}),
    "scale": ((), {"mean": 0.0, "std": 1.0}),
    "relu": ((), {}),
    "gelu": ((), {}),
    "tanh": ((), {}),
    "sigmoid": ((), {}),
}
MAX_LAYERS = 200
MAX_SIZE = 1 << 20
# As many as fit into the largest file of weights that is opened.
MAX_NUMBERS = 1 << 29


def build(layers: Any, name: str) -> Any:
    """A `torch.nn.Sequential` of the declared layers. Raises SubjectError naming the first layer that is wrong."""
    if not isinstance(layers, list) or not 0 < len(layers) <= MAX_LAYERS:
        raise SubjectError(f"{name}: layers is a list of 1 to {MAX_LAYERS} layers")
    declared = [_checked(layer, f"{name}: layer {number}") for number, layer in enumerate(layers)]
    numbers = sum(_numbers_in(layer) for layer in declared)
    if numbers > MAX_NUMBERS:
        raise SubjectError(f"{name}: the layers hold {numbers:,} numbers, more than the {MAX_NUMBERS:,} allowed")
    return library("torch").nn.Sequential(*map(_layer, declared))


def _checked(layer: Any, where: str) -> Json:
    kind = layer.get("type") if isinstance(layer, dict) else None
    if kind not in LAYERS:
        raise SubjectError(f"{where} is of type {kind!r}; known: {', '.join(LAYERS)}")
    needed, optional = LAYERS[kind]
    given = set(layer) - {"type"}
    odd = sorted((given ^ set(needed)) - set(optional))
    if odd:
        raise SubjectError(f"{where} ({kind}): takes {', '.join((*needed, *optional)) or 'nothing'}; see {odd[0]!r}")
    for key in (*needed, *("stride", "padding")):
        value = layer.get(key, 1)
        lowest = 0 if key == "padding" else 1
        is_left_out = value is None and kind in ("maxpool2d", "avgpool2d")
        if not is_left_out and (type(value) is not int or not lowest <= value <= MAX_SIZE):
            raise SubjectError(f"{where} ({kind}): {key} is a whole number from {lowest}, not {str(value)[:40]!r}")
    return {**optional, **layer, "where": where}


def _numbers_in(layer: Json) -> int:
    """How many weights there will be, before room is made for any."""
    weights: int = layer.get("in", 0) * layer.get("out", 0) * layer.get("kernel", 1) ** 2
    return weights + layer.get("features", 0)


def _layer(layer: Json) -> Any:
    nn = library("torch").nn
    kind = layer["type"]
    builders = {
        "linear": lambda: nn.Linear(layer["in"], layer["out"], bias=bool(layer["bias"])),
        "conv2d": lambda: nn.Conv2d(
            layer["in"],
            layer["out"],
            layer["kernel"],
            stride=layer["stride"],
            padding=layer["padding"],
            bias=bool(layer["bias"]),
        ),
        "maxpool2d": lambda: nn.MaxPool2d(layer["kernel"], stride=layer["stride"], padding=layer["padding"]),
        "avgpool2d": lambda: nn.AvgPool2d(layer["kernel"], stride=layer["stride"], padding=layer["padding"]),
        "flatten": nn.Flatten,
        "dropout": lambda: nn.Dropout(_share(layer["p"], layer["where"])),
        "batchnorm1d": lambda: nn.BatchNorm1d(layer["features"]),
        "batchnorm2d": lambda: nn.BatchNorm2d(layer["features"]),
        "layernorm": lambda: nn.LayerNorm(layer["features"]),
        "scale": lambda: _scale(layer),
        "relu": nn.ReLU,
        "gelu": nn.GELU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
    }
    return builders[kind]()


def _share(value: Any, where: str) -> float:
    if not isinstance(value, int | float) or not 0 <= value < 1:
        raise SubjectError(f"{where}: p lies between 0 and 1, not at {str(value)[:40]!r}")
    return float(value)


def _scale(layer: Json) -> Any:
    """(x − mean) / std with fixed numbers: one each, or one for each column or channel."""
    torch = library("torch")
    parts = {key: _numbers(layer[key], f"{layer['where']} (scale): {key}") for key in ("mean", "std")}
    if 0 in parts["std"]:
        raise SubjectError(f"{layer['where']} (scale): std holds a 0")

    class Scale(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            for key, values in parts.items():
                # Declared in words, not learnt: nothing of it is looked for among the weights.
                self.register_buffer(key, torch.tensor(values, dtype=torch.float32), persistent=False)

        def forward(self, inputs: Any) -> Any:
            mean, std = (values.view(-1, *[1] * (inputs.dim() - 2)) for values in (self.mean, self.std))
            return (inputs - mean) / std

    return Scale()


def _numbers(value: Any, where: str) -> Sequence[float]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(type(item) in (int, float) and math.isfinite(item) for item in values):
        raise SubjectError(f"{where} is a number or a list of numbers, not {str(value)[:40]!r}")
    return [float(item) for item in values]
