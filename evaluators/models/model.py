"""What every model looks like to an evaluator, whatever file or address it was opened from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import EvaluatorError, Json, SubjectError, Undeclared
from evaluators.devices import in_batches

ROWS, IMAGES, TEXTS, PROMPTS = "rows", "images", "texts", "prompts"
VALUE = "value"
Ask = Callable[[Any], FloatArray]
# How far the probabilities of a row may miss 1: single precision over many classes, and no more.
SUM_TOLERANCE = 1e-3


class BadOutput(EvaluatorError):
    """The model answered with something that can't be a prediction; the message says what, and for which input."""


class NoProbabilities(EvaluatorError):
    """The model answers with labels only, and the measurement needs how sure it was."""


class NotOffered(EvaluatorError):
    """The model can't be asked this kind of question: an encoder without a head, a classifier that writes nothing."""


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
    # Positions in `classes` as the model itself decides, where that is not simply the largest score.
    decide: Callable[[Any], IntArray] | None = None
    # Texts to embeddings (n, d), for models with an encoder inside.
    encode: Ask | None = None
    # Prompts to what the model writes, one text each.
    write: Callable[[Sequence[str]], list[str]] | None = None
    # What cuts texts into word pieces (`tokenizers.Tokenizer`); or None.
    tokenizer: Any = None
    # The vocabulary and the input embedding of each word piece (V, d), for neighbours of words.
    word_vectors: Callable[[], tuple[list[str], FloatArray]] | None = None
    # How its classes could be given other names, for the sentence of an error.
    renaming: str = ""
    # What was noticed while the model was opened and asked: see `models/checks.py`.
    facts: Json = field(default_factory=dict)

    def scores(self, inputs: Sequence[str] | FloatArray) -> FloatArray:
        """Scores (n, K) as the model gives them, or values (n, 1). Raises BadOutput naming the first bad row."""
        parts = self._in_parts(self._scored, inputs)
        return np.concatenate(parts) if parts else np.zeros((0, max(len(self.classes), 1)))

    def labels(self, inputs: Sequence[str] | FloatArray) -> IntArray:
        """Positions in `classes`, as the model decides; where it has no rule of its own, a tie goes to the first."""
        if self.decide is None:
            return self.scores(inputs).argmax(axis=1).astype(np.int64)
        parts = self._in_parts(self._decided, inputs)
        return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)

    def probabilities(self, inputs: Sequence[str] | FloatArray) -> FloatArray:
        """(n, K), rows adding up to 1. Raises NoProbabilities for a model that gives labels only."""
        if self.score_kind not in ("probability", "logit"):
            raise NoProbabilities(f"the model answers with a {self.score_kind}, and probabilities are needed")
        return self.as_probabilities(self.scores(inputs))

    def as_probabilities(self, scores: FloatArray) -> FloatArray:
        """The probabilities that scores of this model stand for."""
        # Sums in single precision end a little beside 0 and 1.
        return np.clip(scores, 0.0, 1.0) if self.score_kind == "probability" else softmax(scores)

    def embeddings(self, texts: Sequence[str]) -> FloatArray:
        """One embedding per text (n, d). Raises NotOffered for a model that has none."""
        if self.encode is None:
            raise NotOffered("the model has no encoder to take embeddings from")
        parts = self._in_parts(lambda part, _: np.asarray(self.encode(part), dtype=np.float64), texts)
        return np.concatenate(parts) if parts else np.zeros((0, 0))

    def written(self, prompts: Sequence[str]) -> list[str]:
        """What the model writes to each prompt. Raises NotOffered for one that writes nothing, BadOutput."""
        if self.write is None:
            raise NotOffered("the model classifies and writes no texts")
        parts = self._in_parts(self._wrote, prompts)
        return [text for part in parts for text in part]

    def position(self, favourable: str | None) -> int:
        """The column of a class. Raises SubjectError if the model has no such class."""
        if favourable is None:
            known = ", ".join(self.classes[:10])
            raise Undeclared(f"no favourable outcome was declared; the model's classes are {known}")
        if favourable not in self.classes:
            shown = ", ".join(repr(name) for name in self.classes[:10])
            raise SubjectError(
                f"the favourable outcome {favourable!r} is not a class of the model; it has {shown}{self.renaming}"
            )
        return self.classes.index(favourable)

    def _in_parts(self, function: Callable[[Any, int], Any], inputs: Any) -> list[Any]:
        """Answers to parts of at most `batch` inputs; the batch stays as small as memory made it."""
        start = 0

        def ask(part: Any) -> Any:
            nonlocal start
            answer = function(part, start)
            self.queries += len(part)
            start += len(part)
            return answer

        parts, size = in_batches(ask, inputs, size=self.batch)
        if size < self.batch:
            self.batch = self.facts["batch_shrunk_to"] = size
        return parts

    def _scored(self, inputs: Any, start: int) -> FloatArray:
        answer = np.asarray(self.ask(inputs), dtype=np.float64)
        wanted = (len(inputs), max(len(self.classes), 1))
        if answer.shape != wanted:
            raise BadOutput(f"the model answered {answer.shape} to inputs {start + 1} and on; {wanted} was expected")
        bad = np.flatnonzero(~np.isfinite(answer).all(axis=1))
        if bad.size:
            raise BadOutput(f"the model's answer to input {start + int(bad[0]) + 1} is not finite")
        if self.score_kind == "probability":
            _check_probabilities(answer, start)
        elif self.score_kind == "label":
            _check_one_hot(answer, start)
        return answer

    def _decided(self, inputs: Any, start: int) -> IntArray:
        answer = np.asarray(self.decide(inputs)) if self.decide else np.zeros(0)
        if answer.shape != (len(inputs),):
            raise BadOutput(f"the model decided {answer.shape} on inputs {start + 1} and on, not one class for each")
        return answer

    def _wrote(self, prompts: Any, start: int) -> list[str]:
        answer = self.write(prompts) if self.write else []
        texts = list(answer) if isinstance(answer, Iterable) and not isinstance(answer, str) else None
        if texts is None or len(texts) != len(prompts):
            found = f"{len(texts)} in a list" if texts is not None else f"a {type(answer).__name__}"
            raise BadOutput(
                f"prompts {start + 1} to {start + len(prompts)} need a text each, and the model gave {found}"
            )
        bad = next((i for i, text in enumerate(texts) if not isinstance(text, str)), None)
        if bad is not None:
            kind = type(texts[bad]).__name__
            raise BadOutput(f"the model's answer to prompt {start + bad + 1} is of the type {kind} and not a text")
        return [str(text) for text in texts]


def _check_probabilities(answer: FloatArray, start: int) -> None:
    sums = answer.sum(axis=1)
    outside = (answer < -SUM_TOLERANCE).any(axis=1) | (answer > 1 + SUM_TOLERANCE).any(axis=1)
    bad = np.flatnonzero(outside | (np.abs(sums - 1) > SUM_TOLERANCE))
    if bad.size:
        row = int(bad[0])
        raise BadOutput(
            f"the probabilities of input {start + row + 1} are {answer[row][:5].tolist()}, adding up to {sums[row]:g}"
        )


def _check_one_hot(answer: FloatArray, start: int) -> None:
    """A row without a 1, or with two, names no class, and the largest of its numbers would make one up."""
    bad = np.flatnonzero(((answer != 0) & (answer != 1)).any(axis=1) | (answer.sum(axis=1) != 1))
    if bad.size:
        row = int(bad[0])
        raise BadOutput(
            f"the answer to input {start + row + 1} is {answer[row][:5].tolist()}, which names no one class"
        )


def softmax(logits: NDArray[Any]) -> FloatArray:
    """Rows of logits to rows of probabilities, in float64."""
    shifted = np.asarray(logits, dtype=np.float64) - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
