"""What a model file doesn't say of itself: `signature.json`, kept beside it. No key is needed that the file answers.

An XGBoost or LightGBM file says everything but the words of its classes, which it numbers "0", "1", … as its training
labels had to be:  {"classes": ["benign", "malignant"]}. An ONNX file of scikit-learn needs none, and may have the same
key to name classes that are numbers there. A bare network as ONNX needs classes and output. Every key:

{
  "inputs": "rows" | "images",  "shape": [1, 8, 8],
  "features": ["age", …],       columns that make an input, in order
  "classes": ["no", "yes"],     in the order of the model's output; a single column is that of the second class
  "output": "probability" | "logit" | "label" | "value"      never for XGBoost and LightGBM
}
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import FileRef, SubjectError
from evaluators.models.heads import checked_classes
from evaluators.models.layout import read_json
from evaluators.models.model import IMAGES, ROWS, VALUE

SIGNATURE = "signature.json"
# What a person is told whose labels are other words than the classes of a file that keeps numbers only.
RENAMING = f'; to name them, put {{"classes": [the name of each, in this order]}} into {SIGNATURE} beside the file'
OUTPUTS = ("probability", "logit", "label", VALUE)
KEYS = ("classes", "features", "inputs", "output", "shape")


@dataclass(frozen=True)
class Signature:
    inputs: str | None = None
    shape: tuple[int, ...] = ()
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    output: str | None = None


def open_signature(files: Mapping[str, FileRef]) -> Signature:
    """The signature among these files, empty if there is none. Raises SubjectError naming the key that is wrong."""
    if SIGNATURE not in files:
        return Signature()
    about = read_json(files[SIGNATURE])
    unknown = sorted(set(about) - set(KEYS))
    if unknown:
        raise SubjectError(f"{SIGNATURE}: unknown key {unknown[0]!r}; known: {', '.join(KEYS)}")
    classes = checked_classes(about["classes"], SIGNATURE) if "classes" in about else ()
    for key, allowed in (("inputs", (ROWS, IMAGES)), ("output", OUTPUTS)):
        if key in about and about[key] not in allowed:
            raise SubjectError(f"{SIGNATURE}: {key} is one of {', '.join(allowed)}, not {str(about[key])[:40]!r}")
    shape, features = about.get("shape", []), about.get("features", [])
    if not isinstance(shape, list) or not all(type(side) is int and side > 0 for side in shape):
        raise SubjectError(f"{SIGNATURE}: shape is a list of whole numbers, not {str(shape)[:80]}")
    if not isinstance(features, list) or not all(isinstance(name, str) for name in features):
        raise SubjectError(f"{SIGNATURE}: features is a list of column names")
    return Signature(about.get("inputs"), tuple(shape), tuple(features), classes, about.get("output"))


def both_columns(answer: FloatArray, kind: str, classes: int) -> FloatArray:
    """One column for each of two classes, where the model gives the second one's alone."""
    answer = np.asarray(answer, dtype=np.float64).reshape(len(answer), -1)
    if answer.shape[1] != 1 or classes != 2:
        return answer
    return np.hstack([1 - answer if kind == "probability" else np.zeros_like(answer), answer])
