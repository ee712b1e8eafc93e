"""Open a torch module kept as two files: `architecture.json` says what it is, `model.safetensors` holds its weights.

    {
      "inputs": "images",                 or "rows"
      "shape": [1, 8, 8],                 of one input: channels, height, width; or [d] for rows
      "classes": ["0", "1", …],           none for a regression
      "features": ["pixel_0", …],         columns of a table that make an input, in order; may be left to the subject
      "output": "logit",                  or "value" for a regression
      "layers": [{"type": "scale", "mean": 0, "std": 16}, {"type": "conv2d", "in": 1, "out": 16, "kernel": 3}, …]
    }

The tensors are named as in `torch.nn.Sequential`: the layer's place, then `weight`, `bias` and the like. Nothing in
either file is code. Logits are asked for because attacks need them: softmax is applied here, in double precision.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import FileRef, Json, SubjectError
from evaluators.libraries import library
from evaluators.models.heads import checked_classes
from evaluators.models.layers import build
from evaluators.models.layout import check_names, read_bytes, read_json
from evaluators.models.model import IMAGES, ROWS, VALUE, Model

ARCHITECTURE, WEIGHTS = "architecture.json", "model.safetensors"
KEYS = ("classes", "features", "inputs", "layers", "output", "shape")
MAX_WEIGHTS = 2 << 30
MAX_INPUT = 1 << 24


def open_network(files: Mapping[str, FileRef], *, device: str) -> Model:
    """The model in these files. Raises SubjectError saying which part can't be used and why."""
    check_names(files)
    if WEIGHTS not in files:
        raise SubjectError(f"there is an {ARCHITECTURE} and no {WEIGHTS}")
    about = _checked(read_json(files[ARCHITECTURE]))
    network = build(about["layers"], ARCHITECTURE)
    _fill(network, read_bytes(files[WEIGHTS], limit=MAX_WEIGHTS))
    shape, classes = tuple(about["shape"]), tuple(about["classes"])
    network = network.to(device).eval().requires_grad_(False)
    _check_output(network, shape, len(classes) or 1, device)
    return Model(
        inputs=about["inputs"],
        score_kind="logit" if classes else VALUE,
        ask=asking(network, shape, device),
        classes=classes,
        features=tuple(about["features"]),
        shape=shape,
        batch=1_024,
        network=network,
        device=device,
        facts={"device": device},
    )


def network_files(architecture: Json, state: Mapping[str, Any]) -> dict[str, bytes]:
    """The two files of a module: its architecture and its `state_dict()`. Raises SubjectError if they don't fit."""
    about = _checked(architecture)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    data: bytes = library("safetensors.torch").save(tensors)
    _fill(build(about["layers"], ARCHITECTURE), data)
    return {ARCHITECTURE: json.dumps(architecture, indent=2, ensure_ascii=False).encode(), WEIGHTS: data}


def _checked(about: Json) -> Json:
    unknown = sorted(set(about) - set(KEYS))
    if unknown:
        raise SubjectError(f"{ARCHITECTURE}: unknown key {unknown[0]!r}; known: {', '.join(KEYS)}")
    found = {"classes": [], "features": [], "output": "logit"} | about
    shape = found.get("shape")
    if not isinstance(shape, list) or not shape or not all(type(side) is int and side > 0 for side in shape):
        raise SubjectError(f"{ARCHITECTURE}: shape is a list of whole numbers, not {str(shape)[:80]}")
    wanted = {ROWS: 1, IMAGES: 3}.get(found.get("inputs", ""))
    if len(shape) != wanted or math.prod(shape) > MAX_INPUT:
        raise SubjectError(
            f"{ARCHITECTURE}: inputs are rows with a shape [d], or images with [channels, height, width]"
        )
    if found["output"] not in ("logit", VALUE) or (found["output"] == VALUE) != (not found["classes"]):
        raise SubjectError(f"{ARCHITECTURE}: output is 'logit' with classes, or 'value' without")
    if found["classes"]:
        checked_classes(found["classes"], ARCHITECTURE)
    features = found["features"]
    if not isinstance(features, list) or not all(isinstance(name, str) for name in features):
        raise SubjectError(f"{ARCHITECTURE}: features is a list of column names")
    if features and (len(features) != math.prod(shape) or len(set(features)) != len(features)):
        raise SubjectError(f"{ARCHITECTURE}: {math.prod(shape)} different features make an input, not {len(features)}")
    return found


def _fill(network: Any, data: bytes) -> None:
    torch, safetensors = library("torch"), library("safetensors.torch")
    try:
        state = safetensors.load(data)
        network.load_state_dict(state, strict=True)
    except (library("safetensors").SafetensorError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SubjectError(f"{WEIGHTS}: doesn't fit {ARCHITECTURE} ({reason[:200]})") from error
    spoiled = next((name for name, tensor in state.items() if not torch.isfinite(tensor).all()), None)
    if spoiled:
        raise SubjectError(f"{WEIGHTS}: {spoiled} holds a number that is not finite")


def _check_output(network: Any, shape: Sequence[int], columns: int, device: str) -> None:
    """One input of zeros goes through, so that layers which don't fit one another are told of now."""
    torch = library("torch")
    try:
        with torch.inference_mode():
            output = network(torch.zeros((1, *shape), device=device))
    except (RuntimeError, ValueError, IndexError) as error:
        raise SubjectError(f"{ARCHITECTURE}: the layers don't fit one another ({str(error)[:160]})") from error
    if tuple(output.shape) != (1, columns):
        raise SubjectError(
            f"{ARCHITECTURE}: the last layer gives {tuple(output.shape[1:])}, and {columns} numbers are needed"
        )


def asking(network: Any, shape: Sequence[int], device: str) -> Any:
    """The function that asks a torch module about rows, without gradients."""

    def ask(rows: FloatArray) -> FloatArray:
        torch = library("torch")
        inputs = np.ascontiguousarray(rows, dtype=np.float32).reshape(len(rows), *shape)
        with torch.inference_mode():
            output = network(torch.from_numpy(inputs).to(device))
        return np.asarray(output.cpu().numpy(), dtype=np.float64)

    return ask
