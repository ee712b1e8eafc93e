"""Intervals of membership attacks: over several target models, and of the rate of false alarms above a threshold."""

import math
from collections.abc import Sequence

import numpy as np

from evaluators.arithmetic.intervals import Interval, clopper_pearson
from evaluators.libraries import library


def mean_area(areas: Sequence[float], level: float) -> tuple[float, Interval, str]:
    """Rows of one model hang together; models don't."""
    values = np.asarray(areas, dtype=np.float64)
    half = _student(len(values), level) * float(values.std(ddof=1)) / math.sqrt(len(values))
    mean = float(values.mean())
    return mean, (mean - half, mean + half), "student over models"


def share_of_models(pairs: Sequence[tuple[float, int]], level: float) -> Interval:
    """The sandwich interval of a share whose rows hang together by model; exact over models where no row was found."""
    hits, sizes = (np.asarray(side, dtype=np.float64) for side in zip(*pairs, strict=True))
    share, count = hits.sum() / sizes.sum(), len(hits)
    if share in (0.0, 1.0):
        return clopper_pearson(int(share) * count, count, level=level)
    error = math.sqrt(count / (count - 1) * float(((hits - share * sizes) ** 2).sum())) / float(sizes.sum())
    half = _student(count, level) * error
    return max(0.0, float(share) - half), min(1.0, float(share) + half)


def _student(count: int, level: float) -> float:
    return float(library("scipy.special").stdtrit(count - 1, 0.5 + level / 2))


def rate_interval(rank: int, others: int, level: float) -> Interval:
    """The law of the rate of false alarms above the rank-th largest of n others: Beta(rank, n + 1 - rank)."""
    inverse, tail = library("scipy.special").betaincinv, (1 - level) / 2
    return float(inverse(rank, others + 1 - rank, tail)), float(inverse(rank, others + 1 - rank, 1 - tail))
