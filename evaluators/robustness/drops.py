"""How much of the clean accuracy is lost, from counts of images that are alike in what became of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evaluators.arithmetic.clusters import FEW, Clusters, bootstrap, exact, interval_reading, sandwich
from evaluators.arithmetic.counts import IntArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.intervals import Interval
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.counting import too_few
from evaluators.support import MINIMUM

DROP = "robust.corruption.mean_drop"
# With fewer images right at first, a resample may hold none of them.
RESAMPLED_FROM = 50


def tallied(names: list[str], right: IntArray, hits: IntArray) -> Json:
    """From right (images,) and hits (corruptions, severities, images): cells [hits, asked if right, images]."""
    variants = hits.shape[0] * hits.shape[1]
    return {
        "names": names,
        "images": len(right),
        "right": int(right.sum()),
        "by_severity": hits.sum(axis=2).tolist(),
        "cells": _cells(hits.sum(axis=(0, 1)), right * variants),
        "by_corruption": [_cells(one.sum(axis=0), right * hits.shape[1]) for one in hits],
    }


def _cells(hits: IntArray, asked: IntArray) -> list[list[int]]:
    """Images that were wrong at first stay in with 0 asked: some come right by chance, and that counts."""
    counted = Counter(zip(hits.tolist(), asked.tolist(), strict=True))
    return [[x, m, times] for (x, m), times in sorted(counted.items())]


def drop_readings(statistics: Mapping[str, Any], *, level: float, seed: int) -> list[Reading]:
    """The mean drop over all corruptions, and the drop by each."""
    slices = [(OVERALL, statistics["cells"])] if statistics["cells"] else []
    slices += [(f"corruption={n}", c) for n, c in zip(statistics["names"], statistics["by_corruption"], strict=True)]
    return [_drop(statistics, name, cells, level, seed) for name, cells in slices]


def _drop(statistics: Mapping[str, Any], name: str, cells: list[list[int]], level: float, seed: int) -> Reading:
    right, images = statistics["right"], statistics["images"]
    common: Json = {"level": level, "seed": seed, "statistics": _alone(statistics, name)}
    detail = {key: statistics[key] for key in ("units_done", "budget_exhausted")} | {"clean_accuracy": right / images}
    if right < MINIMUM:
        reason = too_few(right, MINIMUM, "images right before any corruption")
        status = Status.INSUFFICIENT_DATA
        return Reading(metric=DROP, slice=name, status=status, reason=reason, n=images, detail=detail, **common)
    clusters = Clusters.from_cells(cells)
    moments = clusters.moments
    (low, high), method = _kept(clusters, right, level=level, rng=generator(seed, f"{DROP} {name}"))
    found = interval_reading(DROP, name, moments, (low, high), method=method, common=common, detail=detail)
    return _turned(found, moments.mean, (low, high), images)


def _kept(clusters: Clusters, right: int, *, level: float, rng: Any) -> tuple[Interval, str]:
    """The interval of the share of accuracy that is kept, which can exceed 1."""
    moments = clusters.moments
    changed = int(clusters.times[clusters.hits != clusters.sizes].sum())
    if changed < FEW and moments.mean <= 1:
        # Too few images change for resampling them to show what others might do.
        return exact(moments.mean * right, right, level=level), "clopper-pearson over images"
    if right < RESAMPLED_FROM:
        return sandwich(moments, level=level), "cluster sandwich"
    return bootstrap(clusters, level=level, rng=rng), "cluster bootstrap"


def _turned(found: Reading, kept: float, interval: Interval, images: int) -> Reading:
    """What is kept, as what is lost."""
    return replace(found, value=1 - kept, low=1 - interval[1], high=1 - interval[0], n=images)


def _alone(statistics: Mapping[str, Any], name: str) -> Json:
    """What this one reading needs: a single corruption's cells, or those of all together."""
    if name == OVERALL:
        return {**statistics, "names": [], "by_corruption": [], "by_severity": []}
    k = statistics["names"].index(name.removeprefix("corruption="))
    return {
        **statistics,
        "names": [statistics["names"][k]],
        "by_corruption": [statistics["by_corruption"][k]],
        "by_severity": [statistics["by_severity"][k]],
        "cells": [],
    }
