"""Are people who are alike treated alike? Decisions against those of the nearest neighbours."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.clusters import FEW, exact
from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.intervals import Interval, z_quantile
from evaluators.contract import Json
from evaluators.libraries import library


def standardised(rows: FloatArray) -> FloatArray:
    """Columns with mean 0 and standard deviation 1; constant columns become 0, missing cells the column's mean."""
    known = np.isfinite(rows)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, rows, 0.0).sum(axis=0) / counts
    centred = np.where(known, rows - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / counts)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0))


def nearest(rows: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
    """Distances to and positions of the k nearest other rows, both (n, k), for each of n > k rows."""
    found = library("sklearn.neighbors").NearestNeighbors(n_neighbors=k).fit(rows)
    distance, position = found.kneighbors()
    return np.asarray(distance, dtype=np.float64), np.asarray(position, dtype=np.int64)


@dataclass(frozen=True)
class Consistency:
    """1 - mean |decision - mean decision of the k nearest|, and its jackknife variance."""

    n: int
    value: float
    variance: float

    def interval(self, level: float) -> Interval:
        """Normal within 0 and 1; where few rows disagree, exact at the size that is worth as much.

        Where none does, the share of rows that might is bounded exactly.
        """
        p, half = self.value, z_quantile(level) * math.sqrt(self.variance)
        if self.variance == 0:
            half = 1 - ((1 - level) / 2) ** (1 / self.n)
        elif 0 < p < 1 and (size := p * (1 - p) / self.variance) * min(p, 1 - p) < FEW:
            return exact(p * size, size, level=level)
        return max(0.0, p - half), min(1.0, p + half)


def consistency(decision: FloatArray, neighbours: IntArray) -> Consistency:
    """From decisions within 0 and 1 and the k + 1 nearest of each row; the last one steps in where another is left out.

    Leaving out one row changes its own term and those of all that have it among their k nearest. The jackknife over
    rows sees both, and is on the high side of the variance rather than the low.
    """
    n, k = len(decision), neighbours.shape[1] - 1
    near = decision[neighbours]
    mean = near[:, :k].mean(axis=1)
    term = np.abs(decision - mean)
    without = np.abs(decision[:, None] - (mean[:, None] + (near[:, k:] - near[:, :k]) / k))
    moved = np.bincount(neighbours[:, :k].ravel(), weights=(without - term[:, None]).ravel(), minlength=n)
    left_out = (term.sum() - term + moved) / (n - 1)
    variance = (n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum())
    return Consistency(n, 1 - float(term.mean()), variance)


def steepness(score: FloatArray, distance: FloatArray, neighbours: IntArray) -> tuple[FloatArray, Json]:
    """Per row the largest |difference in score| / distance to a neighbour, sorted, where a neighbour is not identical.

    Beside it, how many rows have an identical row with another score, which no ratio can express.
    """
    gap = np.abs(score[:, None] - score[neighbours])
    apart = distance > 0
    identical: NDArray[np.bool_] = (~apart & (gap > 1e-9)).any(axis=1)
    ratio = np.where(apart, gap / np.where(apart, distance, 1.0), -1.0).max(axis=1)
    return np.sort(ratio[ratio >= 0]), {"identical_rows_with_another_score": int(identical.sum())}
