"""What a model costs: its size, its zeros, the operations of a prediction, and how long one takes."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.quantiles import order_interval
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.compression.costs import bytes_of, operations_of, weights_of
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import how_many
from evaluators.inputs.files import has_role
from evaluators.models.model import Model
from evaluators.models.opening import open_model
from evaluators.subjects.roles import model_inputs

SPARSITY, SIZE, FLOPS, P50, P95 = (
    f"eff.{name}" for name in ("sparsity", "size_bytes", "flops", "latency_p50", "latency_p95")
)
METRICS = (
    Metric(id=SPARSITY, title="Share of learnt numbers that are 0", direction=Direction.NONE),
    Metric(id=SIZE, title="Size of the model", direction=Direction.NONE, unit="bytes"),
    Metric(id=FLOPS, title="Operations of one prediction", direction=Direction.NONE, unit="operations"),
    Metric(id=P50, title="Median time of one prediction", direction=Direction.LOWER, unit="ms"),
    Metric(id=P95, title="95th percentile of the time of one prediction", direction=Direction.LOWER, unit="ms"),
)
QUANTILES = {P50: 0.5, P95: 0.95}
WARM_UP = 10
PART = 10


class Efficiency:
    """Opens a model; with a table beside it, predicts one row at a time and takes the time of each.

    Times depend on the machine and on what else runs there: they alone are not the same bits each time. Evidence
    `latencies`: a curve of the share of predictions done within a time.
    """

    id = "efficiency.model"
    version = "1"
    title = "Size, operations and time of a model"
    input_kind = "MD"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model",),
        "columns": (),
        "optional": ("table", "features", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        **BUDGET_PARAMETERS,
        "calls": {
            "type": "integer",
            "default": 200,
            "minimum": 1,
            "maximum": 5_000,
            "title": "Predictions that are timed, one row each",
        },
    }
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject)
        inputs = model_inputs(subject, model) if has_role(subject, "table") else None
        example = inputs[:1] if isinstance(inputs, np.ndarray) else None
        statistics: Json = {
            "weights": weights_of(model),
            "size": bytes_of(subject, model),
            "operations": operations_of(model, example),
            "times": None,
        }
        if inputs is not None:
            progress(0.3, "taking the time")
            budget = Budget(float(params["budget_s"]))
            statistics["times"] = sorted(timed(model, inputs, params["calls"], budget))
            statistics["budget_exhausted"] = budget.is_exhausted
        evidence = (Evidence(name="latencies", data=_curve(statistics["times"])),) if statistics["times"] else ()
        return Measured(statistics=statistics, evidence=evidence)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        weights, size, operations = (statistics[name] for name in ("weights", "size", "operations"))
        share = weights["zeros"] / weights["numbers"] if weights and weights["numbers"] else None
        exact = [
            _exact(SPARSITY, share, weights, "the model's numbers can't be seen", level),
            _exact(SIZE, size and float(size["bytes"]), size, "the model is no file and no network", level),
            _exact(FLOPS, operations and float(operations["operations"]), operations, _UNSEEN, level),
        ]
        times = [_latency(metric, statistics, level) for metric in QUANTILES]
        return [reading.sound() for reading in (*exact, *times)]


_UNSEEN = "the model's layers can't be seen, or there is no table with an input for them"


def timed(model: Model, inputs: Any, calls: int, budget: Budget) -> list[float]:
    """Milliseconds of single predictions, row after row from the first on, after ten that don't count."""
    for i in range(WARM_UP):
        model.scores(inputs[i % len(inputs) : i % len(inputs) + 1])
    found = []
    for part in budget.parts(calls, PART):
        for i in range(part.start, part.stop):
            row = inputs[i % len(inputs) : i % len(inputs) + 1]
            start = time.perf_counter()
            model.scores(row)
            found.append(round((time.perf_counter() - start) * 1_000, 4))
    return found


def _exact(metric: str, value: float | None, about: Json | None, reason: str, level: float) -> Reading:
    """A number without sampling error: the interval is the number."""
    common: Json = {"metric": metric, "slice": OVERALL, "level": level}
    if value is None or about is None:
        return Reading(status=Status.NOT_APPLICABLE, reason=reason, **common)
    names = {SPARSITY: "weights", SIZE: "size", FLOPS: "operations"}
    statistics = {"weights": None, "size": None, "operations": None, "times": None, names[metric]: about}
    return Reading(
        status=Status.OK,
        value=value,
        low=value,
        high=value,
        method="exact count",
        n=int(about.get("numbers", 1)),
        detail=dict(about),
        statistics=statistics,
        **common,
    )


def _latency(metric: str, statistics: Mapping[str, Any], level: float) -> Reading:
    """A quantile of the times, between two of them."""
    times: Sequence[float] | None = statistics["times"]
    kept = {"weights": None, "size": None, "operations": None, "times": times}
    common: Json = {"metric": metric, "slice": OVERALL, "level": level}
    if times is None:
        return Reading(status=Status.NOT_APPLICABLE, reason="there is no table with inputs to predict", **common)
    kept["budget_exhausted"] = statistics["budget_exhausted"]
    share = QUANTILES[metric]
    orders = order_interval(len(times), share, level=level)
    common |= {"n": len(times), "statistics": kept}
    if orders is None:
        reason = f"{how_many(len(times), 'timed predictions')}, too few for this quantile"
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, **common)
    return Reading(
        status=Status.OK,
        value=float(times[min(len(times) - 1, int(np.ceil(share * len(times))) - 1)]),
        low=float(times[orders.low]),
        high=float(times[orders.high]),
        method="order statistics",
        detail={
            "units_done": len(times),
            "budget_exhausted": statistics["budget_exhausted"],
            "slowest": float(times[-1]),
            "coverage": orders.coverage,
        },
        **common,
    )


def _curve(times: Sequence[float]) -> Json:
    step = max(1, len(times) // 100)
    points = [{"x": times[i], "y": (i + 1) / len(times)} for i in range(0, len(times), step)]
    return {
        "draw": "curve",
        "title": "Predictions done within a time",
        "x_label": "milliseconds",
        "y_label": "share of predictions",
        "x_scale": "log",
        "series": [{"name": "one row at a time", "points": points}],
    }
