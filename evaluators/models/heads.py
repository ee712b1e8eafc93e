"""A linear head on a frozen text encoder: `head.json` says what it is, `head.safetensors` holds its weights.

    {"pooling": "mean" | "cls", "normalise": true, "classes": ["no", "yes"], "max_tokens": 128}

Without classes the encoder has no head and gives embeddings only. The weights are `weight` (K, d) and `bias` (K):
the logits of the K classes are weight @ embedding + bias.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import FileRef, Json, SubjectError
from evaluators.libraries import library
from evaluators.models.layout import read_bytes, read_json
from evaluators.models.texts import FIRST, MEAN

HEAD, HEAD_WEIGHTS = "head.json", "head.safetensors"
MAX_HEAD = 1 << 30
KEYS = ("classes", "max_tokens", "normalise", "pooling")


@dataclass(frozen=True)
class Head:
    pooling: str = MEAN
    is_normalised: bool = False
    classes: tuple[str, ...] = ()
    max_tokens: int | None = None
    weight: FloatArray | None = None
    bias: FloatArray | None = None


def open_head(files: Mapping[str, FileRef]) -> Head:
    """The head in these files. Raises SubjectError naming the key or the tensor that is wrong."""
    about = read_json(files[HEAD])
    classes = checked_classes(about.get("classes", []), HEAD)
    _check_keys(about)
    weight = bias = None
    if classes:
        if HEAD_WEIGHTS not in files:
            raise SubjectError(f"{HEAD}: names classes, and there is no {HEAD_WEIGHTS}")
        weight, bias = _weights(read_bytes(files[HEAD_WEIGHTS], limit=MAX_HEAD), len(classes))
    return Head(
        about.get("pooling", MEAN), about.get("normalise", False), classes, about.get("max_tokens"), weight, bias
    )


def head_files(
    classes: Sequence[str], weight: FloatArray, bias: FloatArray, *, pooling: str = MEAN, normalise: bool = True
) -> dict[str, bytes]:
    """The two files of a head, to lie beside the encoder's. One row of weights is the log-odds of the second class."""
    weight, bias = np.atleast_2d(np.asarray(weight, dtype=np.float64)), np.asarray(bias, dtype=np.float64).reshape(-1)
    if len(weight) == 1 and len(classes) == 2:
        weight, bias = np.concatenate([np.zeros_like(weight), weight]), np.concatenate([np.zeros(1), bias])
    about: Json = {"pooling": pooling, "normalise": normalise, "classes": list(classes)}
    tensors = {"weight": np.ascontiguousarray(weight), "bias": np.ascontiguousarray(bias)}
    return {
        HEAD: json.dumps(about, indent=2, ensure_ascii=False).encode(),
        HEAD_WEIGHTS: library("safetensors.numpy").save(tensors),
    }


def checked_classes(found: object, name: str) -> tuple[str, ...]:
    """Names of classes as a file lists them. Raises SubjectError unless they are different texts."""
    if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
        raise SubjectError(f"{name}: classes is a list of texts, not {str(found)[:80]}")
    if len(set(found)) != len(found) or len(found) == 1:
        raise SubjectError(f"{name}: classes are at least two different texts, not {str(found)[:80]}")
    return tuple(found)


def _check_keys(about: Json) -> None:
    unknown = sorted(set(about) - set(KEYS))
    if unknown:
        raise SubjectError(f"{HEAD}: unknown key {unknown[0]!r}; known: {', '.join(KEYS)}")
    if about.get("pooling", MEAN) not in (MEAN, FIRST):
        raise SubjectError(f"{HEAD}: pooling is {MEAN!r} or {FIRST!r}, not {about['pooling']!r}")
    if not isinstance(about.get("normalise", False), bool):
        raise SubjectError(f"{HEAD}: normalise is true or false")
    longest = about.get("max_tokens")
    if longest is not None and (type(longest) is not int or longest < 3):
        raise SubjectError(f"{HEAD}: max_tokens is a whole number from 3, not {longest!r}")


def _weights(data: bytes, classes: int) -> tuple[FloatArray, FloatArray]:
    try:
        tensors = library("safetensors.numpy").load(data)
    except library("safetensors").SafetensorError as error:
        raise SubjectError(f"{HEAD_WEIGHTS}: isn't safetensors ({str(error)[:100]})") from error
    weight, bias = (np.asarray(tensors.get(name, np.zeros(0)), dtype=np.float64) for name in ("weight", "bias"))
    if weight.ndim != 2 or len(weight) != classes or bias.shape != (classes,):
        shapes = f"{weight.shape} and {bias.shape}"
        raise SubjectError(
            f"{HEAD_WEIGHTS}: weight and bias are shaped {shapes}; ({classes}, d) and ({classes},) belong to {HEAD}"
        )
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise SubjectError(f"{HEAD_WEIGHTS}: holds a number that is not finite")
    return weight, bias
