"""Maximum mean discrepancy: do two windows of rows come from one distribution, in all columns together?

Gretton et al., "A Kernel Two-Sample Test", JMLR 2012. The permutations are one product of matrices.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray

BLOCK = 250
SPLIT_FROM = 250
# Differences below this are rounding: a permutation that lies so close counts as reached.
TIE = 1e-8


def squared_distances(first: FloatArray, second: FloatArray) -> FloatArray:
    distances = first @ (-2 * second).T
    distances += (first**2).sum(axis=1)[:, None]
    distances += (second**2).sum(axis=1)
    return np.asarray(np.maximum(distances, 0.0, out=distances))


def bandwidth(reference: FloatArray) -> float:
    """The median squared distance between different rows of the reference; the mean where the median is 0, and 1."""
    distances = squared_distances(reference, reference)[np.triu_indices(len(reference), 1)]
    return float(np.median(distances)) or float(distances.mean()) or 1.0


def kernel(first: FloatArray, second: FloatArray, width: float) -> FloatArray:
    """exp(−D / width) over both windows, one after the other, with a diagonal of zeros."""
    rows = np.concatenate([first, second])
    similar = squared_distances(rows, rows)
    similar /= -width
    np.exp(similar, out=similar)
    np.fill_diagonal(similar, 0.0)
    return similar


def statistics(similar: NDArray[Any], members: NDArray[Any], n: int, m: int) -> FloatArray:
    """The unbiased squared discrepancy for every column of 0/1 memberships of the first window.

    Sums over whole columns are in float64, whatever the kernel is in.
    """
    inside = _within(similar, members)
    sums = similar.sum(axis=1, dtype=np.float64)
    touching = members.T @ sums
    across = touching - inside
    outside = sums.sum() - 2 * touching + inside
    return np.asarray(inside / (n * (n - 1)) + outside / (m * (m - 1)) - 2 * across / (n * m))


def _within(similar: NDArray[Any], members: NDArray[Any]) -> FloatArray:
    """Per column of memberships, the sum over pairs of members. The matrix is symmetric: one of two halves will do."""
    half = len(similar) // 2
    if half < SPLIT_FROM:
        return np.asarray((members * (similar @ members)).sum(axis=0, dtype=np.float64))
    across = (members[:half] * (similar[:half, half:] @ members[half:])).sum(axis=0, dtype=np.float64)
    return _within(similar[:half, :half], members[:half]) + 2 * across + _within(similar[half:, half:], members[half:])


def permutation_test(
    first: FloatArray, second: FloatArray, *, permutations: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The discrepancy and its p-value with +1. Each window needs two rows; the bandwidth is the first window's."""
    n, m = len(first), len(second)
    similar = kernel(first, second, bandwidth(first))
    own = _membership(np.arange(n)[None], n + m)
    value = float(statistics(similar, own.astype(np.float64), n, m)[0])
    # Ranks among permutations need no more than half the digits, and half the digits are multiplied twice as fast.
    similar = similar.astype(np.float32)
    observed = float(statistics(similar, own, n, m)[0])
    reached = int((permuted(similar, n, permutations=permutations, rng=rng) >= observed - TIE).sum())
    return value, (1 + reached) / (permutations + 1)


def permuted(similar: NDArray[Any], n: int, *, permutations: int, rng: np.random.Generator) -> FloatArray:
    """The discrepancy of each of so many random choices of n rows against the others."""
    size, found = len(similar), []
    for start in range(0, permutations, BLOCK):
        drawn = rng.random((min(BLOCK, permutations - start), size), dtype=np.float32)
        found.append(statistics(similar, _lowest(drawn, n), n, size - n))
    return np.concatenate(found)


def _lowest(drawn: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Memberships of the n lowest of each row. Values are parted faster than places; where two are equal, places."""
    last = np.partition(drawn, n - 1, axis=1)[:, n - 1, None]
    lowest = drawn <= last
    for i in np.flatnonzero(lowest.sum(axis=1) != n).tolist():
        lowest[i] = False
        lowest[i, drawn[i].argpartition(n - 1)[:n]] = True
    return np.ascontiguousarray(lowest.T, dtype=np.float32)


def standardised(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Columns in standard deviations of the first window, so that no unit decides; absent values at its mean."""
    known = np.isfinite(first)
    size = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, first, 0.0).sum(axis=0) / size
    sd = np.sqrt((np.where(known, first - mean, 0.0) ** 2).sum(axis=0) / size)
    sd = np.where(sd > 0, sd, 1.0)
    scaled = [np.where(np.isfinite(part), (part - mean) / sd, 0.0) for part in (first, second)]
    return scaled[0], scaled[1]


def _membership(chosen: IntArray, size: int) -> NDArray[np.float32]:
    members = np.zeros((size, len(chosen)), dtype=np.float32)
    members[chosen.T, np.arange(len(chosen))] = 1.0
    return members
