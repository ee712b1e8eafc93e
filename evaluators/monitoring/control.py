"""Control charts of a series: Shewhart, CUSUM and EWMA, chosen by how long they run when nothing has changed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import too_few
from evaluators.exact import insufficient
from evaluators.monitoring.charts import Chart, cusum, ewma, learn, shewhart, standardised
from evaluators.monitoring.drawing import chart_evidence
from evaluators.monitoring.run_length import (
    IN_CONTROL,
    chance_of_a_signal,
    cusum_height,
    cusum_run_length,
    ewma_run_length,
    ewma_width,
    shewhart_run_length,
    shewhart_width,
)
from evaluators.monitoring.windows import open_series

SHEWHART, CUSUM, EWMA = "chart.shewhart", "chart.cusum", "chart.ewma"
TITLES = {SHEWHART: "Single values", CUSUM: "Cumulative sums", EWMA: "Weighted moving mean"}
NAMES = {SHEWHART: "control_chart", CUSUM: "control_chart_cusum", EWMA: "control_chart_ewma"}
MINIMUM = 50
K = 0.5
WEIGHT = 0.1
# What a shift of one standard deviation, the usual example, makes of the run length.
SHIFT = 1.0


class ControlCharts:
    """Watches the score column or the one feature. Limits come from the reference file, or from the first rows.

    Evidence `control_chart`, `control_chart_cusum`, `control_chart_ewma`: points with their limits.
    """

    id = "chart.control"
    version = "2"
    title = "Control charts"
    input_kind = "T"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": ("reference", "score", "feature", "features", "time"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "run_length": {
            "type": "number",
            "default": 370.4,
            "minimum": 20,
            "maximum": 100_000,
            "title": "Points until a false alarm, on average, of the Shewhart and EWMA charts",
        },
        "h": {
            "type": "number",
            "default": 5,
            "minimum": 0,
            "maximum": 15,
            "title": "Decision limit of the CUSUM chart in standard deviations; 0 to solve it for the run length",
        },
        "reference_rows": {
            "type": "integer",
            "default": 100,
            "minimum": MINIMUM,
            "maximum": 1_000_000,
            "title": "First rows that are in control, without a second table",
        },
    }
    metrics = tuple(
        Metric(id=metric, title=f"{title}: signals", direction=Direction.LOWER, unit="signals", kind="test")
        for metric, title in TITLES.items()
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the series")
        name, values = open_series(subject)
        if "reference" in subject.files:
            reference = open_series(subject, role="reference")[1]
        else:
            reference, values = values[: params["reference_rows"]], values[params["reference_rows"] :]
        statistics: Json = {"column": name, "reference_n": len(reference), "n": len(values)}
        if len(reference) < MINIMUM or not len(values) or reference.std() == 0:
            return Measured(statistics=statistics | {"constant": bool(len(reference) and reference.std() == 0)})
        learnt = learn(reference)
        z = standardised(values, learnt)
        charts = _charts(z, params)
        places = {metric: np.flatnonzero(chart.signals) for metric, chart in charts.items()}
        statistics["charts"] = {
            metric: {"signals": len(found), "first": int(found[0]) + 1 if found.size else None}
            for metric, found in places.items()
        }
        statistics |= {"mean": learnt.mean, "sd": learnt.sd, "correlation": learnt.correlation}
        evidence = [
            chart_evidence(NAMES[metric], f"{TITLES[metric]} of {name}", chart) for metric, chart in charts.items()
        ]
        return Measured(statistics=statistics, evidence=tuple(evidence))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        if "charts" not in statistics:
            reason = _shortage(statistics)
            return [insufficient(metric, reason, common=common, n=statistics["n"]) for metric in TITLES]
        return [_reading(metric, statistics, params, common) for metric in TITLES]


def _shortage(statistics: Mapping[str, Any]) -> str:
    """Why no chart is drawn, and what would help."""
    known = statistics["reference_n"]
    if statistics["constant"]:
        return "the series doesn't vary while in control, so nothing says how far is far"
    if known < MINIMUM:
        return too_few(known, MINIMUM, "rows in control")
    remedy = f"set reference_rows below {known}" if known > MINIMUM else "more rows are needed"
    return f"all {known} rows are taken as in control, and none is left to watch: {remedy}"


def _limits(params: Mapping[str, Any]) -> dict[str, float]:
    """The width or height of each chart."""
    return {
        SHEWHART: shewhart_width(params["run_length"]),
        CUSUM: params["h"] or cusum_height(K, params["run_length"]),
        EWMA: ewma_width(WEIGHT, params["run_length"]),
    }


def _charts(z: FloatArray, params: Mapping[str, Any]) -> dict[str, Chart]:
    limits = _limits(params)
    return {
        SHEWHART: shewhart(z, width=limits[SHEWHART]),
        CUSUM: cusum(z, k=K, h=limits[CUSUM]),
        EWMA: ewma(z, weight=WEIGHT, width=limits[EWMA]),
    }


def _run_lengths(metric: str, limit: float) -> tuple[float, float]:
    """In control, and after a shift of one standard deviation."""
    if metric == SHEWHART:
        return shewhart_run_length(limit), shewhart_run_length(limit, SHIFT)
    if metric == CUSUM:
        return cusum_run_length(K, limit), cusum_run_length(K, limit, SHIFT)
    return ewma_run_length(WEIGHT, limit), ewma_run_length(WEIGHT, limit, SHIFT)


def _reading(metric: str, statistics: Mapping[str, Any], params: Mapping[str, Any], common: Json) -> Reading:
    found, limit = statistics["charts"][metric], _limits(params)[metric]
    in_control, shifted = _run_lengths(metric, limit)
    chance = chance_of_a_signal(statistics["n"], in_control)
    detail = {"column": statistics["column"], "limit": limit, "first": found["first"], "false_alarm": chance}
    detail |= {"run_length_in_control": in_control, "run_length_after_shift": shifted}
    detail["p_value_is"] = IN_CONTROL
    detail |= {key: statistics[key] for key in ("mean", "sd", "correlation", "reference_n")}
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=found["signals"],
        low=found["signals"],
        high=found["signals"],
        method="exact count",
        n=statistics["n"],
        detail=detail,
        p_value=chance if found["signals"] else 1.0,
        **common,
    )
