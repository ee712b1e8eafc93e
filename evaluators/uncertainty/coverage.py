"""Readings of conformal coverage and set size from hits per slice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluators.arithmetic.intervals import clopper_pearson, joint_level
from evaluators.contract import OVERALL, WORST, Json, Reading, Status
from evaluators.counting import how_many
from evaluators.support import FAMILY_PARAMETERS, MINIMUM, family, rate_reading, sizes_by_name
from evaluators.uncertainty.conformal import law_p, law_range
from evaluators.uncertainty.means import alone, bounded_interval, mean_reading, of_slices

COVERAGE = "conformal.coverage"
SIZE = "conformal.set_size"
# Exact intervals hold for slices of any size, so the worst is sought among all of which there is evidence.
COMPARED_PARAMETERS = {"family_minimum": {**FAMILY_PARAMETERS["family_minimum"], "default": MINIMUM}}


def coverage_readings(statistics: Mapping[str, Any], *, minimum: int, level: float) -> list[Reading]:
    """Coverage and size on every slice, and the coverage of the worst group."""
    readings = []
    if statistics["cut"]["value"] is None:
        return [_too_few(metric, statistics, level) for metric in (COVERAGE, SIZE)]
    for name, part in of_slices(statistics):
        own = alone(statistics, part) | {"by_size": []}
        readings.append(_coverage(name, part, statistics, level, own))
        readings.append(_size(name, part, statistics["upper"], {"level": level, "statistics": own}))
    for kind, name in (("group", WORST), ("class", "worst class")):
        items = [item for item in statistics["slices"] if item["kind"] == kind]
        if len(items) > 1:
            kept = {**statistics, "slices": items, "by_size": []}
            readings.append(worst_reading(COVERAGE, name, items, minimum, {"level": level, "statistics": kept}))
    return readings


def worst_reading(metric: str, name: str, items: Sequence[Mapping[str, Any]], minimum: int, common: Json) -> Reading:
    """The lowest share of hits among slices with enough rows, from exact intervals that hold for all at once."""
    found = family([item["name"] for item in items], [item["n"] for item in items], minimum=minimum)
    if found.shortage:
        status, detail = Status.INSUFFICIENT_DATA, {"excluded": list(found.excluded)}
        return Reading(metric=metric, slice=name, status=status, reason=found.shortage, detail=detail, **common)
    kept = [items[i] for i in found.kept]
    level = joint_level(common["level"], len(kept))
    lows, highs = zip(*(clopper_pearson(item["hits"], item["n"], level=level) for item in kept), strict=True)
    lowest = min(kept, key=lambda item: float(item["hits"] / item["n"]))
    return Reading(
        metric=metric,
        slice=name,
        status=Status.OK,
        value=lowest["hits"] / lowest["n"],
        low=min(lows),
        high=min(highs),
        method="clopper-pearson, simultaneous",
        n=lowest["n"],
        detail={
            "lowest": lowest["name"],
            "excluded": list(found.excluded),
            "support": sizes_by_name([item["name"] for item in kept], [item["n"] for item in kept]),
        },
        **common,
    )


def _coverage(name: str, part: Mapping[str, Any], statistics: Mapping[str, Any], level: float, own: Json) -> Reading:
    """The share with Wilson's interval; overall also the p of the law, which groups and classes need not follow."""
    reading = rate_reading(COVERAGE, name, part["hits"], part["n"], level=level, among="rows to test", statistics=own)
    cut = statistics["cut"]
    detail: Json = {**reading.detail, "target": 1 - statistics["alpha"], "method": statistics["method"], "cut": cut}
    p_value = None
    if name == OVERALL and part["n"]:
        low, high = law_range(part["n"], cut["n"], cut["k"])
        p_value = law_p(part["hits"], part["n"], cut["n"], cut["k"], ties=cut["ties"])
        detail |= {"law_99": [low / part["n"], high / part["n"]], "is_inside_law": low <= part["hits"] <= high}
    fields = {**vars(reading), "detail": detail, "p_value": p_value}
    return Reading(**fields)


def _size(name: str, part: Mapping[str, Any], upper: float | None, common: Json) -> Reading:
    """The mean size; where sizes differ, with a row more of the least and of the largest that were seen."""
    reading = mean_reading(SIZE, name, part["size"], upper=upper, common=common)
    least, largest = part.get("seen") or (0.0, 0.0)
    if reading.low is None or least == largest:
        return reading
    n, total, squares = part["size"]
    ends = {"upper": largest, "lower": least, "level": common["level"]}
    (low, high), method = bounded_interval(int(n), total, squares, **ends)
    return replace(reading, low=low, high=high, method=method)


def _too_few(metric: str, statistics: Mapping[str, Any], level: float) -> Reading:
    n, alpha = statistics["cut"]["n"], statistics["alpha"]
    reason = f"{how_many(n, 'rows to calibrate with')}, too few to miss only {alpha:g}: every set would hold everything"
    status = Status.INSUFFICIENT_DATA
    return Reading(metric=metric, slice=OVERALL, status=status, reason=reason, level=level, statistics=dict(statistics))
