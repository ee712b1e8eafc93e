"""Expected calibration error: its bias under perfect calibration, and a band for it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.clusters import FEW
from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import enough, quantile
from evaluators.arithmetic.intervals import clopper_pearson, wilson
from evaluators.contract import Json
from evaluators.uncertainty.moments import BINS

REPLICATES = 10_000
MOST_REPLICATES = 50_000


@dataclass(frozen=True)
class Ece:
    """`debiased` is raw minus its mean under calibration, and may be below 0; [low, high] is the band."""

    raw: float
    debiased: float
    null_mean: float
    p_value: float
    low: float
    high: float

    @property
    def value(self) -> float:
        """What is shown: the debiased error, where that lies below the band its lower end. Never below 0."""
        return max(self.debiased, self.low)


def ece(bins: Mapping[str, Any], *, level: float, rng: np.random.Generator, replicates: int | None = None) -> Ece:
    """From per-bin sums n, p and y. The band is a triangle inequality: raw -/+ how far the bins may have strayed."""
    replicates = replicates or min(enough(REPLICATES, level), MOST_REPLICATES)
    n, p, y = (np.asarray(bins[key], dtype=np.float64) for key in ("n", "p", "y"))
    used = n > 0
    n, p, y = n[used], p[used], y[used]
    size, weight, count = n.astype(np.int64), n / n.sum(), (replicates, int(used.sum()))
    predicted = np.clip(p / n, 0, 1)
    raw = float((weight * np.abs(y / n - predicted)).sum())
    calibrated = np.abs(rng.binomial(size, predicted, size=count) / n - predicted) @ weight
    centre = (y + 0.5) / (n + 1)
    strayed = np.abs(rng.binomial(size, centre, size=count) / n - centre) @ weight
    radius = max(_radius(strayed, int(size.sum()), level), _unseen(n, y, level))
    null_mean = float(calibrated.mean())
    extreme = int(np.count_nonzero(calibrated >= raw - 1e-12))
    return Ece(
        raw=raw,
        debiased=raw - null_mean,
        null_mean=null_mean,
        p_value=(1 + extreme) / (replicates + 1),
        low=max(0.0, raw - radius),
        high=min(1.0, raw + radius),
    )


def _radius(strayed: FloatArray, rows: int, level: float) -> float:
    """The quantile of the draws; where no draw lies beyond it, McDiarmid's bound: a row moves the sum by 1/rows."""
    if len(strayed) * (1 - level) >= 1:
        return quantile(strayed, level)
    return float(strayed.mean()) + math.sqrt(-math.log1p(-level) / 2 / rows)


def _unseen(n: FloatArray, y: FloatArray, level: float) -> float:
    """By how much the share of rows that went against most of their bin may be larger, where these are few.

    Draws around few never hold more than a few times as many: a sure and mostly right model hides its mistakes so.
    """
    against, rows = round(float(np.minimum(y, n - y).sum())), round(float(n.sum()))
    return clopper_pearson(against, rows, level=level)[1] - against / rows if against < FEW else 0.0


def adaptive(groups: Mapping[str, Any] | None) -> float | None:
    """Raw calibration error over the sample's own quantile groups."""
    if not groups:
        return None
    n, p, y = (np.asarray(groups[key], dtype=np.float64) for key in ("n", "p", "y"))
    return float(np.abs(y - p).sum() / n.sum())


def reliability(bins: Mapping[str, Any], *, level: float) -> list[Json]:
    """The reliability table: per used bin its edges, size, mean prediction, and observed share with interval."""
    rows = []
    for i, (n, p, y) in enumerate(zip(bins["n"], bins["p"], bins["y"], strict=True)):
        if n:
            low, high = wilson(int(y), int(n), level=level)
            row = {"from": i / BINS, "to": (i + 1) / BINS, "n": int(n), "predicted": p / n, "observed": y / n}
            rows.append(row | {"low": low, "high": high})
    return rows


def brier_parts(moments: Mapping[str, Any]) -> Json:
    """Reliability - resolution + uncertainty, and the two within-bin terms that make it add up to the score."""
    n, p, y, pp, py = (np.asarray(moments["bins"][key], dtype=np.float64) for key in ("n", "p", "y", "pp", "py"))
    used = n > 0
    n, p, y, pp, py = n[used], p[used], y[used], pp[used], py[used]
    total, base = n.sum(), float(y.sum() / n.sum())
    return {
        "reliability": float((n * (p / n - y / n) ** 2).sum() / total),
        "resolution": float((n * (y / n - base) ** 2).sum() / total),
        "uncertainty": base * (1 - base),
        "within_bin_variance": float((pp - p * p / n).sum() / total),
        "within_bin_covariance": float((py - p * y / n).sum() / total),
    }
