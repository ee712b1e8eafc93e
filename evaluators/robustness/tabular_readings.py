"""Readings of a tabular model under perturbation, from counts of rows that are alike in what became of them."""

from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.clusters import Clusters, cluster_reading
from evaluators.contract import OVERALL, Evidence, Json, Reading, Status
from evaluators.robustness.perturbations import PERTURBATIONS
from evaluators.support import rate_reading

MISSING, SCALE, SWAP = PERTURBATIONS
ADVERSARIAL = "robust.tabular.adversarial"
LISTED = 30
COMMON = ("left_out", "right", "accepts_missing", "attack", "units_done", "budget_exhausted")


def kept_reading(metric: str, statistics: Mapping[str, Any], level: float, seed: int) -> Reading:
    found = statistics.get(metric)
    kept = {name: statistics[name] for name in COMMON}
    if found is None or (statistics["right"] and not found["copies"]):
        reason = {MISSING: "the model takes no missing values", SWAP: "no feature was declared to be a category"}
        about = reason.get(metric, "every feature was declared to be a category")
        facts: Json = {"level": level, "statistics": kept}
        return Reading(metric=metric, slice=OVERALL, status=Status.NOT_APPLICABLE, reason=about, **facts)
    common = {"level": level, "seed": seed, "statistics": kept | {metric: found}}
    detail = {name: statistics[name] for name in ("left_out", "units_done", "budget_exhausted")}
    detail |= {"copies": found["copies"], "worst_features": found["by_feature"][:5]}
    among = "rows right at first"
    clusters = Clusters.from_cells(found["cells"])
    return cluster_reading(metric, OVERALL, clusters, among=among, common=common, detail=detail)


def attacked_reading(statistics: Mapping[str, Any], level: float) -> Reading:
    found = statistics["attack"]
    kept = {name: statistics[name] for name in COMMON}
    among = "attacked rows right at first"
    standing = found["rows"] - found["broken"]
    reading = rate_reading(ADVERSARIAL, OVERALL, standing, found["rows"], level=level, among=among, statistics=kept)
    reading.detail.update(found | {"left_out": statistics["left_out"]})
    return reading


def fragility(found: Json) -> Evidence:
    """Bars of the features that lose most, over all perturbations."""
    rows = []
    for metric in PERTURBATIONS:
        if metric not in found:
            continue
        copies = 2 if metric == SCALE else 1
        asked = sum(times for _, _, times in found[metric]["cells"]) * copies
        label = metric.rpartition(".")[2]
        rows += [(kept / asked, f"{name} ({label})") for name, kept in found[metric]["by_feature"] if asked]
    bars = [{"label": name, "value": share} for share, name in sorted(rows)[:LISTED]]
    title = "Share of rows that stay right with one feature perturbed"
    return Evidence(name="feature_fragility", data={"draw": "bars", "title": title, "bars": bars})
