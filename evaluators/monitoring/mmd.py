"""Maximum mean discrepancy: do two windows of rows come from one distribution, in all columns together?

Gretton et al., "A Kernel Two-Sample Test", JMLR 2012. The permutations are one product of matrices.
"""

import numpy as np

from evaluators.counts import FloatArray, IntArray

BLOCK = 250


def squared_distances(first: FloatArray, second: FloatArray) -> FloatArray:
    lengths = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.asarray(np.maximum(lengths - 2 * first @ second.T, 0.0))


def bandwidth(reference: FloatArray) -> float:
    """The median squared distance between different rows of the reference; the mean where the median is 0, and 1."""
    distances = squared_distances(reference, reference)[np.triu_indices(len(reference), 1)]
    return float(np.median(distances)) or float(distances.mean()) or 1.0


def kernel(first: FloatArray, second: FloatArray, width: float) -> FloatArray:
    """exp(−D / width) over both windows, one after the other, with a diagonal of zeros."""
    rows = np.concatenate([first, second])
    similar = np.exp(-squared_distances(rows, rows) / width)
    np.fill_diagonal(similar, 0.0)
    return np.asarray(similar)


def statistics(similar: FloatArray, members: FloatArray, n: int, m: int) -> FloatArray:
    """The unbiased squared discrepancy for every column of 0/1 memberships of the first window."""
    products = similar @ members
    inside = (members * products).sum(axis=0)
    touching = members.T @ similar.sum(axis=1)
    across = touching - inside
    outside = similar.sum() - 2 * touching + inside
    return np.asarray(inside / (n * (n - 1)) + outside / (m * (m - 1)) - 2 * across / (n * m))


def permutation_test(
    first: FloatArray, second: FloatArray, *, permutations: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The discrepancy and its p-value with +1. Each window needs two rows; the bandwidth is the first window's."""
    n, m = len(first), len(second)
    similar = kernel(first, second, bandwidth(first))
    observed = float(statistics(similar, _membership(np.arange(n)[None], n + m), n, m)[0])
    reached = 0
    for start in range(0, permutations, BLOCK):
        size = min(BLOCK, permutations - start)
        chosen = rng.random((size, n + m)).argpartition(n - 1, axis=1)[:, :n]
        reached += int((statistics(similar, _membership(chosen, n + m), n, m) >= observed - 1e-12).sum())
    return observed, (1 + reached) / (permutations + 1)


def standardised(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Columns in standard deviations of the first window, so that no unit decides; absent values at its mean."""
    known = np.isfinite(first)
    size = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, first, 0.0).sum(axis=0) / size
    sd = np.sqrt((np.where(known, first - mean, 0.0) ** 2).sum(axis=0) / size)
    sd = np.where(sd > 0, sd, 1.0)
    scaled = [np.where(np.isfinite(part), (part - mean) / sd, 0.0) for part in (first, second)]
    return scaled[0], scaled[1]


def _membership(chosen: IntArray, size: int) -> FloatArray:
    members = np.zeros((size, len(chosen)))
    members[chosen.T, np.arange(len(chosen))] = 1.0
    return members
