"""Individual fairness: are people who are alike treated alike?"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.quantiles import order_interval
from evaluators.contract import (
    OVERALL,
    Direction,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
)
from evaluators.counting import how_many, too_few
from evaluators.fairness.neighbours import Consistency, consistency, nearest, standardised, steepness
from evaluators.inputs.files import has_model, required
from evaluators.models.opening import open_model
from evaluators.subjects.predictions import open_predictions
from evaluators.subjects.roles import (
    classes,
    favourable_code,
    feature_names,
    matrix,
    open_table,
    scores,
)

CONSISTENCY, LIPSCHITZ = "fairness.individual_consistency", "fairness.lipschitz_ratio"
METRICS = (
    Metric(id=CONSISTENCY, title="Consistency among the nearest neighbours", direction=Direction.HIGHER),
    Metric(
        id=LIPSCHITZ,
        title="Steepness of the score between neighbours",
        direction=Direction.LOWER,
        unit="per standard deviation",
    ),
)
MINIMUM = 30
QUANTILE = 0.95


class IndividualFairness:
    """Reads features and decisions from a table, or asks the model for its decisions about the table's rows.

    The features that say who is alike are those declared for the model or as `feature`, all numeric, each in units of
    its standard deviation. With probabilities the steepness is that of the score, else that of the decision.
    """

    id = "fairness.individual"
    version = "1"
    title = "People who are alike, treated alike"
    input_kind = "MD"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("prediction", "favourable"),
        "optional": ("feature", "model", "features", "score", "score_kind"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "neighbours": {
            "type": "integer",
            "default": 5,
            "minimum": 1,
            "maximum": 100,
            "title": "Nearest neighbours each row is compared with",
        },
        "rows": {
            "type": "integer",
            "default": 10_000,
            "minimum": 100,
            "maximum": 100_000,
            "title": "Rows looked at, drawn at random if there are more",
        },
    }
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        table, told = open_predictions(subject, scored=True)
        codes, names = classes(table, told, ["prediction"])
        decision = (codes["prediction"] == favourable_code(told, names)).astype(np.float64)
        is_scored = bool(told.score) and told.score_kind == "probability"
        score = scores(table, told) if is_scored else decision
        rows = _features(subject)
        # One order, so that the order of the table leaves no trace.
        order = np.lexsort((score, decision, *rows.T))
        kept = _drawn(len(order), params["rows"], seed)
        rows, decision, score = standardised(rows[order])[kept], decision[order][kept], score[order][kept]
        k = params["neighbours"]
        statistics: Json = {"n": len(rows), "neighbours": k, "rows": table.n, "is_scored": is_scored}
        if len(rows) < max(MINIMUM, k + 2):
            return Measured(statistics=statistics)
        progress(0.3, "looking for the nearest neighbours")
        distance, position = nearest(rows, k + 1)
        found = consistency(decision, position)
        ratios, beside = steepness(score, distance[:, :k], position[:, :k])
        statistics |= {"value": found.value, "variance": found.variance, "steepness": _order(ratios), **beside}
        return Measured(statistics=statistics)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"slice": OVERALL, "level": level, "n": statistics["n"], "statistics": dict(statistics)}
        if "value" not in statistics:
            reason = too_few(statistics["n"], max(MINIMUM, statistics["neighbours"] + 2))
            fields: Json = {"status": Status.INSUFFICIENT_DATA, "reason": reason}
            return [Reading(metric=metric.id, **fields, **common) for metric in METRICS]
        found = Consistency(statistics["n"], statistics["value"], statistics["variance"])
        low, high = found.interval(level)
        first = Reading(
            metric=CONSISTENCY,
            status=Status.OK,
            value=found.value,
            low=low,
            high=high,
            method="jackknife over rows",
            detail={name: statistics[name] for name in ("neighbours", "rows", "identical_rows_with_another_score")},
            **common,
        )
        return [first.sound(), _lipschitz(statistics, common).sound()]


def _features(subject: Subject) -> FloatArray:
    """What makes people alike: the columns declared as feature, else what the model reads."""
    names = subject.roles.get("feature") or subject.features
    if not names and has_model(subject):
        names = feature_names(subject, open_model(subject))
    if not names:
        raise SubjectError("no column says who is alike: declare features")
    rows = matrix(open_table(subject, numeric=names), names)
    bad = np.argwhere(np.isinf(rows))
    if bad.size:
        row, column = (int(i) for i in bad[0])
        where = f"{required(subject, 'table').name}: row {row + 1}, column {names[column]!r}"
        raise SubjectError(f"{where}: the value is infinite, and no distance to it can be told")
    return rows


def _drawn(n: int, wanted: int, seed: int) -> np.ndarray:
    """Positions of the rows looked at."""
    if n <= wanted:
        return np.arange(n)
    return np.sort(generator(seed, CONSISTENCY).choice(n, wanted, replace=False))


def _order(ratios: FloatArray) -> Json:
    """The quantile and, in steps of a permille, the values around it from which any interval can be read."""
    if not len(ratios):
        return {"n": 0, "top": []}
    keep = max(min(len(ratios), 1_000), math.ceil(len(ratios) * (1 - QUANTILE) * 3))
    top = ratios[-keep:]
    step = max(1, len(top) // 1_000)
    places = sorted({*range(0, len(top), step), len(top) - 1})
    return {"n": len(ratios), "top": [[len(ratios) - len(top) + i, float(top[i])] for i in places]}


def _lipschitz(statistics: Mapping[str, Any], common: Json) -> Reading:
    """The 95th percentile of the rows' largest ratios, with the order statistics around it."""
    about, n = statistics["steepness"], statistics["steepness"]["n"]
    orders = order_interval(n, QUANTILE, level=common["level"]) if n else None
    if orders is None:
        reason = f"{how_many(n, 'rows')} that differ from a neighbour, too few for a 95th percentile"
        return Reading(metric=LIPSCHITZ, status=Status.INSUFFICIENT_DATA, reason=reason, **common)
    places = np.array([place for place, _ in about["top"]])
    values = np.array([value for _, value in about["top"]])

    def at(position: int, side: int) -> float:
        """The value at a position, or at the next one kept on that side."""
        i = int(np.searchsorted(places, position, side="left" if side > 0 else "right")) - (side < 0)
        return float(values[min(max(i, 0), len(values) - 1)])

    return Reading(
        metric=LIPSCHITZ,
        status=Status.OK,
        value=at(math.ceil(QUANTILE * n) - 1, -1),
        low=at(orders.low, -1),
        high=at(orders.high, 1),
        method="order statistics",
        detail={
            "of": "score" if statistics["is_scored"] else "decision",
            "largest": float(values[-1]),
            "identical_rows_with_another_score": statistics["identical_rows_with_another_score"],
        },
        **common,
    )
