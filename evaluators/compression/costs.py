"""What a model weighs and what a prediction costs: counted from its weights, not timed."""

import math
import os
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.compression.shrinking import facts
from evaluators.contract import Json, Subject
from evaluators.inputs.files import has_role, of_role
from evaluators.libraries import library
from evaluators.models.model import IMAGES, ROWS, Model

WEIGHTS = ("coef_", "coefs_", "intercept_", "intercepts_")


def weights_of(model: Model) -> Json | None:
    """How many numbers the model learnt and how many of them are 0; None if they can't be seen."""
    if model.network is not None:
        found = facts(model.network)
        return {"numbers": found["numbers"], "zeros": found["zeros"]}
    arrays = _arrays(model.estimator)
    if not arrays:
        return None
    return {"numbers": sum(a.size for a in arrays), "zeros": sum(int((a == 0).sum()) for a in arrays)}


def bytes_of(subject: Subject, model: Model) -> Json | None:
    """The bytes of the model's files, by name; of a network in memory, those of its tensors."""
    files = of_role(subject, "model") if has_role(subject, "model") else {}
    sizes = {name: os.stat(ref.path).st_size for name, ref in files.items() if ref.path}
    if sizes:
        return {"bytes": sum(sizes.values()), "files": sizes}
    return None if model.network is None else {"bytes": facts(model.network)["bytes"]}


def operations_of(model: Model, example: FloatArray | None) -> Json | None:
    """Multiplications and additions of one prediction, layer by layer; None if the layers can't be seen.

    Counted where weights meet inputs: two operations per weight used, one per bias. Activations, pooling and
    normalisation are not counted and are named.
    """
    if model.network is not None and model.inputs in (ROWS, IMAGES) and example is not None:
        return _traced(model, example)
    arrays = [array for array in _arrays(model.estimator) if array.ndim == 2]
    if not arrays:
        return None
    return {"operations": sum(2 * array.size for array in arrays), "not_counted": []}


def _arrays(estimator: Any) -> list[np.ndarray]:
    """Learnt arrays of a linear model or a perceptron, the last step of a pipeline."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    found: list[np.ndarray] = []
    for name in WEIGHTS:
        value = getattr(last, name, None)
        if value is not None:
            found += [np.asarray(part) for part in (value if isinstance(value, list) else [value])]
    return found


def _traced(model: Model, example: FloatArray) -> Json:
    """One input goes through with a listener at every layer."""
    torch = library("torch")
    counted: list[int] = []
    others: set[str] = set()

    def listen(layer: Any, _inputs: Any, output: Any) -> None:
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if weight is None or weight.ndim < 2 or isinstance(layer, torch.nn.Embedding):
            others.add(type(layer).__name__)
            return
        counted.append(2 * math.prod(weight.shape[1:]) * output.numel() + (0 if bias is None else output.numel()))

    leaves = [layer for layer in model.network.modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(listen) for layer in leaves]
    one = torch.as_tensor(example, dtype=torch.float32).reshape(1, *(model.shape or example.shape[-1:]))
    try:
        with torch.inference_mode():
            model.network(one.to(model.device))
    finally:
        for handle in handles:
            handle.remove()
    return {"operations": sum(counted), "not_counted": sorted(others)}
