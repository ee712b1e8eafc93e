"""Exact Shapley values of few features, by all subsets in one batch of masks."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray

MAX_FEATURES = 10
MAX_CELLS = 20_000_000
Mask = NDArray[np.bool_]
Function = Callable[[FloatArray], FloatArray]


def exact(function: Function, background: FloatArray, rows: FloatArray) -> tuple[FloatArray, float]:
    """Interventional values phi (n, d) and the base, from all 2^d subsets of at most 10 features."""
    d = rows.shape[1]
    masks = subsets(d)
    found = [masked_means(function, background, row[None], masks)[0] for row in rows]
    outputs = np.asarray(found)
    return outputs @ weights(d).T, float(function(background).mean())


def subsets(d: int) -> Mask:
    """All 2^d subsets as masks (2^d, d), the empty one first."""
    return ((np.arange(2**d)[:, None] >> np.arange(d)) & 1).astype(bool)


def weights(d: int) -> FloatArray:
    """(d, 2^d): what each subset's output counts for each feature's value."""
    masks = subsets(d)
    size = masks.sum(axis=1)
    factorial = [math.factorial(i) for i in range(d + 1)]
    joined = np.array([factorial[max(s - 1, 0)] * factorial[d - s] / factorial[d] if s else 0.0 for s in size])
    absent = np.array([factorial[s] * factorial[max(d - s - 1, 0)] / factorial[d] if s < d else 0.0 for s in size])
    return np.where(masks.T, joined, -absent)


def masked_means(function: Function, background: FloatArray, rows: FloatArray, masks: Mask) -> FloatArray:
    """(n, M): the mean output over the background when only the masked-in features come from the row.

    `masks` is (M, d) for all rows, or (n, M, d) with masks of each row's own. What fits into memory goes in at once.
    """
    n, d = rows.shape
    masks = np.broadcast_to(masks, (n, *masks.shape[-2:]))
    count, per_mask = masks.shape[1], max(1, len(background) * d)
    # Some rows with all their masks or, where those of one row are too many already, one row with some of them.
    step, width = max(1, MAX_CELLS // (count * per_mask)), max(1, min(count, MAX_CELLS // per_mask))
    found = np.empty((n, count))
    for start in range(0, n, step):
        for first in range(0, count, width):
            part = slice(start, start + step), slice(first, first + width)
            mask = masks[part]
            mixed = np.where(mask[:, :, None, :], rows[part[0], None, None, :], background[None, None])
            outputs = np.asarray(function(mixed.reshape(-1, d)), dtype=np.float64)
            found[part] = outputs.reshape(*mask.shape[:2], len(background)).mean(axis=2)
    return found
