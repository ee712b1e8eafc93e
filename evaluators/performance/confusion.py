"""Macro-F1 and Matthews' correlation from confusion matrices, with the exact multinomial bootstrap of their cells."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import enough
from evaluators.arithmetic.intervals import z_quantile

REPLICATES = 5_000
CHUNK_CELLS = 5_000_000
# Denominators of corrected percentiles stay above this, however skewed the statistic.
LEAST_SLOPE = 0.1
Statistic = Callable[[FloatArray], FloatArray]


def macro_f1(cells: FloatArray) -> FloatArray:
    """The mean F1 over classes, from cells (…, label, prediction); NaN if a class neither occurs nor is predicted."""
    hits = np.einsum("...kk->...k", cells)
    base = cells.sum(axis=-1) + cells.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((2 * hits / base).mean(axis=-1))


def mcc(cells: FloatArray) -> FloatArray:
    """Matthews' correlation of label and prediction over any number of classes; NaN if either never differs."""
    n = cells.sum(axis=(-2, -1))
    label, said = cells.sum(axis=-1), cells.sum(axis=-2)
    right = np.einsum("...kk->...", cells)
    covariance = right * n - (label * said).sum(axis=-1)
    spread = (n**2 - (label**2).sum(axis=-1)) * (n**2 - (said**2).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(covariance / np.sqrt(np.where(spread > 0, spread, np.nan)))


@dataclass(frozen=True)
class Resampled:
    """Corrected percentiles over the replicates in which the statistic has a value, and how many have none."""

    low: float
    high: float
    undefined: int


def resample(cells: IntArray, statistic: Statistic, *, level: float, rng: np.random.Generator) -> Resampled | None:
    """The bootstrap interval of a smooth statistic; None if one replicate in a hundred or more has no value.

    Rows of one cell are alike, so drawing cells is the same as drawing rows. The percentiles are corrected for bias
    and acceleration (BCa): near 1 the statistic is skewed, and plain ones lie too high.
    """
    used = np.flatnonzero(cells)
    share = cells.ravel()[used] / cells.sum()
    values = []
    size = max(1, CHUNK_CELLS // cells.size)
    draws = enough(REPLICATES, level, sides=2)
    for start in range(0, draws, size):
        count = min(size, draws - start)
        drawn = np.zeros((count, cells.size))
        drawn[:, used] = rng.multinomial(int(cells.sum()), share, size=count)
        values.append(statistic(drawn.reshape(count, *cells.shape)))
    found = np.concatenate(values)
    undefined = int(np.isnan(found).sum())
    if undefined * 100 >= draws:
        return None
    return Resampled(*_corrected(found[~np.isnan(found)], cells, statistic, level), undefined)


def _corrected(found: FloatArray, cells: IntArray, statistic: Statistic, level: float) -> tuple[float, float]:
    """Quantiles of the replicates, moved by how many lie below the value and by how its error changes with it."""
    normal, value = NormalDist(), float(statistic(cells.astype(np.float64)))
    below = (float(np.mean(found < value)) + float(np.mean(found <= value))) / 2
    bias = normal.inv_cdf(min(max(below, 1 / len(found)), 1 - 1 / len(found)))
    pull, z = _acceleration(cells, statistic), z_quantile(level)
    moved = [bias + (bias + end) / max(1 - pull * (bias + end), LEAST_SLOPE) for end in (-z, z)]
    low, high = np.quantile(found, [normal.cdf(end) for end in moved])
    return float(low), float(high)


def _acceleration(cells: IntArray, statistic: Statistic) -> float:
    """A sixth of the skewness of what single rows add to the value, each left out in turn."""
    used = np.flatnonzero(cells)
    weight = cells.ravel()[used]
    left = []
    size = max(1, CHUNK_CELLS // cells.size)
    for start in range(0, len(used), size):
        part = used[start : start + size]
        fewer = np.tile(cells.ravel().astype(np.float64), (len(part), 1))
        fewer[np.arange(len(part)), part] -= 1
        left.append(statistic(fewer.reshape(len(part), *cells.shape)))
    values = np.concatenate(left)
    kept = ~np.isnan(values)
    values, weight = values[kept], weight[kept]
    influence = (weight * values).sum() / max(weight.sum(), 1) - values
    squares = float((weight * influence**2).sum())
    return float((weight * influence**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0
