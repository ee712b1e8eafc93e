"""A quantile with the interval that order statistics give it, whatever the distribution."""

import math

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.libraries import library


def ranks_around(n: int, share: float, *, level: float) -> tuple[int, int] | None:
    """Ranks from 1 whose order statistics enclose the quantile at that level, or None if n is too small.

    The lower has at most half the error on its side, and so has the upper.
    """
    tail = (1 - level) / 2
    below = np.cumsum(_binomial(n, share))
    low = int(np.searchsorted(below, tail, side="right"))
    high = int(np.searchsorted(below, 1 - tail)) + 1
    return (low, high) if low >= 1 and high <= n else None


def quantile(values: FloatArray, share: float) -> float:
    """The smallest value with at least that share of the values at or below it."""
    rank = max(1, math.ceil(share * len(values) - 1e-9))
    return float(np.sort(values)[rank - 1])


def smallest_sample(share: float, *, level: float) -> int:
    """From how many values on both ends are bounded."""
    tail = (1 - level) / 2
    return math.ceil(math.log(tail) / math.log(max(share, 1 - share)))


def _binomial(n: int, p: float) -> FloatArray:
    special, k = library("scipy.special"), np.arange(n + 1)
    log = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(np.exp(log + k * math.log(p) + (n - k) * math.log1p(-p)))
