"""The median of a sample with an interval from its order statistics, which assumes nothing of their law."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.support import MINIMUM


def median_ranks(n: int, *, level: float) -> tuple[int, int] | None:
    """Ranks from 1 between which the median lies at that level, or None if no two ranks reach it."""
    tail, total, rank = (1 - level) / 2 * 2**n, 0, 0
    while rank < n // 2 and (total := total + math.comb(n, rank)) <= tail:
        rank += 1
    return (rank, n + 1 - rank) if rank else None


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
    ranks = median_ranks(len(values), level=common["level"])
    low, high = (values[ranks[0] - 1], values[ranks[1] - 1]) if ranks else (-math.inf, math.inf)
    shown = value if math.isfinite(value) else None
    if len(values) < MINIMUM or ranks is None:
        reason = f"{len(values)} {among}, fewer than {MINIMUM}"
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
