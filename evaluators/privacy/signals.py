"""What a model gives away about a row: its confidence in the row's true class, on the scale of log-odds."""

from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import SubjectError

SMALLEST = 2.0**-52
LARGEST_LOGIT = 36.0


@dataclass(frozen=True)
class Confidence:
    """Log-odds of the true class, its probability where there is one, and how many probabilities were clipped."""

    logit: FloatArray
    probability: FloatArray | None
    clipped: int = 0


def from_probability(probability: FloatArray) -> Confidence:
    """From probabilities in 0..1; 0 and 1 themselves are moved by the smallest step, and counted."""
    inner = np.clip(probability, SMALLEST, 1 - SMALLEST)
    clipped = int(np.count_nonzero(inner != probability))
    return Confidence(np.log(inner) - np.log1p(-inner), np.asarray(probability), clipped)


def from_loss(loss: FloatArray, name: str = "the table") -> Confidence:
    """From cross-entropy. Raises SubjectError if one is negative."""
    bad = np.flatnonzero(loss < 0)
    if bad.size:
        raise SubjectError(f"{name}: row {int(bad[0]) + 1}: a loss of {loss[bad[0]]:g} is negative")
    probability = np.exp(-loss)
    # ln(p / (1 - p)) without rounding p to 1 first.
    lost = np.maximum(-np.expm1(-loss), SMALLEST)
    logit = np.clip(-loss - np.log(lost), -1 / SMALLEST, LARGEST_LOGIT)
    return Confidence(logit, probability, int(np.count_nonzero(loss == 0)))


def from_logit(logit: FloatArray) -> Confidence:
    return Confidence(np.asarray(logit), 1 / (1 + np.exp(-np.clip(logit, -700, 700))))


def from_margin(margin: FloatArray) -> Confidence:
    """Margins are ranked like log-odds, and no probability is read out of them."""
    return Confidence(np.asarray(margin), None)
