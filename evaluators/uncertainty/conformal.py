"""Split conformal prediction: nonconformity scores, their threshold, and the law of its coverage."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import Json
from evaluators.libraries import library

THRESHOLD, ADAPTIVE, INTERVALS = "threshold", "adaptive", "intervals"


@dataclass(frozen=True)
class Cut:
    """The k-th smallest of n calibration scores. Sets hold everything that scores at most `value`."""

    value: float
    n: int
    k: int
    ties: int

    def as_statistics(self) -> Json:
        return {"value": None if math.isinf(self.value) else self.value, "n": self.n, "k": self.k, "ties": self.ties}


def cut(scores: FloatArray, alpha: float) -> Cut:
    """k = ceil((n+1)(1-alpha)); beyond the largest score the sets hold everything."""
    n = len(scores)
    k = math.ceil((n + 1) * (1 - alpha) - 1e-9)
    if k > n:
        return Cut(math.inf, n, k, 0)
    value = float(np.partition(scores, k - 1)[k - 1])
    return Cut(value, n, k, int(np.count_nonzero(scores == value)) - 1)


def all_scores(p: FloatArray, method: str, shares: FloatArray) -> FloatArray:
    """Nonconformity of every class of every row, (n, K).

    `threshold`: 1 - p. `adaptive`: the probability of all likelier classes and the row's share (n,), uniform in
    [0, 1), of the class's own: sets grow where the model hesitates, and the shares make the coverage exact.
    """
    if method == THRESHOLD:
        return np.asarray(1 - p)
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    found = np.empty_like(p)
    np.put_along_axis(found, order, before + shares[:, None] * ranked, axis=1)
    return found


def interval_scores(y: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """How far outside the predicted interval the outcome lies; negative inside. Widening by the cut conforms it."""
    return np.maximum(low - y, y - high)


def in_order(draws: NDArray[Any], *keys: NDArray[Any]) -> NDArray[Any]:
    """One draw per row, handed out by what the rows hold and not by where they stand."""
    found = np.empty_like(draws)
    found[np.lexsort(keys)] = draws
    return found


def law(tests: int, n: int, k: int) -> FloatArray:
    """Probability of 0..tests hits when the cut was the k-th of n scores without ties: beta-binomial."""
    if k > n:
        return np.asarray(np.eye(tests + 1)[tests])
    special = library("scipy.special")
    hits = np.arange(tests + 1)
    a, b = k, n + 1 - k
    log = special.betaln(hits + a, tests - hits + b) - special.betaln(a, b)
    log += special.gammaln(tests + 1) - special.gammaln(hits + 1) - special.gammaln(tests - hits + 1)
    return np.asarray(np.exp(log))


def law_range(tests: int, n: int, k: int, share: float = 0.99) -> tuple[int, int]:
    """The hits between the two equal tails outside `share`."""
    below = np.cumsum(law(tests, n, k))
    tail = (1 - share) / 2
    return int(np.searchsorted(below, tail)), min(tests, int(np.searchsorted(below, 1 - tail)))


def law_p(hits: int, tests: int, n: int, k: int, *, ties: int) -> float:
    """p of these hits under the law: two-sided; with tied scores, which only raise coverage, of too few hits."""
    weights = law(tests, n, k)
    few = float(weights[: hits + 1].sum())
    many = float(weights[hits:].sum())
    return min(1.0, few if ties else 2 * min(few, many))


def largest_sets(scores: FloatArray, found: Cut) -> IntArray:
    """How many classes are in the set of each row."""
    return np.asarray((scores <= found.value).sum(axis=1), dtype=np.int64)
