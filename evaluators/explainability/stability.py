"""Are attributions stable: under small steps of the input, and under another seed and background?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.quantiles import order_interval, quantile, smallest_sample
from evaluators.budget import Budget
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import how_many
from evaluators.explainability.averages import row_readings, row_statistics
from evaluators.explainability.cases import EXPLAINER, NEEDS, Case, open_case, row_parameters
from evaluators.explainability.wobble import Around, instability, joined, looked_around, pairwise_agreement

RIS = "explain.stability.ris"
ROS = "explain.stability.ros"
SEEDS = "explain.seed_stability"
SHARE = 0.95


class Stability:
    """Reads a model of rows and a table. Evidence `stability` is a table of quantiles of the two ratios."""

    id = "explain.stability"
    version = "2"
    title = "Stability of attributions"
    input_kind = "MD"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        **EXPLAINER,
        **row_parameters(100, 50),
        "neighbours": {"type": "integer", "default": 5, "minimum": 1, "maximum": 100, "title": "Steps around each row"},
        "step": {
            "type": "number",
            "default": 0.05,
            "minimum": 1e-6,
            "maximum": 1,
            "title": "Size of a step, in standard deviations of each feature",
        },
        "seeds": {"type": "integer", "default": 5, "minimum": 2, "maximum": 20, "title": "Seeds and backgrounds"},
    }
    metrics = (
        Metric(id=RIS, title="Relative input stability, 95th percentile", direction=Direction.LOWER, unit="ratio"),
        Metric(id=ROS, title="Relative output stability, 95th percentile", direction=Direction.LOWER, unit="ratio"),
        Metric(id=SEEDS, title="Agreement over seeds and backgrounds", direction=Direction.HIGHER, unit="rank r"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        case, budget = open_case(subject, params, seed=seed), Budget(params["budget_s"])
        around: list[Around] = []
        again: list[FloatArray] = []
        for part in case.parts(budget, progress):
            around.append(_around(part, params, seed))
            again.append(seed_agreement(part, params["seeds"], seed))
        ratios = dict(zip((RIS, ROS), instability(joined(around)), strict=True))
        columns = {**ratios, SEEDS: np.concatenate(again)}
        statistics = row_statistics(columns, case.codes[: budget.done], case.names, case.facts() | budget.facts)
        return Measured(statistics=statistics, evidence=(_evidence(ratios),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        means = {metric: column for metric, column in statistics["rows"].items() if metric == SEEDS}
        readings = row_readings({**statistics, "rows": means}, level=level, seed=seed)
        for metric in (RIS, ROS):
            if metric in statistics["rows"]:
                readings.append(_percentile(metric, statistics["rows"][metric], statistics["facts"], level))
        return [reading.sound() for reading in readings]


def seed_agreement(case: Case, seeds: int, seed: int) -> FloatArray:
    """Per row the mean rank correlation of explanations whose seed and background (redrawn rows of it) differ."""
    found = []
    for i in range(seeds):
        rng = generator(seed, f"{SEEDS} {i}")
        background = case.background[np.sort(rng.integers(0, len(case.background), len(case.background)))]
        found.append(case.explain(case.rows, seed=seed + i, background=background).phi)
    return pairwise_agreement(found)


def _around(case: Case, params: Mapping[str, Any], seed: int) -> Around:
    shape = (len(case.rows), params["neighbours"], case.rows.shape[1])
    steps = generator(case.seed_of(seed), RIS).standard_normal(shape) * params["step"] * case.background.std(axis=0)
    return looked_around(lambda rows: case.explain(rows, seed=seed).phi, case.function, case.rows, steps)


def _percentile(metric: str, column: list[float | None], facts: Mapping[str, Any], level: float) -> Reading:
    values = np.sort(np.array([value for value in column if value is not None], dtype=np.float64))
    statistics: Json = {"rows": {metric: list(column)}, "codes": [], "names": [], "facts": dict(facts)}
    detail: Json = {**facts, "undefined_rows": len(column) - len(values), "share": SHARE}
    fields: Json = {"metric": metric, "slice": OVERALL, "level": level, "n": len(values)}
    fields |= {"statistics": statistics, "detail": detail}
    orders = order_interval(len(values), SHARE, level=level) if len(values) else None
    if orders is None:
        needed = smallest_sample(SHARE, level=level)
        reason = f"{how_many(len(values), 'rows')}, too few to bound a 95th percentile from above; it takes {needed}"
        value = quantile(values, SHARE) if len(values) else None
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, value=value, **fields)
    low, high, value = float(values[orders.low]), float(values[orders.high]), quantile(values, SHARE)
    return Reading(status=Status.OK, value=value, low=low, high=high, method="order statistics", **fields)


def _evidence(ratios: Mapping[str, FloatArray]) -> Evidence:
    shares = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
    columns = [values[np.isfinite(values)] for values in ratios.values()]
    rows = [[f"{share:.0%}", *(quantile(v, share) if len(v) else None for v in columns)] for share in shares]
    data: Json = {
        "draw": "table",
        "title": "How far attributions move, relative to input and output",
        "columns": ["share of rows", "per change of input", "per change of output"],
        "rows": rows,
    }
    return Evidence(name="stability", data=data)
