"""Macro-F1 and Matthews' correlation from confusion matrices, with the exact multinomial bootstrap of their cells."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import ends, enough

REPLICATES = 5_000
CHUNK_CELLS = 5_000_000
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
    """Percentiles over the replicates in which the statistic has a value, and how many have none."""

    low: float
    high: float
    undefined: int


def resample(cells: IntArray, statistic: Statistic, *, level: float, rng: np.random.Generator) -> Resampled | None:
    """The percentile interval of a smooth statistic; None if one replicate in a hundred or more has no value.

    Rows of one cell are alike, so drawing cells is the same as drawing rows.
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
    return Resampled(*ends(found[~np.isnan(found)], level), undefined)
