"""Does the model know when it is wrong? Risk among the answers it is surest of."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.clusters import FEW, exact
from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import ends, generator
from evaluators.arithmetic.intervals import rate_interval
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import too_few
from evaluators.support import MINIMUM, none_applicable
from evaluators.uncertainty.forecasts import NEEDS, OPTIONAL, Forecasts, not_applicable, open_forecasts, why_not
from evaluators.uncertainty.means import alone, of_slices
from evaluators.uncertainty.selective import BY, STEPS, Steps, areas, aurc, confidence, oracle, resampled, risks_at
from evaluators.uncertainty.selective import steps as to_steps

AURC = "uncert.aurc"
EXCESS = "uncert.excess_aurc"
RISK = "uncert.selective_risk_at_coverage"
TITLES = {AURC: "area under risk and coverage", EXCESS: "the same beyond the oracle's", RISK: "risk at coverage"}


class SelectiveRisk:
    """Reads outcomes and class probabilities. Evidence `risk_coverage` is a curve per measure of confidence."""

    id = "uncertainty.selective"
    version = "2"
    title = "Selective prediction: risk against coverage"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {**NEEDS, "optional": OPTIONAL}
    parameters: Mapping[str, Mapping[str, Any]] = {
        "by": {"type": "string", "default": BY[0], "enum": BY, "title": "What says how sure the model is"},
        "coverage": {
            "type": "number",
            "default": 0.8,
            "minimum": 0.01,
            "maximum": 1,
            "title": "Share of the rows that the model answers",
        },
    }
    metrics = (
        Metric(id=AURC, title="Area under risk and coverage", direction=Direction.LOWER),
        Metric(id=EXCESS, title="Area under risk and coverage beyond the oracle's", direction=Direction.LOWER),
        Metric(id=RISK, title="Share of errors at the asked coverage", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        if reason := why_not(subject):
            return Measured(statistics={"not_applicable": reason})
        progress(0.0, "reading probabilities")
        statistics = selective_statistics(open_forecasts(subject), by=params["by"])
        return Measured(statistics=statistics, evidence=(_curves(statistics),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if reason := not_applicable(statistics):
            return none_applicable(self.metrics, reason, level)
        readings = []
        for name, part in of_slices(statistics):
            common: Json = {"level": level, "statistics": alone(statistics, part)}
            readings += _readings(name, part, params["coverage"], seed, common)
        return [reading.sound() for reading in readings]


def selective_statistics(found: Forecasts, *, by: str) -> Json:
    """Steps of the asked measure overall and per group, and of the other measures overall."""
    wrong = (found.p.argmax(axis=1) != found.y).astype(np.float64)
    fine = max(20, STEPS // max(1, len(found.cohorts)))
    score = confidence(found.p, by)
    slices = [_part(name, score[mask], wrong[mask], fine) for name, mask in found.cohorts]
    others = [_part(f"by={other}", confidence(found.p, other), wrong, STEPS // 4) for other in BY if other != by]
    overall = {key: value for key, value in _part("", score, wrong, STEPS).items() if key != "name"}
    return {"by": by, "overall": overall, "slices": [*slices, *others]}


def _part(name: str, score: FloatArray, wrong: FloatArray, limit: int) -> Json:
    found = to_steps(score, wrong, limit=limit)
    return {"name": name, "rows": found.rows.tolist(), "errors": found.errors.tolist()}


def _readings(name: str, part: Mapping[str, Any], coverage: float, seed: int, common: Json) -> list[Reading]:
    found = Steps(*(np.asarray(part[key], dtype=np.int64) for key in ("rows", "errors")))
    n, errors = int(found.rows.sum()), int(found.errors.sum())
    if not n:
        status = Status.INSUFFICIENT_DATA
        return [Reading(metric=m, slice=name, status=status, reason="there are no rows", **common) for m in TITLES]
    value, top = aurc(found), float(oracle(n, np.array([errors]))[0])
    risk = float(risks_at(found.rows[None], found.errors[None], coverage)[0])
    detail: Json = {"errors": errors, "oracle": top, "steps": len(found.rows), "coverage": coverage}
    drawn = _drawn(found, coverage, seed)
    answered = max(1, math.ceil(coverage * n - 1e-9))
    columns = {AURC: (value, errors, n), EXCESS: (value - top, errors, n), RISK: (risk, risk * answered, answered)}
    readings = []
    for metric, (shown, wrong, tried) in columns.items():
        interval = _interval(metric, wrong, tried, [draws[metric] for draws in drawn], common["level"])
        readings.append(_reading(metric, name, n, shown, interval, detail, common))
    return readings


def _drawn(found: Steps, coverage: float, seed: int) -> list[dict[str, FloatArray]]:
    """Each measure on samples drawn from the rows; where few are wrong, also with one more wrong anywhere."""
    samples = [resampled(found, generator(seed, AURC))]
    errors = int(found.errors.sum())
    if 0 < errors < FEW:
        samples.append(resampled(found, generator(seed, f"{AURC} unseen"), unseen=1.0))
    n, drawn = int(found.rows.sum()), []
    for rows, wrong in samples:
        area = areas(rows, wrong)
        drawn.append({AURC: area, EXCESS: area - oracle(n, wrong.sum(axis=1)), RISK: risks_at(rows, wrong, coverage)})
    return drawn


def _interval(metric: str, errors: float, n: int, drawn: list[FloatArray], level: float) -> tuple[float, float, str]:
    """Percentiles of the draws; where none or all of n are wrong the rows don't vary, and exact bounds stand in."""
    if 0 < errors < n:
        bounds, method = [ends(one, level) for one in drawn], "row bootstrap"
        if len(drawn) > 1:
            method = "row bootstrap, with an error more, the wider"
        if metric == RISK and min(errors, n - errors) < FEW:
            # Draws of few errors never hold more than a few times as many; exact bounds do.
            bounds = [bounds[0], exact(errors, n, level=level)]
            method = "row bootstrap and clopper-pearson, the wider"
        return min(low for low, _ in bounds), max(high for _, high in bounds), method
    (low, high), method = rate_interval(round(errors), n, level=level)
    if metric == AURC:
        low, high = _best(low), _worst(high)
    elif metric == EXCESS:
        nearest = min(max(0.5, low), high)
        low, high = 0.0, _worst(nearest) - _best(nearest)
    return low, high, f"{method}, in any order"


def _best(e: float) -> float:
    """The area with a share e of errors, all of them last."""
    return e + (1 - e) * math.log1p(-e) if e < 1 else 1.0


def _worst(e: float) -> float:
    """The area with a share e of errors, all of them first."""
    return e - e * math.log(e) if e > 0 else 0.0


def _reading(
    metric: str, name: str, n: int, value: float, interval: tuple[float, float, str], detail: Json, common: Json
) -> Reading:
    low, high, method = interval
    is_small = n < MINIMUM
    return Reading(
        metric=metric,
        slice=name,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(n, MINIMUM),
        value=value,
        low=min(low, value),
        high=max(high, value),
        method=method,
        n=n,
        detail=detail,
        **common,
    )


def _curves(statistics: Mapping[str, Any]) -> Evidence:
    named = [(statistics["by"], statistics["overall"])]
    named += [(item["name"][3:], item) for item in statistics["slices"] if item["name"].startswith("by=")]
    data: Json = {
        "draw": "curve",
        "title": "Errors among the answers the model is surest of",
        "x_label": "coverage",
        "y_label": "share of errors",
        "series": [{"name": name.replace("_", " "), "points": _points(item)} for name, item in named],
    }
    return Evidence(name="risk_coverage", data=data)


def _points(item: Mapping[str, Any]) -> list[Json]:
    rows, errors = np.asarray(item["rows"])[None], np.asarray(item["errors"])[None]
    shares = np.arange(1, 51) / 50
    return [{"x": float(share), "y": float(risks_at(rows, errors, share)[0])} for share in shares]
