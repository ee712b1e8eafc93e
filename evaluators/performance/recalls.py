"""The interval of a mean of independent shares, such as the recalls of all classes.

Every mean is tested: its variance is that of the shares which, with this mean, make the counts likeliest. Shares of 0
or 1 thereby keep theirs, and none is drawn away from what was counted.
"""

import math

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.intervals import Interval, z_quantile

# Logarithms of the multipliers between which the ends are sought, and how often their range is halved.
LEAST, LARGEST, HALVINGS = -15.0, 35.0, 60


def mean_interval(x: IntArray, m: IntArray, *, level: float) -> Interval:
    """Of the mean of x / m, each of m > 0 trials, by the score test with half a trial of continuity on either side."""
    right, size = np.asarray(x, dtype=np.float64), np.asarray(m, dtype=np.float64)
    z = z_quantile(level)
    return _lower(right, size, z), 1 - _lower(size - right, size, z)


def _lower(x: FloatArray, m: FloatArray, z: float) -> float:
    """The least mean that isn't refuted from above."""
    start, end = LEAST, LARGEST
    for _ in range(HALVINGS):
        middle = (start + end) / 2
        if _is_refuted(_likeliest(x, m, math.exp(middle)), x, m, z):
            end = middle
        else:
            start = middle
    return float(_likeliest(x, m, math.exp(start)).mean())


def _likeliest(x: FloatArray, m: FloatArray, multiplier: float) -> FloatArray:
    """The likeliest shares among those with their mean, which is lower the larger the multiplier is."""
    both = m + multiplier
    return np.asarray(2 * x / (both + np.sqrt(np.maximum(both**2 - 4 * multiplier * x, 0.0))))


def _is_refuted(p: FloatArray, x: FloatArray, m: FloatArray, z: float) -> bool:
    """Whether the mean that was counted lies too far above that of these shares."""
    step = 0.5 * float((1 / m).mean()) / len(m)
    excess = (x / m).mean() - step - p.mean()
    # Variances of one row less, since the likeliest shares lie nearer to the counts than the true ones do.
    variance = (p * np.maximum(1 - p, 0.0) / np.maximum(m - 1, 1)).sum() / len(m) ** 2
    return bool(excess > z * math.sqrt(variance))
