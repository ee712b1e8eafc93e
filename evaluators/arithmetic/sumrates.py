"""One rate of weighted or clustered rows: its value, its interval, and draws of all groups at once."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.blocks import Block, weighted_block
from evaluators.arithmetic.clusters import FEW, exact
from evaluators.arithmetic.counts import RATES, FloatArray, IntArray, shares
from evaluators.arithmetic.intervals import Interval, clopper_pearson, z_quantile
from evaluators.arithmetic.sums import BASES, Sums
from evaluators.libraries import library


@dataclass(frozen=True)
class RateSums:
    """One rate over some groups: x/m, the covariance of the groups' rates, and the rows and clusters they rest on.

    `sizes` says how much each group is worth: its clusters, or the rows of equal weight that would be as precise.
    `outcomes`, without clusters, holds rows, sums of weights and sums of their squares, shaped (3, groups, 2) with hits
    before misses.
    """

    x: FloatArray
    m: FloatArray
    covariance: FloatArray
    rows: IntArray
    units: IntArray
    sizes: FloatArray
    outcomes: FloatArray | None

    @classmethod
    def of(cls, sums: Sums, name: str) -> "RateSums":
        x, m = shares(sums.cells, name)
        base = BASES.index(RATES[name].base)
        units = sums.units[:, base]
        with np.errstate(invalid="ignore", divide="ignore"):
            p = np.where(m > 0, x / m, 0.0)
        residual = _residuals(name, p)
        dense = np.zeros((residual.shape[1], residual.shape[1]))
        for (i, j), value in sums.products.items():
            dense[i, j] = dense[j, i] = value
        scale = np.where(m > 0, m, 1.0)
        correction = np.sqrt(units / np.maximum(units - 1, 1))
        covariance = residual @ dense @ residual.T / np.outer(scale, scale) * np.outer(correction, correction)
        squares = np.diag(dense).reshape(-1, 2, 2)
        outcomes = None if sums.is_clustered else np.stack([_split(a, name) for a in (sums.rows, sums.cells, squares)])
        rows = shares(sums.rows, name)[1]
        return cls(
            x, m, covariance, rows, units, units.astype(float) if outcomes is None else _kish(outcomes), outcomes
        )

    @property
    def rates(self) -> FloatArray:
        return np.asarray(self.x / self.m)

    def keep(self, kept: list[int]) -> "RateSums":
        outcomes = None if self.outcomes is None else self.outcomes[:, kept]
        return RateSums(
            self.x[kept], self.m[kept], self.covariance[np.ix_(kept, kept)], self.rows[kept], self.units[kept],
            self.sizes[kept], outcomes,
        )  # fmt: skip

    def block(self, *, replicates: int, rng: np.random.Generator) -> Block:
        """Of clusters, the groups' rates with errors of Student's t: freedom as of the fewest clusters, less 1.

        A rate of 0 or 1 shows no scatter; its variance is that of a rate with one more cluster of either kind.
        """
        if self.outcomes is not None:
            rows, weight, squares = self.outcomes
            return weighted_block(rows, weight, squares, replicates=replicates, rng=rng)
        p, variance = self.rates, np.diag(self.covariance).copy()
        at_bound = (p <= 0) | (p >= 1)
        smooth = (self.sizes * p + 1) / (self.sizes + 2)
        p = np.where(at_bound, smooth, p)
        variance = np.where(at_bound, smooth * (1 - smooth) / (self.sizes + 2), variance)
        covariance = self.covariance.copy()
        np.fill_diagonal(covariance, variance)
        roots, vectors = np.linalg.eigh(covariance)
        normal = (vectors * np.sqrt(np.maximum(roots, 0))) @ rng.standard_normal((len(p), replicates))
        freedom = max(int(self.units.min()) - 1, 1)
        error = normal / np.sqrt(rng.chisquare(freedom, replicates) / freedom)
        return Block(p, variance, error, np.broadcast_to(variance[:, None], error.shape))

    def interval(self, index: int, *, level: float) -> Interval:
        """Of one rate, within 0 and 1: Student's; with few hits or misses, exact at the size that is worth as much."""
        p, units, variance = float(self.rates[index]), int(self.units[index]), float(self.covariance[index, index])
        if p <= 0 or p >= 1:
            size = max(1, int(self.sizes[index]))
            return clopper_pearson(0 if p <= 0 else size, size, level=level)
        freedom, z = max(units - 1, 1), z_quantile(level)
        t = float(library("scipy.special").stdtrit(freedom, 0.5 + level / 2)) if freedom < 1_000 else z
        worth = min(p * (1 - p) / variance * (z / t) ** 2 if variance > 0 else self.sizes[index], self.rows[index])
        if worth * min(p, 1 - p) < FEW:
            return exact(p * worth, worth, level=level)
        half = t * math.sqrt(variance)
        return max(0.0, p - half), min(1.0, p + half)


def _residuals(name: str, p: FloatArray) -> FloatArray:
    """Per group, what each flat cell adds to x - p m."""
    matrix = np.zeros((len(p), 4 * len(p)))
    for i, share in enumerate(p):
        for y, q in RATES[name].base:
            matrix[i, 4 * i + 2 * y + q] = (1.0 if (y, q) in RATES[name].hits else 0.0) - share
    return matrix


def _split(cells: NDArray[Any], name: str) -> NDArray[Any]:
    """Hits and misses of a rate, from a tensor of anything that adds up."""
    x, m = shares(cells, name)
    return np.stack([x, m - x], axis=-1)


def _kish(outcomes: FloatArray) -> FloatArray:
    """How many rows of equal weight would be as precise, per group."""
    _, weight, squares = outcomes.sum(axis=2)
    return np.asarray(np.where(squares > 0, weight**2 / np.where(squares > 0, squares, 1.0), 0.0))
