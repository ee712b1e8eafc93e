"""LiRA: the likelihood ratio of a row's confidence under models that were and were not trained on it."""

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray

# With fewer reference models a variance per row is too noisy, and one variance for all rows takes its place.
MODELS_FOR_OWN_VARIANCE = 64
LEAST_SD = 1e-6


def offline(confidence: FloatArray, references: FloatArray, outside: NDArray[np.bool_] | None = None) -> FloatArray:
    """(phi - mean_out) / sd_out from references (models, n); increasing in Phi of it, and not flat where that is 1.

    `outside` (models, n) says which of them were not trained on the row; all of them without it. A row needs two.
    """
    outside = np.ones(references.shape, dtype=bool) if outside is None else outside
    mean, deviation = _moments(references, outside)
    return np.asarray((confidence - mean) / deviation)


def online(confidence: FloatArray, references: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """The log-likelihood ratio of phi between the models trained on the row and those that were not."""
    mean_in, sd_in = _moments(references, inside)
    mean_out, sd_out = _moments(references, ~inside)
    z_in, z_out = (confidence - mean_in) / sd_in, (confidence - mean_out) / sd_out
    return np.asarray((z_out**2 - z_in**2) / 2 + np.log(sd_out) - np.log(sd_in))


def _moments(values: FloatArray, chosen: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Mean per row, and standard deviation per row or, with few models, one for all rows."""
    count = chosen.sum(axis=0)
    mean = np.where(chosen, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(chosen, (values - mean) ** 2, 0.0).sum(axis=0)
    if len(values) >= MODELS_FOR_OWN_VARIANCE:
        variance = squares / np.maximum(count - 1, 1)
    else:
        variance = np.full(len(mean), squares.sum() / max(float(np.maximum(count - 1, 0).sum()), 1.0))
    return mean, np.maximum(np.sqrt(variance), LEAST_SD)
