"""Permutation tests on counts: which rows would have shown as large a gap if groups were handed out by lot?

*Conditional* tests shuffle only the rows in a rate's denominator, and are exact in finite samples. *Joint* tests
shuffle all rows and test that the whole law of outcome and prediction is equal, never one rate alone.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray, shares

REPLICATES = 10_000
TIE = 1e-12
MAX_ENUMERATED = 200_000


def conditional_p(x: IntArray, m: IntArray, *, rng: np.random.Generator, replicates: int = REPLICATES) -> float:
    """p of equal rates x/m over two or more groups with m > 0: exact for two groups, else by draws, never 0."""
    order = np.lexsort((x, m))
    x, m = np.asarray(x, dtype=np.int64)[order], np.asarray(m, dtype=np.int64)[order]
    if len(m) == 2:
        return _two_groups(x, m)
    observed = _largest_studentised(x[:, None], m)[0]
    drawn = _largest_studentised(_hypergeometric(int(x.sum()), m, replicates, rng), m)
    return float((1 + np.count_nonzero(drawn >= observed - TIE)) / (replicates + 1))


def pair_p(
    x: IntArray, m: IntArray, *, rng: np.random.Generator, replicates: int = REPLICATES
) -> dict[tuple[int, int], float]:
    """p of equal rates for every pair of groups, each set against the largest gap of all pairs, so none needs Holm."""
    order = np.lexsort((x, m))
    x, m = np.asarray(x, dtype=np.int64)[order], np.asarray(m, dtype=np.int64)[order]
    drawn = np.sort(_largest_studentised(_hypergeometric(int(x.sum()), m, replicates, rng), m))
    found = {}
    for i in range(len(m) - 1):
        for j in range(i + 1, len(m)):
            observed = _largest_studentised(x[[i, j], None], m[[i, j]])[0]
            beyond = replicates - int(np.searchsorted(drawn, observed - TIE))
            first, second = sorted((int(order[i]), int(order[j])))
            found[first, second] = (1 + beyond) / (replicates + 1)
    return found


def joint_p(counts: IntArray, rate: str, *, rng: np.random.Generator, replicates: int = REPLICATES) -> float:
    """p of an equal law of (y, p) in two groups, by the gap of one rate. An undefined gap counts as extreme.

    Enumerated exactly when there are few tables with these margins, else drawn. counts is shaped (2, 2, 2).
    """
    observed = float(_gaps(counts[0].ravel()[None], counts.sum(axis=0).ravel(), rate)[0])
    if math.isnan(observed):
        return 1.0
    total = counts.sum(axis=0).ravel()
    size = int(counts[0].sum())
    tables = _tables(total, size)
    if tables is None:
        drawn = rng.multivariate_hypergeometric(total, size, size=replicates, method="marginals")
        extreme = _is_extreme(_gaps(drawn, total, rate), observed)
        return float((1 + np.count_nonzero(extreme)) / (replicates + 1))
    log_factorial = _log_factorials(int(total.sum()))
    weights = _log_choose(log_factorial, total, tables).sum(axis=1)
    weights -= _log_choose(log_factorial, np.array([total.sum()]), np.array([[size]]))[0, 0]
    extreme = _is_extreme(_gaps(tables, total, rate), observed)
    return min(1.0, float(np.exp(weights[extreme]).sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, running)
    return adjusted


def _two_groups(x: IntArray, m: IntArray) -> float:
    """The exact hypergeometric p of |x_0/m_0 - x_1/m_1|."""
    hits = int(x.sum())
    possible = np.arange(max(0, hits - int(m[1])), min(int(m[0]), hits) + 1)
    log_factorial = _log_factorials(int(m.sum()))
    weights = _log_choose(log_factorial, m[:1], possible[:, None])[:, 0]
    weights = weights + _log_choose(log_factorial, m[1:], hits - possible[:, None])[:, 0]
    gaps = np.abs(possible / m[0] - (hits - possible) / m[1])
    extreme = gaps >= abs(x[0] / m[0] - x[1] / m[1]) - TIE
    probability = np.exp(weights - weights.max())
    return min(1.0, float(probability[extreme].sum() / probability.sum()))


def _hypergeometric(hits: int, m: IntArray, replicates: int, rng: np.random.Generator) -> IntArray:
    """Hits per group when all rows are shuffled, shaped (groups, replicates): group after group from what is left."""
    left = np.full(replicates, hits, dtype=np.int64)
    rest = int(m.sum())
    drawn = np.empty((len(m), replicates), dtype=np.int64)
    for i, size in enumerate(m[:-1]):
        drawn[i] = rng.hypergeometric(left, rest - left, int(size))
        left = left - drawn[i]
        rest -= int(size)
    drawn[-1] = left
    return drawn


def _largest_studentised(x: IntArray, m: IntArray) -> FloatArray:
    """Per replicate, the largest pair gap in units of its own standard error."""
    p = x / m[:, None]
    q = (x + 0.5) / (m[:, None] + 1)
    variance = q * (1 - q) / m[:, None]
    largest = np.zeros(x.shape[1])
    for i in range(len(m) - 1):
        squares = (p[i] - p[i + 1 :]) ** 2 / (variance[i] + variance[i + 1 :])
        np.maximum(largest, squares.max(axis=0), out=largest)
    return np.sqrt(largest)


def _tables(total: IntArray, size: int) -> IntArray | None:
    """Every way to deal `size` rows out of four cells, or None if there are too many."""
    sides = [int(cell) + 1 for cell in total[:3]]
    if math.prod(sides) > MAX_ENUMERATED:
        return None
    first = np.indices(sides, dtype=np.int64).reshape(3, -1).T
    last = size - first.sum(axis=1)
    fits = (last >= 0) & (last <= total[3])
    return np.column_stack([first[fits], last[fits]])


def _gaps(first: IntArray, total: IntArray, rate: str) -> FloatArray:
    """Gap of a rate between the first group and the rest; NaN where it is undefined. Rows are flat tables."""
    x_first, m_first = shares(first.reshape(-1, 2, 2), rate)
    x_other, m_other = shares((total - first).reshape(-1, 2, 2), rate)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.abs(np.divide(x_first, m_first) - np.divide(x_other, m_other)))


def _is_extreme(gaps: FloatArray, observed: float) -> NDArray[np.bool_]:
    return np.isnan(gaps) | (gaps >= observed - TIE)


def _log_factorials(n: int) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def _log_choose(log_factorial: FloatArray, n: IntArray, k: IntArray) -> FloatArray:
    return np.asarray(log_factorial[n] - log_factorial[k] - log_factorial[n - k])
