"""Readings of the calibration error overall, per group, in the worst group and between groups."""

from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.draws import generator
from evaluators.contract import OVERALL, WORST, Json, Reading, Status
from evaluators.counting import too_few
from evaluators.support import MINIMUM, family, too_many_groups
from evaluators.uncertainty.ece import Ece, adaptive, ece, reliability
from evaluators.uncertainty.metrics import ECE, PARITY


def calibration_readings(statistics: Mapping[str, Any], *, minimum: int, level: float, seed: int) -> list[Reading]:
    """The overall band and one per group at the level; worst group and gap from Bonferroni bands."""
    groups = statistics["groups"]
    readings = [_single(OVERALL, statistics["overall"], alone(statistics, statistics["overall"]), level, seed)]
    for item in groups:
        readings.append(_single(item["name"], item, alone(statistics, item), level, seed))
    common: Json = {"level": level, "seed": seed, "statistics": dict(statistics)}
    found = family([item["name"] for item in groups], [item["n"] for item in groups], minimum=minimum)
    reason = too_many_groups(statistics["group_count"]) or found.shortage
    status = Status.INSUFFICIENT_DATA
    if not statistics["group_count"]:
        reason, status = "no group column was declared", Status.NOT_APPLICABLE
    if reason:
        detail = {"excluded": list(found.excluded)}
        return readings + [
            Reading(metric=metric, slice=name, status=status, reason=reason, detail=detail, **common)
            for metric, name in ((ECE, WORST), (PARITY, OVERALL))
        ]
    kept = [groups[i] for i in found.kept]
    share = 1 - (1 - level) / len(kept)
    bands = {item["name"]: _band(ECE, item, share, seed) for item in kept}
    return [*readings, *_compared(bands, {item["name"]: item["n"] for item in kept}, list(found.excluded), common)]


def alone(statistics: Mapping[str, Any], moments: Mapping[str, Any]) -> Json:
    """The statistics of one slice alone, from which its readings can be computed again."""
    groups_kept = [dict(moments)] if "name" in moments else []
    bare = {key: value for key, value in moments.items() if key != "name"}
    kept = {"score_kind": statistics["score_kind"], "columns": statistics["columns"]}
    return {**kept, "overall": bare, "groups": groups_kept, "group_count": len(groups_kept)}


def _compared(bands: Mapping[str, Ece], sizes: Mapping[str, int], excluded: list[Json], common: Json) -> list[Reading]:
    values = {name: band.value for name, band in bands.items()}
    highest, lowest = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
    detail = {"highest": highest, "lowest": lowest, "excluded": excluded, "support": dict(sizes)}
    top = max(band.high for band in bands.values())
    overlap = max(band.low for band in bands.values()) - min(band.high for band in bands.values())
    fields: Json = {"status": Status.OK, "method": "triangle band, Bonferroni", "detail": detail}
    worst_low = max(band.low for band in bands.values())
    gap_high = max(a.high - b.low for x, a in bands.items() for y, b in bands.items() if x != y)
    worst = Reading(
        metric=ECE, slice=WORST, value=values[highest], low=worst_low, high=top, n=sizes[highest], **fields, **common
    )
    gap = Reading(
        metric=PARITY,
        slice=OVERALL,
        value=values[highest] - values[lowest],
        low=max(0.0, overlap),
        high=max(0.0, gap_high),
        n=sum(sizes.values()),
        **fields,
        **common,
    )
    return [worst, gap]


def _single(name: str, moments: Mapping[str, Any], statistics: Json, level: float, seed: int) -> Reading:
    band = _band(ECE, moments, level, seed)
    is_small = moments["n"] < MINIMUM
    return Reading(
        metric=ECE,
        slice=name,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(moments["n"], MINIMUM),
        value=band.value,
        low=band.low,
        high=band.high,
        level=level,
        method="triangle band",
        n=moments["n"],
        statistics=statistics,
        detail={
            "raw": band.raw,
            "null_mean": band.null_mean,
            "adaptive": adaptive(moments.get("risk_groups")),
            "bins": reliability(moments["bins"], level=level),
        },
        p_value=band.p_value,
        seed=seed,
    )


def _band(metric: str, moments: Mapping[str, Any], level: float, seed: int) -> Ece:
    return ece(moments["bins"], level=level, rng=generator(seed, metric))
