"""Random draws: one generator per metric, derived from the seed of the evaluation."""

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from evaluators.contract import EvaluatorError

# Draws that lie beyond a quantile where it is to be trusted.
BEYOND = 5


def generator(seed: int, metric: str) -> np.random.Generator:
    """The generator of one metric, so that a reading can be computed again without the others."""
    key = int.from_bytes(hashlib.sha256(metric.encode()).digest()[:8], "big")
    return np.random.default_rng([seed, key])


def enough(least: int, level: float, *, sides: int = 1) -> int:
    """How many draws the quantile at a level takes: `least`, and more where fewer than five would lie beyond it."""
    return max(least, math.ceil(BEYOND * sides / (1 - level) - 1e-6))


def quantile(values: NDArray[np.float64], level: float) -> float:
    """The upper quantile of draws. Raises EvaluatorError where it lies beyond all of them."""
    if len(values) * (1 - level) < 1 - 1e-6:
        highest = 1 - 1 / len(values)
        raise EvaluatorError(f"level {level:.7g} lies beyond what {len(values):,} draws resolve, up to {highest:.7g}")
    return float(np.quantile(values, level))


def ends(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """The two quantiles with that share of the draws between them. Raises EvaluatorError as `quantile` does."""
    upper = (1 + level) / 2
    return -quantile(-values, upper), quantile(values, upper)


def drawn(rows: NDArray[np.float64], wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of at most `wanted` rows, without replacement, in the order of their values, the last column first.

    Where a row stands in a file doesn't count.
    """
    order = np.lexsort(rows.T)
    if len(order) <= wanted:
        return order
    return order[np.sort(rng.choice(len(order), size=wanted, replace=False))]
