"""Sums that calibration metrics are a function of: per bin of the probability, and over all rows."""

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Json

BINS = 15
RISK_GROUPS = 10
SMALLEST_PROBABILITY = 1e-15


def measure_moments(p: FloatArray, y: NDArray[np.bool_]) -> Json:
    """Sums for probabilities p of the favourable outcome and outcomes y. JSON-ready."""
    outcome = y.astype(np.float64)
    bins = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    error = (p - outcome) ** 2
    clipped = np.clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    loss = -np.log(np.where(y, clipped, 1 - clipped))
    return {
        "n": len(p),
        "bins": _sums(bins, BINS, p, outcome) | {"pp": _sum(bins, BINS, p * p), "py": _sum(bins, BINS, p * outcome)},
        "squared_error": [float(error.sum()), float((error**2).sum())],
        "log_loss": [float(loss.sum()), float((loss**2).sum())],
        "clipped": int(np.count_nonzero(clipped != p)),
        "spiegelhalter": [
            float(((outcome - p) * (1 - 2 * p)).sum()),
            float(((1 - 2 * p) ** 2 * p * (1 - p)).sum()),
        ],
        "risk_groups": _risk_groups(p, outcome),
    }


def _risk_groups(p: FloatArray, outcome: FloatArray) -> Json | None:
    if not len(p):
        return None
    edges = np.unique(np.quantile(p, np.linspace(0, 1, RISK_GROUPS + 1)[1:-1]))
    codes = np.searchsorted(edges, p, side="right")
    sums = _sums(codes, len(edges) + 1, p, outcome) | {"variance": _sum(codes, len(edges) + 1, p * (1 - p))}
    used = [i for i, n in enumerate(sums["n"]) if n]
    return {key: [values[i] for i in used] for key, values in sums.items()}


def _sums(codes: NDArray[np.int64], size: int, p: FloatArray, outcome: FloatArray) -> Json:
    return {
        "n": np.bincount(codes, minlength=size).tolist(),
        "p": _sum(codes, size, p),
        "y": np.bincount(codes, weights=outcome, minlength=size).astype(np.int64).tolist(),
    }


def _sum(codes: NDArray[np.int64], size: int, values: FloatArray) -> list[float]:
    return [float(value) for value in np.bincount(codes, weights=values, minlength=size)]
