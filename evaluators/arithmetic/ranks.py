"""The area under the ROC curve and DeLong's variance of it, ties included, in O(n log n)."""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.intervals import z_quantile
from evaluators.contract import Json


@dataclass(frozen=True)
class Auc:
    """What the interval is a function of. `auc` is None without positives or negatives, `variance` below two each."""

    positives: int
    negatives: int
    auc: float | None
    variance: float | None

    @property
    def n(self) -> int:
        """The size that matters: the scarcer of the two outcomes."""
        return min(self.positives, self.negatives)

    @property
    def is_perfect(self) -> bool:
        return self.auc in (0.0, 1.0)

    def as_statistics(self) -> Json:
        return asdict(self)

    def bounded_variance(self, level: float) -> float:
        """The variance, and for perfect separation, where DeLong's is 0, one that yields an exact bound.

        Pairing each row of the scarcer outcome with its own row of the other gives independent comparisons, all won;
        the exact binomial bound of those is turned back into a variance.
        """
        if not self.is_perfect:
            return self.variance or 0.0
        bound: float = 1 - ((1 - level) / 2) ** (1 / max(self.n, 1))
        root = bound / z_quantile(level)
        return root * root


def delong(score: FloatArray, label: NDArray[np.bool_]) -> Auc:
    """AUC of finite scores against boolean outcomes, and its variance."""
    positive, negative = score[label], score[~label]
    n1, n0 = len(positive), len(negative)
    if not n1 or not n0:
        return Auc(n1, n0, None, None)
    ranks = midranks(score)
    above = (ranks[label] - midranks(positive)) / n0
    below = 1 - (ranks[~label] - midranks(negative)) / n1
    auc = float(above.mean())
    if min(n1, n0) < 2:
        return Auc(n1, n0, auc, None)
    return Auc(n1, n0, auc, float(above.var(ddof=1) / n1 + below.var(ddof=1) / n0))


def midranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])


def binned_auc(score: FloatArray, label: NDArray[np.bool_], *, bins: int = 1024) -> tuple[float, float]:
    """AUC from a histogram of quantile bins, and a bound on its error. Needs both outcomes."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    codes = np.searchsorted(edges, score, side="right")
    positive = np.bincount(codes[label], minlength=len(edges) + 1) / label.sum()
    negative = np.bincount(codes[~label], minlength=len(edges) + 1) / (~label).sum()
    below = np.concatenate([[0.0], np.cumsum(negative)[:-1]])
    return math.fsum(positive * (below + negative / 2)), math.fsum(positive * negative) / 2
