"""Two more readings over many groups: the spread of their rates, and the largest log-ratio of any outcome."""

import math

import numpy as np

from evaluators.arithmetic.blocks import Block, log_block, smoothed
from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.intervals import Interval
from evaluators.arithmetic.simultaneous import Gap, gap
from evaluators.libraries import library

STEPS = 200


def cohort_sd(x: IntArray, m: IntArray) -> float:
    """The standard deviation of group rates with the part that sampling explains taken out; at least 0.

    Needs two or more groups with two or more units each.
    """
    return math.sqrt(max(0.0, debiased_variance(x, m)))


def weighted_cohort_sd(x: IntArray, m: IntArray) -> float:
    """The same with every group weighted by its size, so that it speaks of people and not of groups."""
    return math.sqrt(max(0.0, debiased_variance(x, m, weights=m / m.sum())))


def debiased_variance(x: IntArray, m: IntArray, *, weights: FloatArray | None = None) -> float:
    """Variance of the rates minus its sampling part. Averages to 0 where all groups are equal; may be below 0.

    `weights` add up to 1 and are equal unless given.
    """
    p = x / m
    if weights is None:
        return float(np.var(p, ddof=1) - np.mean(p * (1 - p) / (m - 1)))
    scatter = weights @ (p - weights @ p) ** 2 - weights * (1 - weights) @ (p * (1 - p) / (m - 1))
    return float(scatter / (1 - weights @ weights))


def cohort_interval(x: IntArray, m: IntArray, *, level: float) -> Interval:
    """All spreads under which the weighted scatter of the rates is neither too small nor too large (Q-profile)."""
    p, v = smoothed(x, m)
    freedom, tail = len(m) - 1, (1 - level) / 2
    # scipy names the upper tail.
    quantile = library("scipy.special").chdtri
    low, high = float(quantile(freedom, tail)), float(quantile(freedom, 1 - tail))
    return _spread_at(low, p, v), _spread_at(high, p, v)


def differential_epsilon(x: IntArray, m: IntArray) -> float:
    """The largest |ln ratio| of smoothed shares between two groups, over both outcomes."""
    return max(_log_ratios(x, m))


def wider_outcome(x: IntArray, m: IntArray) -> str:
    """Which outcome has that ratio."""
    chosen, refused = _log_ratios(x, m)
    return "favourable" if chosen >= refused else "unfavourable"


def _log_ratios(x: IntArray, m: IntArray) -> tuple[float, float]:
    """The largest of the favourable outcome, and of the other."""
    (chosen, _), (refused, _) = smoothed(x, m), smoothed(m - x, m)
    return float(np.ptp(np.log(chosen))), float(np.ptp(np.log(refused)))


def epsilon_interval(block: Block, *, level: float) -> Gap:
    """Interval of the largest |ln ratio|: both outcomes of the same draws in one family."""
    other = Block(1 - block.estimate, block.variance, -block.error, block.error_variance)
    return gap([log_block(block), log_block(other)], level=level)


def _spread_at(target: float, p: FloatArray, v: FloatArray) -> float:
    """The spread at which the scatter equals the target, or 0 if it is smaller without any spread. Bisection."""
    if _scatter(0.0, p, v) <= target:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _scatter(middle, p, v) > target else (low, middle)
    return high


def _scatter(spread: float, p: FloatArray, v: FloatArray) -> float:
    weight = 1 / (v + spread**2)
    return float((weight * (p - (weight * p).sum() / weight.sum()) ** 2).sum())
