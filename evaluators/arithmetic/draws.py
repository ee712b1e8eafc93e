"""Random draws: one generator per metric, derived from the seed of the evaluation."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, metric: str) -> np.random.Generator:
    """The generator of one metric, so that a reading can be computed again without the others."""
    key = int.from_bytes(hashlib.sha256(metric.encode()).digest()[:8], "big")
    return np.random.default_rng([seed, key])


def drawn(rows: NDArray[np.float64], wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of at most `wanted` rows, without replacement, in the order of their values, the last column first.

    Where a row stands in a file doesn't count.
    """
    order = np.lexsort(rows.T)
    if len(order) <= wanted:
        return order
    return order[np.sort(rng.choice(len(order), size=wanted, replace=False))]
