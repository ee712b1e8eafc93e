"""The median of a sample with an interval from its order statistics, which assumes nothing of their law."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.arithmetic.quantiles import order_interval
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.counting import how_many
from evaluators.support import MINIMUM


def median(ordered: Sequence[float]) -> float:
    """Of values in order; the mean of the middle two where their number is even."""
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def median_reading(
    metric: str, finite: Sequence[float], infinite: int, *, among: str, common: Mapping[str, Any], detail: Json
) -> Reading:
    """The median of values in order and of `infinite` more beyond all of them. `common` has level and statistics."""
    values = [*finite, *[math.inf] * infinite]
    about = {"metric": metric, "slice": OVERALL, "n": len(values), "detail": detail, **common}
    if not values:
        return Reading(status=Status.INSUFFICIENT_DATA, reason=f"there are no {among}", **about)
    value = median(values)
    orders = order_interval(len(values), 0.5, level=common["level"])
    low, high = (values[orders.low], values[orders.high]) if orders else (-math.inf, math.inf)
    shown = value if math.isfinite(value) else None
    if len(values) < MINIMUM or orders is None:
        reason = f"{how_many(len(values), among)}, fewer than {MINIMUM}"
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, value=shown, **about)
    if not math.isfinite(high):
        reason = f"for {infinite} of {len(values)} {among} no input with another label was found"
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, value=shown, **about)
    return Reading(status=Status.OK, value=value, low=low, high=high, method="order statistics", **about)


def standing_beyond(finite: Sequence[float], infinite: int, *, points: int = 60) -> list[tuple[float, int]]:
    """For growing distances from 0, how many of the values lie beyond them."""
    total = len(finite)
    chosen = sorted({round(i * (total - 1) / (points - 1)) for i in range(points)}) if total else []
    return [(0.0, total + infinite), *((finite[i], total - i - 1 + infinite) for i in chosen)]


def short(values: Sequence[float]) -> list[float]:
    """In order, with eight digits, which is more than they mean."""
    return sorted(float(f"{value:.8g}") for value in values)
