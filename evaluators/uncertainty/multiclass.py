"""Calibration of probabilities over several classes: of the class the model names, and of every class."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.adding import added
from evaluators.arithmetic.draws import generator
from evaluators.contract import (
    OVERALL,
    WORST,
    Direction,
    Evidence,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
)
from evaluators.counting import too_few
from evaluators.support import MINIMUM, none_applicable
from evaluators.uncertainty.ece import ece, reliability
from evaluators.uncertainty.forecasts import NEEDS, OPTIONAL, Forecasts, not_applicable, open_forecasts, why_not
from evaluators.uncertainty.means import alone, of_slices
from evaluators.uncertainty.moments import measure_moments

TOP_LABEL = "calib.ece15_top_label"
CLASS_WISE = "calib.ece15_class_wise"
MAX_CLASSES = 200


class MulticlassCalibration:
    """Reads outcomes and one probability per class, from columns or from a model.

    Evidence `reliability_top_label` is a curve: stated confidence against the share of right answers.
    """

    id = "calibration.multiclass"
    version = "2"
    title = "Calibration over several classes"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {**NEEDS, "optional": OPTIONAL}
    parameters: Mapping[str, Mapping[str, Any]] = {}
    metrics = (
        Metric(id=TOP_LABEL, title="Calibration error of the named class, debiased", direction=Direction.LOWER),
        Metric(id=CLASS_WISE, title="Calibration error over classes, debiased", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        if reason := why_not(subject):
            return Measured(statistics={"not_applicable": reason})
        progress(0.0, "reading probabilities")
        found = open_forecasts(subject)
        progress(0.7, "summing")
        statistics = class_statistics(found)
        return Measured(statistics=statistics, evidence=(_curve(statistics["overall"]["top"]["bins"]),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if reason := not_applicable(statistics):
            return none_applicable(self.metrics, reason, level)
        readings = []
        for name, part in of_slices(statistics):
            own = alone(statistics, part) | {"classes": [], "class_count": 0}
            readings.append(_reading(TOP_LABEL, name, part["top"], seed, {"level": level, "statistics": own}))
        readings += _class_readings(statistics, level=level, seed=seed)
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The sums of two shards of one table as those of the whole, up to rounding."""
        return added(first, second, same=("class_count",))


def class_statistics(found: Forecasts) -> Json:
    """Sums per bin: of the named class overall and per group, and of each class against the rest."""
    confidence, right = found.p.max(axis=1), found.p.argmax(axis=1) == found.y
    slices = [{"name": name, "top": _bins(confidence[part], right[part])} for name, part in found.cohorts]
    shown = range(min(len(found.classes), MAX_CLASSES))
    return {
        "overall": {"top": _bins(confidence, right)},
        "slices": slices,
        "classes": [{"name": found.classes[k], **_bins(found.p[:, k], found.y == k)} for k in shown],
        "class_count": len(found.classes),
    }


def _bins(p: Any, y: Any) -> Json:
    moments = measure_moments(p, y)
    return {"n": moments["n"], "bins": {key: moments["bins"][key] for key in ("n", "p", "y")}}


def _class_readings(statistics: Mapping[str, Any], *, level: float, seed: int) -> list[Reading]:
    """The mean over classes and the worst, from bands that hold for all classes at once; and each class alone."""
    items = statistics["classes"]
    common: Json = {"level": level, "statistics": {**statistics, "slices": []}}
    if not items:
        return []
    share = 1 - (1 - level) / len(items)
    if statistics["class_count"] > len(items):
        reason = f"{statistics['class_count']:,} classes, more than the {MAX_CLASSES} that are judged at once"
        status = Status.INSUFFICIENT_DATA
        return [Reading(metric=CLASS_WISE, slice=OVERALL, status=status, reason=reason, **common)]
    bands = [ece(item["bins"], level=share, rng=generator(seed, CLASS_WISE)) for item in items]
    values = [band.value for band in bands]
    top = int(np.argmax(values))
    n = items[0]["n"]
    fields: Json = {
        "metric": CLASS_WISE,
        "status": Status.INSUFFICIENT_DATA if n < MINIMUM else Status.OK,
        "reason": too_few(n, MINIMUM),
        "method": "triangle band, Bonferroni over classes",
        "n": n,
        **common,
    }
    mean = {"value": float(np.mean(values)), "raw": float(np.mean([band.raw for band in bands]))}
    low, high = (float(np.mean([getattr(band, end) for band in bands])) for end in ("low", "high"))
    overall = Reading(slice=OVERALL, value=mean["value"], low=low, high=high, detail={"raw": mean["raw"]}, **fields)
    ends: Json = {"low": max(band.low for band in bands), "high": max(band.high for band in bands)}
    worst = Reading(slice=WORST, value=values[top], detail={"highest": items[top]["name"]}, **ends, **fields)
    return [overall, worst, *(_one_class(statistics, item, level, seed) for item in items)]


def _one_class(statistics: Mapping[str, Any], item: Mapping[str, Any], level: float, seed: int) -> Reading:
    own = {**statistics, "slices": [], "classes": [dict(item)], "class_count": 1}
    return _reading(CLASS_WISE, f"class={item['name']}", item, seed, {"level": level, "statistics": own})


def _reading(metric: str, name: str, item: Mapping[str, Any], seed: int, common: Json) -> Reading:
    if not item["n"]:
        return Reading(metric=metric, slice=name, status=Status.INSUFFICIENT_DATA, reason="there are no rows", **common)
    band = ece(item["bins"], level=common["level"], rng=generator(seed, metric))
    is_small = item["n"] < MINIMUM
    return Reading(
        metric=metric,
        slice=name,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(item["n"], MINIMUM),
        value=band.value,
        low=band.low,
        high=band.high,
        method="triangle band",
        n=item["n"],
        detail={"raw": band.raw, "null_mean": band.null_mean, "bins": reliability(item["bins"], level=common["level"])},
        p_value=band.p_value,
        **common,
    )


def _curve(bins: Mapping[str, Any]) -> Evidence:
    points = [
        {"x": row["predicted"], "y": row["observed"], "low": row["low"], "high": row["high"]}
        for row in reliability(bins, level=0.95)
    ]
    data: Json = {
        "draw": "curve",
        "title": "Stated confidence and how often it was right",
        "x_label": "mean confidence in the named class",
        "y_label": "share of right answers",
        "series": [{"name": "named class", "points": points}],
        "reference": [[0, 0], [1, 1]],
    }
    return Evidence(name="reliability_top_label", data=data)
