"""Shares of groups against what they should be: total variation with a band, and the chi-squared test."""

from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import enough, quantile
from evaluators.libraries import library

REPLICATES = 10_000


@dataclass(frozen=True)
class Distance:
    """Half the sum of absolute differences, with its interval; and the p-value of equality."""

    value: float
    low: float
    high: float
    p_value: float | None
    statistic: float


def distance(
    counts: IntArray, reference: FloatArray, *, reference_n: int | None, level: float, rng: np.random.Generator
) -> Distance:
    """Distance of shares of counts from reference shares, which are known or were seen in `reference_n` rows.

    The interval is a band by the triangle inequality: the distance of a sample from its own population bounds how
    far the measured distance can be from the true one.
    """
    n = int(counts.sum())
    shares = counts / n
    value = float(np.abs(shares - reference).sum() / 2)
    draws = enough(REPLICATES, level)
    slack = _own_distance(counts, draws, rng)
    if reference_n is not None:
        slack = slack + _own_distance(np.rint(reference * reference_n).astype(np.int64), draws, rng)
    radius = quantile(slack, level)
    statistic, p = chi_squared(counts, reference, reference_n)
    return Distance(value, max(0.0, value - radius), min(1.0, value + radius), p, statistic)


def chi_squared(counts: IntArray, reference: FloatArray, reference_n: int | None) -> tuple[float, float | None]:
    """Pearson's statistic and its p-value: infinite and 0 where a group is seen that should not exist.

    With one group there is nothing to test, and p is None.
    """
    n = int(counts.sum())
    if reference_n is None:
        expected, observed = reference * n, counts.astype(np.float64)
    else:
        both = counts + reference * reference_n
        total = n + reference_n
        expected = np.concatenate([both * n / total, both * reference_n / total])
        observed = np.concatenate([counts, reference * reference_n])
    used = expected > 0
    if np.any(observed[~used] > 0):
        return float("inf"), 0.0
    # A group that only one of two samples holds is a group of both; one that neither holds is none.
    groups = int(used[: len(counts)].sum())
    if groups < 2:
        return 0.0, None
    statistic = float(((observed[used] - expected[used]) ** 2 / expected[used]).sum())
    return statistic, float(library("scipy.special").chdtrc(groups - 1, statistic))


def _own_distance(counts: IntArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Distances of samples of that size from the shares they were drawn from."""
    n = int(counts.sum())
    # Counts come in sorted order, so that names don't change what is drawn.
    p = (np.sort(counts) + 0.5) / (n + len(counts) / 2)
    drawn = rng.multinomial(n, p, size=draws) / n
    return np.asarray(np.abs(drawn - p).sum(axis=1) / 2)
