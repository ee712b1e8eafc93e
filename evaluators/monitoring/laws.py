"""Distances between two windows in the same cells, with the laws they follow when nothing has changed.

Population stability index, Jensen–Shannon distance and chi-squared are the same quadratic form near equality, so all
three follow a chi-squared law there, non-central if the windows differ a little.
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.intervals import Interval, z_quantile
from evaluators.libraries import library

LARGE = 2_000.0


@dataclass(frozen=True)
class Distance:
    """A distance, its interval, and the p-value of "nothing has changed"."""

    value: float
    low: float
    high: float
    p_value: float


def smoothed_shares(counts: IntArray) -> FloatArray:
    """(c + 1/2) / (N + B/2): no empty cell, and no floor that would make one cell decide."""
    return np.asarray((counts + 0.5) / (counts.sum() + len(counts) / 2), dtype=np.float64)


def psi_value(reference: IntArray, current: IntArray) -> float:
    p, q = smoothed_shares(reference), smoothed_shares(current)
    return float(((p - q) * np.log(p / q)).sum())


def psi(reference: IntArray, current: IntArray, *, level: float) -> Distance:
    """Population stability index. The interval is the hull of the non-central law, right near equality, and of the
    delta method, right far from it."""
    value, scale, freedom = psi_value(reference, current), _scale(reference, current), max(1, len(reference) - 1)
    low, high = (bound * scale for bound in noncentral_interval(value / scale, freedom, level=level))
    half = z_quantile(level) * math.sqrt(_psi_variance(reference, current))
    return Distance(
        value, max(0.0, min(low, value - half)), max(high, value + half), chi_squared_p(value / scale, freedom)
    )


def jensen_shannon(reference: IntArray, current: IntArray, *, level: float) -> Distance:
    """Jensen–Shannon distance to base 2, from 0 to 1, of the raw shares."""
    p, q = reference / reference.sum(), current / current.sum()
    middle = (p + q) / 2
    nats = float(sum(_relative_entropy(one, middle) for one in (p, q))) / 2
    freedom, scale = max(1, int((middle > 0).sum()) - 1), _scale(reference, current) / 8
    value = math.sqrt(max(0.0, nats) / math.log(2))
    bounds = noncentral_interval(nats / scale, freedom, level=level)
    low, high = (min(1.0, math.sqrt(bound * scale / math.log(2))) for bound in bounds)
    return Distance(value, min(low, value), max(high, value), chi_squared_p(nats / scale, freedom))


def cramers_v(reference: IntArray, current: IntArray, *, level: float) -> Distance:
    """Chi-squared test of two windows of categories; the effect is Cramér's V."""
    table = np.stack([reference, current]).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    n, freedom = float(table.sum()), max(1, table.shape[1] - 1)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / n
    statistic = float(((table - expected) ** 2 / expected).sum())
    low, high = (min(1.0, math.sqrt(bound / n)) for bound in noncentral_interval(statistic, freedom, level=level))
    value = math.sqrt(statistic / n)
    return Distance(value, min(low, value), max(high, value), chi_squared_p(statistic, freedom))


def kolmogorov(distance: float, n: int, m: int, p_value: float, *, level: float) -> Distance:
    """Two-sample Kolmogorov–Smirnov. The interval is that of Dvoretzky, Kiefer, Wolfowitz and Massart for both."""
    radius = sum(math.sqrt(math.log(4 / (1 - level)) / (2 * size)) for size in (n, m))
    return Distance(distance, max(0.0, distance - radius), min(1.0, distance + radius), p_value)


def noncentral_interval(statistic: float, freedom: int, *, level: float) -> Interval:
    """The non-centralities that a chi-squared statistic is compatible with.

    A statistic below what chance alone yields on average bounds them no closer than that average would: otherwise
    equal counts, or a single value in both windows, would pass for certainty that nothing has changed.
    """
    tail = (1 - level) / 2
    if statistic > LARGE:
        centre, half = statistic - freedom, z_quantile(level) * math.sqrt(2 * freedom + 4 * (statistic - freedom))
        return max(0.0, centre - half), centre + half
    special, root = library("scipy.special"), library("scipy.optimize").brentq
    top = statistic + 12 * math.sqrt(statistic + freedom) + 40

    def solved(seen: float, target: float) -> float:
        # The chance to stay below what was seen falls as the non-centrality grows.
        if float(special.chdtr(freedom, seen)) <= target:
            return 0.0
        return float(root(lambda nc: float(special.chndtr(seen, freedom, nc)) - target, 0.0, top))

    return solved(statistic, 1 - tail), solved(max(statistic, freedom), tail)


def chi_squared_p(statistic: float, freedom: int) -> float:
    return float(library("scipy.special").chdtrc(freedom, max(0.0, statistic)))


def benjamini_hochberg(p_values: list[float]) -> list[float]:
    """p-values adjusted so that among those called below a level, at most that share is expected to be false."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values)[order] * len(order) / np.arange(1, len(order) + 1)
    lowest = np.minimum.accumulate(scaled[::-1])[::-1]
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1.0, lowest)
    return [float(value) for value in adjusted]


def _scale(reference: IntArray, current: IntArray) -> float:
    return 1 / float(reference.sum()) + 1 / float(current.sum())


def _psi_variance(reference: IntArray, current: IntArray) -> float:
    p, q = smoothed_shares(reference), smoothed_shares(current)
    slopes = (np.log(p / q) + 1 - q / p, np.log(q / p) + 1 - p / q)
    variances = [
        (share * slope**2).sum() - (share * slope).sum() ** 2 for share, slope in zip((p, q), slopes, strict=True)
    ]
    return float(variances[0] / reference.sum() + variances[1] / current.sum())


def _relative_entropy(p: FloatArray, q: FloatArray) -> float:
    used = p > 0
    return float((p[used] * np.log(p[used] / q[used])).sum())
