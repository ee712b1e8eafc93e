"""Whom compression hits: the change rate of each group over that of all rows."""

import math

import numpy as np

from evaluators.arithmetic.blocks import smoothed
from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import quantile
from evaluators.arithmetic.simultaneous import Gap


def cohort_ratios(x: IntArray, m: IntArray) -> FloatArray:
    """Each group's rate over the rate of all groups together, of which at least one row has changed."""
    return np.asarray((x / m) / (x.sum() / m.sum()))


def ratio_gap(x: IntArray, m: IntArray, *, level: float, replicates: int, rng: np.random.Generator) -> Gap:
    """The interval of the largest ratio, from log ratios of all groups at once; groups are independent binomials.

    A group is part of all rows, so what it adds to both sides of its ratio is counted once.
    """
    order = np.lexsort((x, m))
    x, m = np.asarray(x)[order], np.asarray(m)[order]
    share = (m / m.sum())[:, None]
    p, v = (part[:, None] for part in smoothed(x, m))
    drawn = rng.binomial(m[:, None], p, size=(len(m), replicates))
    p_star, v_star = smoothed(drawn, m[:, None])
    centre, variance = _log_ratio(p, v, share)
    star, variance_star = _log_ratio(p_star, v_star, share)
    largest = np.max((star - centre) ** 2 / variance_star, axis=0)
    factor = math.sqrt(quantile(largest, level))
    half = factor * np.sqrt(variance)
    low, high = float(np.exp((centre - half).max())), float(np.exp((centre + half).max()))
    return Gap(low, high, factor, replicates)


def _log_ratio(p: FloatArray, v: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """ln of each group's rate over the mean rate, and its variance."""
    mean = (share * p).sum(axis=0, keepdims=True)
    pull = share / mean
    variance = (pull**2 * v).sum(axis=0, keepdims=True) - pull**2 * v + (1 / p - pull) ** 2 * v
    return np.log(p / mean), variance
