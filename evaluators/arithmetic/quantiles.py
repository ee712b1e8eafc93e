"""A quantile between two order statistics: an interval that assumes nothing about the law of the values."""

import math
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.libraries import library


@dataclass(frozen=True)
class Orders:
    """Positions in the sorted values, from 0, and how often at least the interval between them holds the quantile."""

    low: int
    high: int
    coverage: float


def order_interval(n: int, share: float, *, level: float) -> Orders | None:
    """The order statistics of n values that bound the `share` quantile with equal tails; None if n is too small."""
    tail = (1 - level) / 2
    below = library("scipy.special").bdtr(np.arange(n), n, share)
    low = int(np.searchsorted(below, tail, side="right")) - 1
    high = int(np.searchsorted(below, 1 - tail, side="left"))
    if low < 0 or high >= n:
        return None
    return Orders(low, high, float(below[high] - below[low]))


def quantile(values: FloatArray, share: float) -> float:
    """The smallest value with at least that share of the values at or below it."""
    rank = max(1, math.ceil(share * len(values) - 1e-9))
    return float(np.sort(values)[rank - 1])


def smallest_sample(share: float, *, level: float) -> int:
    """From how many values on both ends are bounded."""
    tail = (1 - level) / 2
    return math.ceil(math.log(tail) / math.log(max(share, 1 - share)))
