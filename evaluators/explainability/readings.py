"""Readings of Shapley values from stored absolute values per row."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.draws import ends, generator
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.counting import too_few
from evaluators.explainability.averages import redrawn_means
from evaluators.support import MINIMUM

GLOBAL = "explain.shap.global"
ADDITIVITY = "explain.additivity_gap"
FACTS = (
    "explainer",
    "output",
    "base",
    "background_rows",
    "background_sha256",
    "additivity_gap",
    "features",
    "units_done",
    "budget_exhausted",
)


def shap_readings(statistics: Mapping[str, Any], *, tolerance: float, level: float, seed: int) -> list[Reading]:
    """Overall and top features, or one error reading if the values don't add up to the model's output."""
    facts = {key: statistics[key] for key in FACTS if key in statistics}
    gap, n = statistics["additivity_gap"], statistics["n"]
    common: Json = {"level": level, "seed": seed, "n": n}
    additivity = Reading(
        metric=ADDITIVITY,
        slice=OVERALL,
        status=Status.OK,
        value=gap,
        low=gap,
        high=gap,
        method="exact on the explained rows",
        statistics=dict(statistics),
        detail=facts,
        **common,
    )
    if not gap <= tolerance:
        reason = (
            f"the {statistics['explainer']} explainer's values miss the model's output by {gap:.3g} of its spread, "
            f"more than {tolerance:g}; the permutation explainer may do better"
        )
        broken = Reading(metric=GLOBAL, slice=OVERALL, status=Status.ERROR, reason=reason, detail=facts, **common)
        return [additivity, broken]
    columns = [("overall", statistics["total"]), *((item["feature"], item["absolute"]) for item in statistics["top"])]
    intervals = _intervals([values for _, values in columns], level=level, seed=seed)
    top = [
        {"feature": item["feature"], "value": float(np.mean(item["absolute"])), "mean": item["mean"]}
        | {"low": low, "high": high}
        for item, (low, high) in zip(statistics["top"], intervals[1:], strict=True)
    ]
    overall = _reading(OVERALL, statistics["total"], intervals[0], dict(statistics), facts | {"top": top}, common)
    readings = [additivity, overall]
    for item, interval in zip(statistics["top"], intervals[1:], strict=True):
        own = {**facts, "n": n, "total": item["absolute"], "top": [item]}
        name = f"feature={item['feature']}"
        readings.append(_reading(name, item["absolute"], interval, own, {"mean": item["mean"]}, common))
    return readings + [_cohort(item, facts, common) for item in statistics.get("cohorts", [])]


def _cohort(item: Mapping[str, Any], facts: Json, common: Json) -> Reading:
    """How strongly the features move the output for one group, all of them together."""
    values, n = item["total"], len(item["total"])
    interval = _intervals([values], level=common["level"], seed=common["seed"])[0]
    own = {**facts, "n": n, "total": values, "top": [], "cohorts": [dict(item)]}
    return _reading(item["name"], values, interval, own, {}, common | {"n": n})


def _intervals(columns: Sequence[Sequence[float]], *, level: float, seed: int) -> list[tuple[float, float]]:
    """Percentile intervals of the means from resampled rows; the same rows for every column."""
    values = np.asarray(columns, dtype=np.float64)
    means = redrawn_means(values, level=level, rng=generator(seed, f"{GLOBAL} bootstrap"))
    return [ends(column, level) for column in means]


def _reading(
    name: str,
    values: Sequence[float],
    interval: tuple[float, float],
    statistics: Json,
    detail: Json,
    common: Json,
) -> Reading:
    is_small = common["n"] < MINIMUM
    return Reading(
        metric=GLOBAL,
        slice=name,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(common["n"], MINIMUM),
        value=float(np.mean(values)),
        low=interval[0],
        high=interval[1],
        method="row bootstrap",
        statistics=statistics,
        detail=detail,
        **common,
    )
