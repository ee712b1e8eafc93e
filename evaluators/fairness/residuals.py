"""How well numbers are predicted in each group, from moments of outcome and error, with errors by the delta method.

Moments are taken about a centre and a scale that are stored, so that large numbers lose no digits; two shards are
brought to one centre before they are added.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import Json

# Powers of the centred outcome u and of the error e: sums of u**i * e**j over a group's rows. They reach as far as the
# third moment of what a row adds to each number.
POWERS = ((0, 1), (0, 3), *((i, j) for j in (0, 2, 4, 6) for i in range(7 - j)))

# Less than this part of their square is rounding in a spread.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Means:
    """Per group a number, its variance, and the skewness of what a row adds to it; 0 where rows don't differ."""

    value: FloatArray
    variance: FloatArray
    skewness: FloatArray

    @classmethod
    def of(cls, value: FloatArray, second: FloatArray, third: FloatArray, n: IntArray, square: FloatArray) -> "Means":
        """From the second and third central moment of a row's share, and the size of the squares these came from."""
        second = np.where(second > ROUNDING * square, second, 0.0)
        sd = np.sqrt(second)
        return cls(value, second / (n - 1), np.where(sd > 0, third / np.where(sd > 0, sd, 1.0) ** 3, 0.0))

    def evened(self, n: IntArray) -> "Means":
        """The same, where a group whose rows don't differ scatters as all do: few rows need not show the rare error."""
        row = self.variance * (n - 1)
        return replace(self, variance=np.where(row > 0, self.variance, np.average(row, weights=n) / (n - 1)))


@dataclass(frozen=True)
class Moments:
    """`sums[g, k]` is the sum of u**i * e**j with (i, j) = POWERS[k], where u = (y - centre) / scale and
    e = (predicted - y) / scale; `absolute[g]` holds the sums of |e| and of |e|**3."""

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
        absolute = [np.bincount(group, weights=np.abs(e) ** j, minlength=groups) for j in (1, 3)]
        return cls(centre, scale, np.stack(sums, axis=1), np.stack(absolute, axis=1))

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
        return Moments(centre, scale, sums, self.absolute * [shrink, shrink**3])

    def placed(self, rows: IntArray, groups: int) -> "Moments":
        """The same with each group at its row of a longer list."""
        sums, absolute = np.zeros((groups, len(POWERS))), np.zeros((groups, 2))
        sums[rows], absolute[rows] = self.sums, self.absolute
        return Moments(self.centre, self.scale, sums, absolute)

    def added(self, other: "Moments") -> "Moments":
        moved = other.moved(self.centre, self.scale)
        return Moments(self.centre, self.scale, self.sums + moved.sums, self.absolute + moved.absolute)

    @property
    def n(self) -> IntArray:
        return self.sums[:, POWERS.index((0, 0))].astype(np.int64)

    def mean(self, i: int, j: int) -> FloatArray:
        return np.asarray(self.sums[:, POWERS.index((i, j))] / self.n)

    def central(self, i: int, j: int) -> FloatArray:
        """The mean of w**i * e**j, where w is the outcome less its mean in the group."""
        mean = self.mean(1, 0)
        parts = [math.comb(i, a) * (-mean) ** (i - a) * self.mean(a, j) for a in range(i + 1)]
        return np.asarray(np.sum(parts, axis=0))

    @property
    def spread(self) -> float:
        """The standard deviation of the outcome over all groups, in units of the scale."""
        total = self.sums.sum(axis=0)
        n, first, second = (total[POWERS.index((i, 0))] for i in range(3))
        return math.sqrt(max(0.0, second / n - (first / n) ** 2))

    def residual(self) -> Means:
        """The mean error (predicted - true) in units of the scale."""
        return self._means(self.mean(0, 1), self.mean(0, 3))

    def mae(self) -> Means:
        """The mean absolute error in units of the scale."""
        first, third = (self.absolute / self.n[:, None]).T
        return self._means(first, third)

    def _means(self, mean: FloatArray, third: FloatArray) -> Means:
        square = self.mean(0, 2)
        return Means.of(mean, square - mean**2, third - 3 * mean * square + 2 * mean**3, self.n, square)

    def r2(self) -> Means:
        """1 - squared error / variance of the outcome; NaN in a group whose outcome is constant.

        A row's share in it is (ratio * w**2 - e**2) / variance; moving the mean changes nothing at first order.
        """
        error, variance = self.mean(0, 2), self.central(2, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(variance > 1e-12 * (1 + self.mean(1, 0) ** 2), error / variance, np.nan)
            square = self.mean(0, 4) + ratio**2 * self.central(4, 0)
            second = square - 2 * ratio * self.central(2, 2)
            third = 3 * ratio * self.central(2, 4) - 3 * ratio**2 * self.central(4, 2) + ratio**3 * self.central(6, 0)
            return Means.of(
                1 - ratio, second / variance**2, (third - self.mean(0, 6)) / variance**3, self.n, square / variance**2
            )


def _scale(label: FloatArray, predicted: FloatArray) -> float:
    """A power of two near the outcome's spread: dividing by it loses no digits."""
    spread = float(np.std(label)) or float(np.abs(predicted - label).max()) or 1.0
    return 2.0 ** round(math.log2(spread))
