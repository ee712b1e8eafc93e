"""Rates and means over rows that belong together: the same person, document, prompt or template.

A cluster is a number of rows with how many of them were hits, or with the sum of their values.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import IntArray
from evaluators.arithmetic.draws import ends, enough, generator
from evaluators.arithmetic.intervals import Interval, clopper_pearson, z_quantile
from evaluators.contract import Json, Reading, Status
from evaluators.counting import too_few
from evaluators.libraries import library

MINIMUM_CLUSTERS = 10
BOOTSTRAP_FROM = 30
REPLICATES = 10_000
# With fewer clusters on one side of a rate than this, neither resampling nor a normal interval can be trusted.
FEW = 20


@dataclass(frozen=True)
class Clusters:
    """Hits and sizes of clusters, equal ones counted together, sorted."""

    hits: IntArray
    sizes: IntArray
    times: IntArray

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> "Clusters":
        counted = sorted(Counter((int(hits), int(size)) for hits, size in pairs if size).items())
        return cls.from_cells([[hits, size, times] for (hits, size), times in counted])

    @classmethod
    def from_cells(cls, cells: Sequence[Sequence[int]]) -> "Clusters":
        columns = np.asarray(cells, dtype=np.int64).reshape(-1, 3).T
        return cls(columns[0], columns[1], columns[2])

    @classmethod
    def joined(cls, parts: Sequence[Sequence[Sequence[int]]]) -> list[list[int]]:
        """The cells of clusters from several parts, none of which is split, as those of the whole."""
        total: Counter[tuple[int, int]] = Counter()
        for hits, size, times in (cell for cells in parts for cell in cells):
            total[hits, size] += times
        return [[hits, size, times] for (hits, size), times in sorted(total.items())]

    @property
    def cells(self) -> list[list[int]]:
        """JSON-ready: [hits, size, how many clusters are like this]."""
        return np.stack([self.hits, self.sizes, self.times], axis=1).tolist()

    @property
    def moments(self) -> "Moments":
        return Moments.of(np.repeat(self.hits, self.times), np.repeat(self.sizes, self.times))


@dataclass(frozen=True)
class Moments:
    """Sums over clusters of total t and size m, t², t·m and m²: all that the sandwich needs. Shards add up."""

    count: int
    rows: int
    total: float
    squares: float
    cross: float
    sizes_squared: float

    @classmethod
    def of(cls, totals: Sequence[float] | NDArray[Any], sizes: Sequence[int] | NDArray[Any]) -> "Moments":
        t, m = np.asarray(totals, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
        return cls(len(t), int(m.sum()), float(t.sum()), float(t @ t), float(t @ m), float(m @ m))

    @property
    def mean(self) -> float:
        return self.total / self.rows

    @property
    def error(self) -> float:
        """The sandwich standard error of the mean."""
        mean = self.mean
        residuals = self.squares - 2 * mean * self.cross + mean**2 * self.sizes_squared
        return math.sqrt(max(residuals, 0.0) * self.count / max(self.count - 1, 1)) / self.rows


def bootstrap(clusters: Clusters, *, level: float, rng: np.random.Generator) -> Interval:
    """The percentile interval over resampled clusters; clusters that are alike are drawn together."""
    count = int(clusters.times.sum())
    drawn = rng.multinomial(count, clusters.times / count, size=enough(REPLICATES, level, sides=2))
    means = (drawn @ clusters.hits) / (drawn @ clusters.sizes)
    return ends(means, level)


def sandwich(moments: Moments, *, level: float) -> Interval:
    """Student's interval around the mean with the sandwich standard error."""
    half = _student(moments.count, level) * moments.error
    return moments.mean - half, moments.mean + half


def share_interval(moments: Moments, *, level: float) -> tuple[Interval, str]:
    """The interval of a mean of values from 0 to 1, and its name. Where all are 0, unseen 1s bound it from above.

    No values from 0 to 1 scatter more than 0s and 1s of the same mean, so few large ones are treated as few hits.
    """
    if moments.squares == 0:
        return (0.0, clopper_pearson(0, moments.count, level=level)[1]), "clopper-pearson over clusters"
    p, size = moments.mean, _worth(moments, level=level)
    if moments.error == 0 or size * min(p, 1 - p) < FEW:
        return exact(p * size, size, level=level), "clopper-pearson at the effective size"
    # Values from 0 to 1 lean to one side where their mean lies near an end; on the scale of log-odds less so.
    odds = math.log(p / (1 - p))
    half = _student(moments.count, level) * moments.error / (p * (1 - p))
    return (1 / (1 + math.exp(half - odds)), 1 / (1 + math.exp(-half - odds))), "cluster sandwich on log-odds"


def effective_size(moments: Moments, *, level: float) -> float:
    """How many independent rows would know a rate as well; as many as clusters where no row differs from another."""
    return min(_worth(moments, level=level), float(moments.rows))


def _worth(moments: Moments, *, level: float) -> float:
    """The same without a bound: a mean of values between 0 and 1 may be known better than a share of as many rows."""
    p = moments.mean
    if moments.error == 0 or not 0 < p < 1:
        return float(moments.count)
    shrink = (z_quantile(level) / _student(moments.count, level)) ** 2
    return p * (1 - p) / moments.error**2 * shrink


def rate_interval(clusters: Clusters, *, level: float, rng: np.random.Generator) -> tuple[Interval, str]:
    """The interval of a rate, and its name.

    Near 0 and 1 it is exact at the effective size; elsewhere clusters are resampled, or with fewer than 30 of them
    Student's interval is taken.
    """
    hit = clusters.times[clusters.hits > 0].sum()
    missed = clusters.times[clusters.hits < clusters.sizes].sum()
    moments = clusters.moments
    if min(hit, missed) < FEW:
        size = effective_size(moments, level=level)
        return exact(moments.mean * size, size, level=level), "clopper-pearson at the effective size"
    if moments.count >= BOOTSTRAP_FROM:
        return bootstrap(clusters, level=level, rng=rng), "cluster bootstrap"
    low, high = sandwich(moments, level=level)
    return (max(low, 0.0), min(high, 1.0)), "cluster sandwich"


def exact(x: float, m: float, *, level: float) -> Interval:
    """Clopper and Pearson's interval with counts that need not be whole."""
    inverse = library("scipy.special").betaincinv
    tail = (1 - level) / 2
    low = 0.0 if x <= 0 else float(inverse(x, m - x + 1, tail))
    high = 1.0 if x >= m else float(inverse(x + 1, m - x, 1 - tail))
    return low, high


def cluster_reading(metric: str, slice_: str, clusters: Clusters, *, among: str, common: Json, detail: Json) -> Reading:
    """A rate over clusters as a reading. `common` has level, seed and statistics; fewer than 10 are no evidence."""
    moments = clusters.moments
    short = shortage(moments, among=among)
    if short:
        return short_reading(metric, slice_, moments, reason=short, common=common, detail=detail)
    rng = generator(common["seed"], f"{metric} {slice_}")
    interval, method = rate_interval(clusters, level=common["level"], rng=rng)
    return interval_reading(metric, slice_, moments, interval, method=method, common=common, detail=detail)


def share_reading(metric: str, slice_: str, moments: Moments, *, among: str, common: Json, detail: Json) -> Reading:
    """A mean over clusters of values from 0 to 1 as a reading, likewise."""
    short = shortage(moments, among=among)
    if short:
        return short_reading(metric, slice_, moments, reason=short, common=common, detail=detail)
    interval, method = share_interval(moments, level=common["level"])
    return interval_reading(metric, slice_, moments, interval, method=method, common=common, detail=detail)


def shortage(moments: Moments, *, among: str) -> str:
    """Why there is no evidence, or ""."""
    if not moments.rows:
        return f"there are no {among}"
    return too_few(moments.count, MINIMUM_CLUSTERS, among)


def short_reading(metric: str, slice_: str, moments: Moments, *, reason: str, common: Json, detail: Json) -> Reading:
    """Too little to judge: what was seen is shown without an interval."""
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.INSUFFICIENT_DATA,
        reason=reason,
        value=moments.mean if moments.rows else None,
        n=moments.rows,
        detail=detail | {"clusters": moments.count},
        **common,
    )


def interval_reading(
    metric: str, slice_: str, moments: Moments, interval: Interval, *, method: str, common: Json, detail: Json
) -> Reading:
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.OK,
        value=moments.mean,
        low=interval[0],
        high=interval[1],
        method=method,
        n=moments.rows,
        detail=detail | {"clusters": moments.count},
        **common,
    )


def _student(count: int, level: float) -> float:
    return float(library("scipy.special").stdtrit(max(count - 1, 1), 0.5 + level / 2))
