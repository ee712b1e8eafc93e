"""Wasserstein distance of two windows of numbers, in standard deviations of the reference."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import enough, quantile
from evaluators.contract import Json
from evaluators.monitoring.laws import Distance

CELLS = 32
REPLICATES = 1_000


@dataclass(frozen=True)
class Grid:
    """Counts of both windows between the pooled quantiles, and how wide each cell is in the reference's deviations."""

    value: float
    reference: IntArray
    current: IntArray
    widths: FloatArray

    def as_statistics(self) -> Json:
        return {
            "value": self.value,
            "reference": self.reference.tolist(),
            "current": self.current.tolist(),
            "widths": self.widths.tolist(),
        }


def from_statistics(data: Json) -> Grid:
    return Grid(data["value"], np.array(data["reference"]), np.array(data["current"]), np.array(data["widths"]))


def measure(reference: FloatArray, current: FloatArray) -> Grid:
    """The exact distance, and the grid that its interval and p-value rest on. Needs finite numbers."""
    scale = float(reference.std()) or 1.0
    pooled = np.sort(np.concatenate([reference, current])) / scale
    between = [
        np.searchsorted(np.sort(part) / scale, pooled, side="right") / len(part) for part in (reference, current)
    ]
    value = float((np.abs(between[0] - between[1])[:-1] * np.diff(pooled)).sum())
    edges = np.unique(pooled)
    if len(edges) > CELLS + 1:
        edges = np.unique(np.quantile(pooled, np.linspace(0, 1, CELLS + 1), method="inverted_cdf"))
    # A cell ends at its edge and takes it in, so that few different values keep their own cells and their distance.
    counts = [
        np.bincount(np.searchsorted(edges, part / scale, side="left"), minlength=len(edges))
        for part in (reference, current)
    ]
    return Grid(value, counts[0], counts[1], np.append(np.diff(edges), 0.0))


def judge(grid: Grid, *, level: float, rng: np.random.Generator) -> Distance:
    """A band by the triangle inequality, as for shares, and a permutation p-value; both from cell counts alone."""
    n, m = int(grid.reference.sum()), int(grid.current.sum())
    pooled = grid.reference + grid.current
    draws = enough(REPLICATES, level)
    radius = quantile(sum(_own(counts, grid.widths, draws, rng) for counts in (grid.reference, grid.current)), level)
    drawn = rng.multivariate_hypergeometric(pooled, n, size=REPLICATES, method="marginals")
    distances = _between(drawn / n, (pooled - drawn) / m, grid.widths)
    seen = float(_between(grid.reference[None] / n, grid.current[None] / m, grid.widths)[0])
    p = (1 + int((distances >= seen - 1e-12).sum())) / (REPLICATES + 1)
    return Distance(grid.value, max(0.0, grid.value - radius), grid.value + radius, p)


def _between(p: NDArray[Any], q: NDArray[Any], widths: FloatArray) -> FloatArray:
    return np.asarray(np.abs(np.cumsum(p - q, axis=1)) @ widths)


def _own(counts: IntArray, widths: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    n = int(counts.sum())
    p = (counts + 0.5) / (n + len(counts) / 2)
    return _between(rng.multinomial(n, p, size=draws) / n, p[None], widths)
