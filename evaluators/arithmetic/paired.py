"""Two models on the same rows: how far a rate changed, from four cells per group.

`cells[g, a, b]` counts the rows of group g for which the old model said a and the new one b, both 0 or 1: wrong or
right, not selected or selected. The change of the rate of ones is (cells[g, 0, 1] - cells[g, 1, 0]) / n.
"""

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.blocks import Block
from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.libraries import library

HALF = 0.5


def change(cells: IntArray) -> FloatArray:
    """The change of the rate, one per group. Groups have at least one row."""
    return np.asarray((cells[:, 0, 1] - cells[:, 1, 0]) / cells.sum(axis=(1, 2)))


def change_variance(cells: NDArray[np.float64]) -> FloatArray:
    """The variance of a change, from the rows on which the two models differ."""
    n = cells.sum(axis=(-2, -1))
    gained, lost = cells[..., 0, 1], cells[..., 1, 0]
    return np.asarray((gained + lost - (gained - lost) ** 2 / n) / n**2)


def mcnemar(lost: int, gained: int) -> float:
    """The exact p of equal rates, from the rows on which only the old or only the new model said 1."""
    if lost + gained == 0:
        return 1.0
    below = library("scipy.special").bdtr(min(lost, gained), lost + gained, 0.5)
    return min(1.0, 2 * float(below))


def paired_block(cells: IntArray, *, replicates: int, rng: np.random.Generator) -> Block:
    """The changes of all groups, half a row added to every cell, each group drawn from its own multinomial."""
    cells = cells[np.lexsort(cells.reshape(len(cells), 4).T)]
    n = cells.sum(axis=(1, 2))
    centre = cells + HALF
    weights = (centre / centre.sum(axis=(1, 2), keepdims=True)).reshape(-1, 4)
    drawn = rng.multinomial(n, weights, size=(replicates, len(n))).reshape(replicates, len(n), 2, 2) + HALF
    total = n + 4 * HALF
    estimate = (centre[:, 0, 1] - centre[:, 1, 0]) / total
    error = (drawn[..., 0, 1] - drawn[..., 1, 0]) / total - estimate
    return Block(estimate, change_variance(centre), error.T, change_variance(drawn).T)
