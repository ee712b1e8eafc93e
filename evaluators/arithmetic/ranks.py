"""The area under the ROC curve and DeLong's variance of it, ties included, in O(n log n)."""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.intervals import Interval, z_quantile
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

    def as_statistics(self) -> Json:
        return asdict(self)

    def interval(self, level: float) -> Interval:
        """DeLong's, and on the side of 1/2 as wide as what covers near perfect separation too.

        There the variance itself is underestimated: that side reaches as far as the interval on the scale of log-odds
        does, and as the bound that perfect separation of so many rows would have, for no sample can say more.
        """
        if self.auc is None or self.variance is None:
            return 0.0, 1.0
        if self.auc < 0.5:
            low, high = Auc(self.positives, self.negatives, 1 - self.auc, self.variance).interval(level)
            return 1 - high, 1 - low
        half = z_quantile(level) * math.sqrt(self.variance)
        low, high = self.auc - half, min(1.0, self.auc + half)
        if self.auc < 1:
            odds = math.log(self.auc / (1 - self.auc))
            low = min(low, 1 / (1 + math.exp(half / (self.auc * (1 - self.auc)) - odds)))
        return max(0.0, min(low, self._bound(level))), high

    def _bound(self, level: float) -> float:
        """How low the AUC may be where every positive stands above every negative.

        Pairing each row of the scarcer outcome with its own row of the other gives independent comparisons, all won.
        """
        bound: float = ((1 - level) / 2) ** (1 / max(self.n, 1))
        return bound

    def method(self, level: float) -> str:
        """What the interval rests on."""
        ends = self.interval(level)
        is_bound = self.variance is not None and self._bound(level) in (ends[0], 1 - ends[1])
        return "exact on matched pairs" if is_bound else "delong"

    def bounded_variance(self, level: float) -> float:
        """The variance whose plain normal interval reaches as far as `interval` does to the farther side."""
        if self.auc is None or self.variance is None:
            return 0.0
        low, high = self.interval(level)
        return (max(self.auc - low, high - self.auc) / z_quantile(level)) ** 2


def delong(score: FloatArray, label: NDArray[np.bool_]) -> Auc:
    """AUC of finite scores against boolean outcomes, and its variance. The order of the rows leaves no trace."""
    values, codes = np.unique(score, return_inverse=True)
    positive, negative = (np.bincount(codes[own], minlength=len(values)) for own in (label, ~label))
    n1, n0 = int(positive.sum()), int(negative.sum())
    if not n1 or not n0:
        return Auc(n1, n0, None, None)
    # Twice the comparisons that each row wins, ties counting one: whole numbers.
    wins = 2 * np.cumsum(negative) - negative
    losses = 2 * np.cumsum(positive) - positive
    auc = int((positive * wins).sum()) / (2 * n1 * n0)
    if min(n1, n0) < 2:
        return Auc(n1, n0, auc, None)
    above, below = wins / (2 * n0) - auc, 1 - losses / (2 * n1) - auc
    variances = [(positive * above**2).sum() / (n1 - 1) / n1, (negative * below**2).sum() / (n0 - 1) / n0]
    return Auc(n1, n0, auc, float(sum(variances)))


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
