"""The ratio of the lowest to the highest rate, judged by linear contrasts.

For a threshold t the contrasts p_i - t * p_j of all ordered pairs get simultaneous intervals. The ratio is at least
t if every lower bound is at least 0, and below t if some upper bound is below 0. The stored interval is the inversion
of that test: the judgement at any t can be read off it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.blocks import Block
from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import quantile
from evaluators.arithmetic.simultaneous import Gap

TOLERANCE = 1e-7


@dataclass(frozen=True)
class Contrasts:
    """Bounds of p_i - t * p_j, shaped (groups, groups); the diagonal isn't a pair and is NaN."""

    low: FloatArray
    high: FloatArray

    @property
    def is_reached(self) -> bool:
        return bool(np.nanmin(self.low) >= 0)

    @property
    def is_missed(self) -> bool:
        return bool(np.nanmin(self.high) < 0)


def contrasts(block: Block, threshold: float, *, level: float) -> Contrasts:
    """Simultaneous bounds of every ordered pair at one threshold."""
    difference = block.estimate[:, None] - threshold * block.estimate[None, :]
    scale = np.sqrt(block.variance[:, None] + threshold**2 * block.variance[None, :])
    half = _quantile(block, threshold, level) * scale
    np.fill_diagonal(difference, np.nan)
    return Contrasts(difference - half, difference + half)


def ratio_interval(block: Block, *, level: float) -> Gap:
    """[sup of the thresholds surely reached, inf of those surely missed], within 0 and 1.

    Both ends are found by bracketing on the same replicates and rounded away from each other by at most 1e-7.
    """
    cache: dict[float, float] = {}

    def factor(threshold: float) -> float:
        if threshold not in cache:
            cache[threshold] = _quantile(block, threshold, level)
        return cache[threshold]

    def reached(threshold: float) -> float:
        return _smallest(block, threshold) - factor(threshold)

    def missed(threshold: float) -> float:
        return _smallest(block, threshold) + factor(threshold)

    low = _root(reached)[0] if reached(0.0) >= 0 else 0.0
    high = _root(missed)[1] if missed(1.0) < 0 else 1.0
    return Gap(low, high, factor(0.0), block.error.shape[1])


def _root(function: Callable[[float], float]) -> tuple[float, float]:
    """Points below and above the sign change of a function that falls from >= 0 at 0 to < 0 at 1 (Illinois method)."""
    low, high = 0.0, 1.0
    at_low, at_high = function(low), function(high)
    last = 0
    for step in range(100):
        if high - low <= TOLERANCE:
            break
        middle = (low + high) / 2 if step % 4 == 3 else (low * at_high - high * at_low) / (at_high - at_low)
        margin = 0.4 * min(TOLERANCE, high - low)
        middle = min(max(middle, low + margin), high - margin)
        value = function(middle)
        if value >= 0:
            at_high = at_high / 2 if last == 1 else at_high
            low, at_low, last = middle, value, 1
        else:
            at_low = at_low / 2 if last == -1 else at_low
            high, at_high, last = middle, value, -1
    return low, high


def _smallest(block: Block, threshold: float) -> float:
    """The smallest studentised contrast of the estimates."""
    difference = block.estimate[:, None] - threshold * block.estimate[None, :]
    scale = np.sqrt(block.variance[:, None] + threshold**2 * block.variance[None, :])
    np.fill_diagonal(scale, np.nan)
    return float(np.nanmin(difference / scale))


def _quantile(block: Block, threshold: float, level: float) -> float:
    """The quantile over replicates of the largest studentised contrast at a threshold."""
    error, variance = block.error, block.error_variance
    scaled_error, scaled_variance = threshold * error, threshold**2 * variance
    largest = np.zeros(error.shape[1])
    for i in range(len(error)):
        for others in (slice(None, i), slice(i + 1, None)):
            if error[others].size:
                contrast = np.square(error[i] - scaled_error[others]) / (variance[i] + scaled_variance[others])
                np.maximum(largest, contrast.max(axis=0), out=largest)
    return math.sqrt(quantile(largest, level))
