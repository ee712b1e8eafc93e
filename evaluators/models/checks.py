"""What is found out about a model once, by asking a few inputs more than once; kept as facts beside the numbers."""

from collections.abc import Sequence

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import EvaluatorError, Json
from evaluators.models.model import Model

SAMPLE = 16
# Answers to equal questions that differ by more than this aren't one function's.
REPEAT_TOLERANCE = 1e-6
# Sums in another order differ; single precision leaves this much, and a model that mixes its inputs leaves more.
BATCH_TOLERANCE = 1e-5


class Randomised(EvaluatorError):
    """The model gives different answers to the same question, and the measurement needs one answer."""


def check_model(model: Model, inputs: Sequence[str] | FloatArray) -> Json:
    """Ask up to 16 inputs twice together and once alone. The facts are also kept in `model.facts`.

    Shape, finite numbers and probabilities that add up are checked in every answer, here and later. Raises BadOutput.
    """
    sample = inputs[:SAMPLE]
    first, second = model.scores(sample), model.scores(sample)
    alone = np.concatenate([model.scores(sample[i : i + 1]) for i in range(len(sample))])
    scale = max(1.0, float(np.abs(first).max(initial=0)))
    repeat, batch = float(np.abs(first - second).max(initial=0)), float(np.abs(first - alone).max(initial=0))
    is_randomised = repeat > REPEAT_TOLERANCE * scale
    model.facts |= {
        "score_kind": model.score_kind,
        "checked": len(sample),
        "repeat_gap": repeat,
        "randomised": is_randomised,
        "batch_gap": batch,
        # A model that answers at random differs from itself anyway, and nothing follows for its batches.
        "depends_on_batch": batch > BATCH_TOLERANCE * scale and not is_randomised,
        "queries": model.queries,
    }
    return model.facts


def require_one_answer(model: Model, inputs: Sequence[str] | FloatArray) -> None:
    """Raise Randomised unless the model gives the same answer to the same question."""
    facts = model.facts if "randomised" in model.facts else check_model(model, inputs)
    if facts["randomised"]:
        gap = facts["repeat_gap"]
        raise Randomised(f"the model gave different answers to the same inputs (by {gap:.2g}); this needs one answer")
