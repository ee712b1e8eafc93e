"""Readings of a mean from three sums, which shards can add."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.intervals import normal_interval
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.counting import too_few
from evaluators.support import MINIMUM


def sums(values: FloatArray) -> list[float]:
    """Number, sum and sum of squares."""
    return [len(values), float(values.sum()), float((values**2).sum())]


def mean_reading(
    metric: str, name: str, moments: Sequence[float], *, upper: float | None, common: Json, detail: Json | None = None
) -> Reading:
    """The mean of a quantity at least 0, and at most `upper` if given. `common` holds level and statistics."""
    n, total, squares = int(moments[0]), moments[1], moments[2]
    if not n:
        return Reading(metric=metric, slice=name, status=Status.INSUFFICIENT_DATA, reason="there are no rows", **common)
    mean = total / n
    variance = _variance(n, mean, squares)
    fields: Json = {"metric": metric, "slice": name, "value": mean, "n": n, "detail": detail or {}, **common}
    if variance is None and upper is None:
        reason = "every row has the same value, so the rows don't bound the mean"
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, **fields)
    if variance is None:
        low, high = _same_everywhere(mean, n, upper or 0.0, common["level"])
        method = "exact, no variance"
    else:
        low, high = normal_interval(mean, variance, level=common["level"])
        method = "central limit"
    is_small = n < MINIMUM
    return Reading(
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(n, MINIMUM),
        low=max(0.0, low),
        high=high if upper is None else min(upper, high),
        method=method,
        **fields,
    )


def bounded_interval(
    n: int, total: float, squares: float, *, upper: float, level: float, lower: float = 0.0
) -> tuple[tuple[float, float], str]:
    """Of the mean of a quantity from `lower` to `upper`, and its name: one row more at either end, perhaps unseen.

    Rare large values leave a sample that holds none, or one, with next to no variance.
    """
    mean = (total + lower + upper) / (n + 2)
    variance = (squares + lower**2 + upper**2 - (n + 2) * mean**2) / (n + 1) / (n + 2)
    low, high = normal_interval(mean, max(variance, 0.0), level=level)
    ends = max(lower, min(low, total / n)), min(upper, max(high, total / n))
    return ends, "central limit, a row more at either end"


def _variance(n: int, mean: float, squares: float) -> float | None:
    """Of the mean; None where all values are the same but for rounding."""
    spread = squares - n * mean * mean
    return spread / (n - 1) / n if n > 1 and spread > 1e-12 * squares else None


def _same_everywhere(mean: float, n: int, upper: float, level: float) -> tuple[float, float]:
    """Bounds of the mean of a quantity in [0, upper] that had the same value in all n rows."""
    shrink: float = ((1 - level) / 2) ** (1 / n)
    return mean * shrink, upper - (upper - mean) * shrink


def of_slices(statistics: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Overall and every listed slice, each with its own statistics."""
    return [(OVERALL, statistics["overall"]), *((item["name"], item) for item in statistics["slices"])]


def alone(statistics: Mapping[str, Any], part: Mapping[str, Any]) -> Json:
    """The statistics of one slice, from which its readings can be computed again."""
    bare = {key: value for key, value in part.items() if key != "name"}
    kept = {key: value for key, value in statistics.items() if key not in ("overall", "slices")}
    return kept | {"overall": bare, "slices": [dict(part)] if "name" in part else []}
