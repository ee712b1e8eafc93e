"""Readings of Brier score, log loss and the two tests, from stored sums."""

import math
from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.intervals import Interval, normal_interval
from evaluators.contract import Json, Reading, Status
from evaluators.counting import too_few
from evaluators.support import MINIMUM
from evaluators.uncertainty.ece import brier_parts
from evaluators.uncertainty.goodness import hosmer_lemeshow, spiegelhalter
from evaluators.uncertainty.means import bounded_interval
from evaluators.uncertainty.metrics import BRIER, HOSMER_LEMESHOW, LOGLOSS, SPIEGELHALTER


def score_readings(moments: Mapping[str, Any], name: str, *, common: Json) -> list[Reading]:
    """Brier, log loss and tests on one slice. `common` holds level and statistics."""
    return [
        _brier(moments, name, common),
        _log_loss(moments, name, common),
        _spiegelhalter(moments, name, common),
        _hosmer_lemeshow(moments, name, common),
    ]


def _brier(moments: Mapping[str, Any], name: str, common: Json) -> Reading:
    n = moments["n"]
    mean, variance = _mean(moments["squared_error"], n)
    if variance > 0:
        interval, method = bounded_interval(n, *moments["squared_error"], upper=1.0, level=common["level"])
    else:
        interval, method = _without_variance(mean, n, common["level"]), "exact, no variance"
    parts = brier_parts(moments)
    base = parts["uncertainty"]
    detail = {"decomposition": parts, "skill": 1 - mean / base if base else None}
    low, high = max(0.0, interval[0]), min(1.0, interval[1])
    return _reading(BRIER, name, n, common, value=mean, low=low, high=high, method=method, detail=detail)


def _log_loss(moments: Mapping[str, Any], name: str, common: Json) -> Reading:
    n = moments["n"]
    mean, variance = _mean(moments["log_loss"], n)
    detail = {"clipped": moments["clipped"]}
    if variance <= 0:
        reason = "every row has the same loss, so the rows don't bound it"
        return _refused(LOGLOSS, name, n, reason, common, value=mean, detail=detail)
    low, high = normal_interval(mean, variance, level=common["level"])
    return _reading(
        LOGLOSS, name, n, common, value=mean, low=max(0.0, low), high=high, method="central limit", detail=detail
    )


def _spiegelhalter(moments: Mapping[str, Any], name: str, common: Json) -> Reading:
    found = spiegelhalter(tuple(moments["spiegelhalter"]))
    if found is None:
        reason = "all probabilities are 0, 1/2 or 1, so the test has no variance"
        return _refused(SPIEGELHALTER, name, moments["n"], reason, common)
    return _reading(
        SPIEGELHALTER, name, moments["n"], common, value=found[0], p_value=found[1], method="normal approximation"
    )


def _hosmer_lemeshow(moments: Mapping[str, Any], name: str, common: Json) -> Reading:
    found = hosmer_lemeshow(moments.get("risk_groups"))
    if found is None:
        reason = "a tenth of the rows has probabilities of exactly 0 or 1, or the quantile groups are not known"
        return _refused(HOSMER_LEMESHOW, name, moments["n"], reason, common)
    statistic, freedom, p_value = found
    detail = {"degrees_of_freedom": freedom}
    return _reading(
        HOSMER_LEMESHOW,
        name,
        moments["n"],
        common,
        value=statistic,
        p_value=p_value,
        method="chi-squared, external model",
        detail=detail,
    )


def _mean(sums: tuple[float, float], n: int) -> Interval:
    """Mean and the variance of the mean; rounding below 1e-12 of the scale counts as none."""
    mean = sums[0] / n
    spread = sums[1] - n * mean * mean
    if n < 2 or spread <= 1e-12 * max(sums[1], math.ulp(0.0)):
        return mean, 0.0
    return mean, spread / (n - 1) / n


def _without_variance(mean: float, n: int, level: float) -> Interval:
    """Bounds of the mean of a quantity in [0, 1] that had the same value in all n rows."""
    shrink: float = ((1 - level) / 2) ** (1 / n)
    return mean * shrink, 1 - (1 - mean) * shrink


def _reading(metric: str, name: str, n: int, common: Json, **fields: Any) -> Reading:
    is_small = n < MINIMUM
    status = Status.INSUFFICIENT_DATA if is_small else Status.OK
    reason = too_few(n, MINIMUM)
    return Reading(metric=metric, slice=name, n=n, status=status, reason=reason, **fields, **common)


def _refused(metric: str, name: str, n: int, reason: str, common: Json, **fields: Any) -> Reading:
    status = Status.INSUFFICIENT_DATA
    return Reading(metric=metric, slice=name, n=n, status=status, reason=reason, **fields, **common)
