"""How well numbers are predicted in each group, from moments of outcome and error, with variances by the delta method.

Moments are taken about a centre and a scale that are stored, so that large numbers lose no digits; two shards are
brought to one centre before they are added.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import Json

# Powers of the centred outcome u and of the error e: sums of u**i * e**j over a group's rows.
POWERS = tuple((i, j) for i in range(5) for j in range(5) if i + j <= 4)


@dataclass(frozen=True)
class Moments:
    """`sums[g, k]` is the sum of u**i * e**j with (i, j) = POWERS[k], where u = (y - centre) / scale and
    e = (predicted - y) / scale; `absolute[g]` is the sum of |e|."""

    centre: float
    scale: float
    sums: FloatArray
    absolute: FloatArray

    @classmethod
    def of(cls, label: FloatArray, predicted: FloatArray, group: IntArray, *, groups: int) -> "Moments":
        order = np.lexsort((predicted, label, group))
        label, predicted, group = label[order], predicted[order], group[order]
        centre, scale = float(label.mean()), _scale(label, predicted)
        u, e = (label - centre) / scale, (predicted - label) / scale
        sums = [np.bincount(group, weights=u**i * e**j, minlength=groups) for i, j in POWERS]
        return cls(centre, scale, np.stack(sums, axis=1), np.bincount(group, weights=np.abs(e), minlength=groups))

    @classmethod
    def from_statistics(cls, data: Mapping[str, Any]) -> "Moments":
        sums, absolute = np.asarray(data["sums"]), np.asarray(data["absolute"])
        return cls(float(data["centre"]), float(data["scale"]), sums, absolute)

    def as_statistics(self) -> Json:
        return {
            "centre": self.centre,
            "scale": self.scale,
            "sums": self.sums.tolist(),
            "absolute": self.absolute.tolist(),
        }

    def moved(self, centre: float, scale: float) -> "Moments":
        """The same sums about another centre and scale."""
        shrink, shift = self.scale / scale, (self.centre - centre) / scale
        sums = np.zeros_like(self.sums)
        for k, (i, j) in enumerate(POWERS):
            for a in range(i + 1):
                source = self.sums[:, POWERS.index((a, j))]
                sums[:, k] += math.comb(i, a) * shrink ** (a + j) * shift ** (i - a) * source
        return Moments(centre, scale, sums, self.absolute * shrink)

    def placed(self, rows: IntArray, groups: int) -> "Moments":
        """The same with each group at its row of a longer list."""
        sums, absolute = np.zeros((groups, len(POWERS))), np.zeros(groups)
        sums[rows], absolute[rows] = self.sums, self.absolute
        return Moments(self.centre, self.scale, sums, absolute)

    def added(self, other: "Moments") -> "Moments":
        moved = other.moved(self.centre, self.scale)
        return Moments(self.centre, self.scale, self.sums + moved.sums, self.absolute + moved.absolute)

    @property
    def n(self) -> IntArray:
        return self.sums[:, 0].astype(np.int64)

    def mean(self, i: int, j: int) -> FloatArray:
        return np.asarray(self.sums[:, POWERS.index((i, j))] / self.sums[:, 0])

    @property
    def spread(self) -> float:
        """The standard deviation of the outcome over all groups, in units of the scale."""
        total = self.sums.sum(axis=0)
        mean = total[POWERS.index((1, 0))] / total[0]
        return math.sqrt(max(0.0, total[POWERS.index((2, 0))] / total[0] - mean**2))

    def residual(self) -> tuple[FloatArray, FloatArray]:
        """The mean error (predicted - true) in units of the scale, and its variance."""
        mean = self.mean(0, 1)
        return mean, np.asarray((self.mean(0, 2) - mean**2) / (self.n - 1))

    def mae(self) -> tuple[FloatArray, FloatArray]:
        """The mean absolute error in units of the scale, and its variance."""
        mean = self.absolute / self.n
        return mean, np.asarray((self.mean(0, 2) - mean**2) / (self.n - 1))

    def r2(self) -> tuple[FloatArray, FloatArray]:
        """1 - squared error / variance of the outcome, and its variance; NaN in a group whose outcome is constant.

        A row's share in it is e**2 - ratio * (u - mean)**2; moving the mean changes nothing at first order.
        """
        mean, error = self.mean(1, 0), self.mean(0, 2)
        variance = self.mean(2, 0) - mean**2
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(variance > 1e-12 * (1 + mean**2), error / variance, np.nan)
        fourth = self.mean(4, 0) - 4 * mean * self.mean(3, 0) + 6 * mean**2 * self.mean(2, 0) - 3 * mean**4
        cross = self.mean(2, 2) - 2 * mean * self.mean(1, 2) + mean**2 * error
        square = self.mean(0, 4) - 2 * ratio * cross + ratio**2 * fourth
        return 1 - ratio, np.asarray(np.maximum(square, 0) / variance**2 / (self.n - 1))


def _scale(label: FloatArray, predicted: FloatArray) -> float:
    """A power of two near the outcome's spread: dividing by it loses no digits."""
    spread = float(np.std(label)) or float(np.abs(predicted - label).max()) or 1.0
    return 2.0 ** round(math.log2(spread))
