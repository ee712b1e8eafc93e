"""How much one feature alone tells of an outcome: by ranks, and by information."""

import math
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.ranks import Auc, delong
from evaluators.inputs.tables import Categorical
from evaluators.subjects.columns import numbers

BINS = 32


@dataclass(frozen=True)
class Told:
    """AUC of a numeric feature against one of two outcomes, at least 1/2, and the share of the outcome's entropy."""

    auc: Auc | None
    information: float

    @property
    def strength(self) -> float:
        best = 0.0 if self.auc is None or self.auc.auc is None else max(self.auc.auc, 1 - self.auc.auc)
        return max(best, self.information)


def told_by(item: Categorical, outcome: IntArray) -> Told:
    """What a column tells of the outcome codes. An absent number is a value of its own."""
    values = numbers(item)
    codes = item.codes if values is None else binned(values)
    information = shared_information(codes, outcome)
    if values is None or len(np.unique(outcome)) != 2:
        return Told(None, information)
    known = np.isfinite(values)
    return Told(delong(values[known], outcome[known] == outcome.max()), information)


def binned(values: FloatArray, *, bins: int = BINS) -> IntArray:
    """Codes of quantile bins; a number that is absent has a bin of its own, few different numbers keep one each."""
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    if len(distinct) > bins:
        distinct = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))
    codes = np.searchsorted(distinct, values, side="left")
    return np.where(np.isnan(values), len(distinct) + 1, codes).astype(np.int64)


def shared_information(codes: IntArray, outcome: IntArray) -> float:
    """Mutual information over the outcome's entropy, from 0 to 1, less what as many values would tell by chance.

    Without that correction (Miller and Madow) an identifier, different in every row, would tell everything.
    """
    _, x = np.unique(codes, return_inverse=True)
    _, y = np.unique(outcome, return_inverse=True)
    kx, ky, n = int(x.max()) + 1, int(y.max()) + 1, len(x)
    if ky < 2:
        return 0.0
    cells, joint = np.unique(x * ky + y, return_counts=True)
    del cells
    told = _entropy(np.bincount(x)) + _entropy(np.bincount(y)) - _entropy(joint)
    excess = (kx - 1) * (ky - 1) / (2 * n)
    return float(min(1.0, max(0.0, (told - excess) / _entropy(np.bincount(y)))))


def _entropy(counts: IntArray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return -math.fsum((shares * np.log(shares)).tolist())
