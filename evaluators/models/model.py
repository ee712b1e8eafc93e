"""What every model looks like to an evaluator, whatever file or address it was opened from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.contract import EvaluatorError, SubjectError
from evaluators.counts import FloatArray, IntArray

ROWS, IMAGES, TEXTS, PROMPTS = "rows", "images", "texts", "prompts"
VALUE = "value"
Ask = Callable[[Any], FloatArray]


class BadOutput(EvaluatorError):
    """The model answered with something that can't be a prediction; the message says what, and for which input."""


class NoProbabilities(EvaluatorError):
    """The model answers with labels only, and the measurement needs how sure it was."""


@dataclass(kw_only=True)
class Model:
    """A model that can be asked. Every question is counted.

    `ask` takes up to `batch` inputs, rows as a float64 matrix (n, d), images as (n, d) too with `shape` beside them,
    texts and prompts as a list of str, and answers float64 (n, K): one column per class in the order of `classes`,
    one-hot where `score_kind` is "label"; or (n, 1) where it is "value", for a regression.
    """

    inputs: str
    score_kind: str
    ask: Ask
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    batch: int = 256
    accepts_missing: bool = False
    # A torch module from a float32 tensor (n, *shape) to logits (n, K), in evaluation mode on `device`; or None.
    network: Any = None
    device: str = "cpu"
    # The fitted object behind it, for explainers that know it; or None.
    estimator: Any = None
    queries: int = 0

    def scores(self, inputs: Sequence[str] | FloatArray) -> FloatArray:
        """Scores (n, K) as the model gives them, or values (n, 1). Raises BadOutput naming the first bad row."""
        parts = [self._batch(inputs[i : i + self.batch], i) for i in range(0, len(inputs), self.batch)]
        return np.concatenate(parts) if parts else np.zeros((0, max(len(self.classes), 1)))

    def labels(self, inputs: Sequence[str] | FloatArray) -> IntArray:
        """Positions in `classes`; a tie goes to the first."""
        return self.scores(inputs).argmax(axis=1).astype(np.int64)

    def probabilities(self, inputs: Sequence[str] | FloatArray) -> FloatArray:
        """(n, K), rows adding up to 1. Raises NoProbabilities for a model that gives labels only."""
        scores = self.scores(inputs)
        if self.score_kind == "probability":
            return scores
        if self.score_kind != "logit":
            raise NoProbabilities(f"the model answers with a {self.score_kind}, and probabilities are needed")
        return softmax(scores)

    def position(self, favourable: str | None) -> int:
        """The column of a class. Raises SubjectError if the model has no such class."""
        if favourable not in self.classes:
            shown = ", ".join(repr(name) for name in self.classes[:10])
            raise SubjectError(f"the favourable outcome {favourable!r} is not a class of the model; it has {shown}")
        return self.classes.index(favourable)

    def _batch(self, inputs: Any, start: int) -> FloatArray:
        answer = np.asarray(self.ask(inputs), dtype=np.float64)
        self.queries += len(inputs)
        wanted = (len(inputs), max(len(self.classes), 1))
        if answer.shape != wanted:
            raise BadOutput(f"the model answered {answer.shape} to inputs {start + 1} and on; {wanted} was expected")
        bad = np.flatnonzero(~np.isfinite(answer).all(axis=1))
        if bad.size:
            raise BadOutput(f"the model's answer to input {start + int(bad[0]) + 1} is not finite")
        return answer


def softmax(logits: NDArray[Any]) -> FloatArray:
    """Rows of logits to rows of probabilities, in float64."""
    shifted = np.asarray(logits, dtype=np.float64) - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
