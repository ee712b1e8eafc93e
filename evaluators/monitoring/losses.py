"""Does the model make more mistakes than in the reference window, once outcomes are known?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.intervals import normal_interval
from evaluators.contract import (
    OVERALL,
    Direction,
    Evidence,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
)
from evaluators.counting import too_few
from evaluators.exact import insufficient, not_applicable
from evaluators.monitoring.charts import cusum, learn, standardised
from evaluators.monitoring.drawing import chart_evidence
from evaluators.monitoring.run_length import IN_CONTROL, chance_of_a_signal, cusum_run_length
from evaluators.monitoring.windows import time_order
from evaluators.subjects.columns import Columns, joined, numbers, open_columns
from evaluators.subjects.words import check_complete, common_codes

CHANGE, ALARMS, EXPECTED = "drift.performance", "drift.performance.alarms", "drift.performance.expected"
MINIMUM_BATCHES = 20
MINIMUM_ROWS = 30


class PerformanceDrift:
    """Reads label and prediction of both windows; with a `baseline` column, losses are paired with that model's.

    Evidence `control_chart`: the cumulative sum over batches of rows in the order of time.
    """

    id = "drift.performance"
    version = "2"
    title = "Drift of performance"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table", "reference"),
        "columns": (),
        "optional": ("label", "prediction", "baseline", "time", "probability"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "batch": {
            "type": "integer",
            "default": 25,
            "minimum": 1,
            "maximum": 100_000,
            "title": "Rows whose mean loss is one point of the chart",
        }
    }
    metrics = (
        Metric(id=CHANGE, title="Rise of the error rate", direction=Direction.LOWER),
        Metric(id=ALARMS, title="Alarms of the error chart", direction=Direction.LOWER, unit="alarms", kind="test"),
        Metric(id=EXPECTED, title="Rise of the error rate that the model itself expects", direction=Direction.NONE),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading both windows")
        windows = [_open(subject, role) for role in ("reference", "table")]
        statistics: Json = {"paired": bool(subject.roles.get("baseline")), "change": None, "chart": None, "doubt": None}
        evidence: tuple[Evidence, ...] = ()
        if subject.label and subject.prediction:
            _check_words(windows, subject)
            losses = [_losses(columns, subject) for columns in windows]
            statistics["change"] = [_moments(loss) for loss in losses]
            statistics["chart"], evidence = _chart(losses, params["batch"])
        if subject.roles.get("probability"):
            statistics["doubt"] = [_moments(_doubt(columns, subject)) for columns in windows]
        return Measured(statistics=statistics, evidence=evidence)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        labels, sure = "label and prediction were not declared", "no probability columns were declared"
        return [
            _rise(CHANGE, statistics["change"], labels, common),
            _alarms(statistics["chart"], labels, common),
            _rise(EXPECTED, statistics["doubt"], sure, common),
        ]


def _open(subject: Subject, role: str) -> Columns:
    extra = [name for one in ("baseline", "time", "probability") for name in subject.roles.get(one, ())]
    names = [name for name in (subject.label, subject.prediction, *extra) if name]
    if not names:
        raise SubjectError("label and prediction, or probability columns, must be declared")
    return open_columns(subject, role=role, names=names)


def _check_words(windows: list[Columns], subject: Subject) -> None:
    """Raise SubjectError if label and predictions speak of the outcomes in other words: every row would be wrong."""
    names = [name for name in (subject.label, subject.prediction, *subject.roles.get("baseline", ())) if name]
    for columns in windows:
        for name in names:
            check_complete(name, columns.data[name], columns.file)
    both = {name: joined(*(columns.data[name] for columns in windows)) for name in names}
    common_codes(both, name=" and ".join(columns.file for columns in windows))


def _losses(columns: Columns, subject: Subject) -> FloatArray:
    """1 for a mistake and 0 otherwise, less the other model's where there is one, in the order of time."""
    label = _words(columns, subject.label or "")
    loss = (label != _words(columns, subject.prediction or "")).astype(np.float64)
    if subject.roles.get("baseline"):
        loss -= label != _words(columns, subject.column("baseline"))
    times = subject.roles.get("time")
    return np.asarray(loss[time_order(columns.data[times[0]])] if times else loss)


def _words(columns: Columns, name: str) -> Any:
    item = columns.data[name]
    return np.array(item.values, dtype=object)[item.codes]


def _doubt(columns: Columns, subject: Subject) -> FloatArray:
    """1 less the largest probability: the error rate that a calibrated model expects of itself."""
    found = [numbers(columns.data[name]) for name in subject.roles["probability"]]
    if any(values is None for values in found):
        raise SubjectError(f"{columns.file}: a probability column holds something other than numbers")
    p = np.column_stack([values for values in found if values is not None])
    if not np.isfinite(p).all() or p.min() < 0 or p.max() > 1:
        raise SubjectError(f"{columns.file}: a probability lies outside 0 and 1, or is absent")
    return 1 - (p.max(axis=1) if p.shape[1] > 1 else np.maximum(p[:, 0], 1 - p[:, 0]))


def _moments(values: FloatArray) -> Json:
    return {"n": len(values), "mean": float(values.mean()), "variance": float(values.var())}


def _chart(losses: list[FloatArray], size: int) -> tuple[Json | None, tuple[Evidence, ...]]:
    """Signals of the chart of batch means, learnt from the reference; None if there are too few batches."""
    reference, current = ([part[i * size : (i + 1) * size].mean() for i in range(len(part) // size)] for part in losses)
    known: Json = {"batches": len(reference), "points": len(current)}
    if len(reference) < MINIMUM_BATCHES or not current or np.std(reference) == 0:
        return known, ()
    learnt = learn(np.array(reference))
    chart = cusum(standardised(np.array(current), learnt), k=0.5, h=5.0)
    places = np.flatnonzero(chart.signals)
    found: Json = {"signals": int(len(places)), "first": int(places[0]) + 1 if places.size else None}
    found |= {"highest": float(chart.values.max()), "correlation": learnt.correlation}
    return known | found, (chart_evidence("control_chart", "Cumulative sum of the mean loss", chart),)


def _rise(metric: str, moments: list[Json] | None, reason: str, common: Json) -> Reading:
    if moments is None:
        return not_applicable(metric, reason, common=common)
    before, now = moments
    n = min(before["n"], now["n"])
    if n < MINIMUM_ROWS:
        return insufficient(metric, f"a window has {too_few(n, MINIMUM_ROWS)}", common=common, n=n)
    # One mistake more and one right row more in each window, so that no window is without variance.
    variance = sum((one["variance"] * one["n"] + 1) / one["n"] ** 2 for one in moments)
    value = now["mean"] - before["mean"]
    low, high = normal_interval(value, variance, level=common["level"])
    detail = {"reference": before["mean"], "now": now["mean"], "paired": common["statistics"]["paired"]}
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=value,
        low=low,
        high=high,
        method="welch",
        n=now["n"],
        detail=detail,
        **common,
    )


def _alarms(chart: Mapping[str, Any] | None, reason: str, common: Json) -> Reading:
    if chart is None:
        return not_applicable(ALARMS, reason, common=common)
    if "signals" not in chart:
        reason = f"batches in the reference: {chart['batches']}; {MINIMUM_BATCHES} that differ are needed"
        return insufficient(ALARMS, reason, common=common, n=chart["batches"])
    run_length = cusum_run_length(0.5, 5.0)
    return Reading(
        metric=ALARMS,
        slice=OVERALL,
        status=Status.OK,
        value=chart["signals"],
        low=chart["signals"],
        high=chart["signals"],
        method="cusum k=.5 h=5",
        n=chart["points"],
        detail={
            "first": chart["first"],
            "highest": chart["highest"],
            "run_length": run_length,
            "p_value_is": IN_CONTROL,
        },
        p_value=chance_of_a_signal(chart["points"], run_length) if chart["signals"] else 1.0,
        **common,
    )
