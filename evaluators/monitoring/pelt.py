"""Where the mean of a series changes: the segmentation of least squares with a price per break, found exactly.

Killick, Fearnhead and Eckley, "Optimal detection of changepoints with a linear computational cost", JASA 2012.
"""

import math

import numpy as np

from evaluators.arithmetic.counts import FloatArray

# The scale of the median absolute deviation of a normal distribution.
NORMAL_MAD = 0.6744897501960817


def noise(values: FloatArray) -> float:
    """The standard deviation around a mean that may change: from the differences of neighbours, robustly."""
    steps = np.diff(values)
    robust = float(np.median(np.abs(steps - np.median(steps)))) / NORMAL_MAD
    return (robust or float(steps.std())) / math.sqrt(2)


def penalty(values: FloatArray) -> float:
    """2σ² ln n for every break."""
    return 2 * noise(values) ** 2 * math.log(len(values))


def breaks(values: FloatArray, *, price: float, shortest: int = 2) -> list[int]:
    """Where segments end, without the end of the series: how many values lie before each break.

    Minimises the sum of squares around the segments' means plus the price of every break.
    """
    n = len(values)
    centred = values - values.mean()
    sums = np.concatenate([[0.0], np.cumsum(centred)])
    squares = np.concatenate([[0.0], np.cumsum(centred**2)])
    best = np.full(n + 1, math.inf)
    best[0] = -price
    before = np.zeros(n + 1, dtype=np.int64)
    starts = np.array([0], dtype=np.int64)
    useful_until = np.full(n + 1, n + 1, dtype=np.int64)
    for end in range(shortest, n + 1):
        length = end - starts
        cost = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / length
        total = best[starts] + cost
        place = int(total.argmin())
        best[end] = total[place] + price
        before[end] = starts[place]
        # A start that is too dear here, even without a price, loses to a break here as soon as one fits in.
        dear = starts[total > best[end]]
        useful_until[dear] = np.minimum(useful_until[dear], end + shortest)
        starts = np.append(starts[useful_until[starts] > end + 1], end - shortest + 1)
    found, end = [], n
    while before[end] > 0:
        end = int(before[end])
        found.append(end)
    return found[::-1]
