"""Readings of exchanges: how often the label changed and how far the score moved, by cluster."""

from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.clusters import (
    Clusters,
    Moments,
    cluster_reading,
    interval_reading,
    sandwich,
    share_reading,
    short_reading,
    shortage,
)
from evaluators.contract import OVERALL, Json, Reading

FLIPS = "fairness.counterfactual_flip_rate"
GAP = "fairness.counterfactual_token_gap"
AMONG = "texts or templates that name somebody"
EMPTY: Json = {"flips": [], "gaps": [0, 0, 0.0, 0.0, 0.0, 0.0]}


def counterfactual_readings(statistics: Mapping[str, Any], *, level: float, seed: int) -> list[Reading]:
    """Both metrics on every slice that was seen, and on `overall` in any case."""
    facts = {name: value for name, value in statistics.items() if name != "slices"}
    slices = {OVERALL: EMPTY} | dict(statistics["slices"])
    return [
        reading
        for name, item in slices.items()
        for reading in (
            _flips(name, item, _common(facts, name, item, level, seed)),
            _gap(name, item, _common(facts, name, item, level, seed)),
        )
    ]


def _common(facts: Json, name: str, item: Json, level: float, seed: int) -> Json:
    return {"level": level, "seed": seed, "statistics": facts | {"slices": {name: item}}}


def _flips(name: str, item: Json, common: Json) -> Reading:
    clusters = Clusters.from_cells(item["flips"])
    detail = _detail(common) | {"changed_labels": int(clusters.hits @ clusters.times)}
    return cluster_reading(FLIPS, name, clusters, among=AMONG, common=common, detail=detail)


def _gap(name: str, item: Json, common: Json) -> Reading:
    moments, detail = Moments(*item["gaps"]), _detail(common)
    if common["statistics"]["scale"] == "probability":
        return share_reading(GAP, name, moments, among=AMONG, common=common, detail=detail)
    reason = shortage(moments, among=AMONG)
    if reason:
        return short_reading(GAP, name, moments, reason=reason, common=common, detail=detail)
    low, high = sandwich(moments, level=common["level"])
    interval = (max(low, 0.0), high)
    return interval_reading(GAP, name, moments, interval, method="cluster sandwich", common=common, detail=detail)


def _detail(common: Json) -> Json:
    return {name: value for name, value in common["statistics"].items() if name != "slices"}
