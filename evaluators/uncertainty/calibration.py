"""Calibration of probabilities for a binary outcome: overall, per group and in the worst group."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.adding import added
from evaluators.arithmetic.counts import slice_name
from evaluators.arithmetic.scored import Scored
from evaluators.contract import (
    OVERALL,
    WORST,
    EvaluatorError,
    Evidence,
    Json,
    Measured,
    Progress,
    Reading,
    Status,
    Subject,
)
from evaluators.subjects.predictions import asked, asks_model, open_predictions
from evaluators.subjects.roles import classes, favourable_code, groups, scores
from evaluators.support import FAMILY_PARAMETERS, too_many_groups
from evaluators.uncertainty.ece import reliability
from evaluators.uncertainty.groups import alone, calibration_readings
from evaluators.uncertainty.metrics import ECE, METRICS
from evaluators.uncertainty.moments import measure_moments
from evaluators.uncertainty.scores import score_readings

CROWDED = "the parts have more groups than are shown, and how many the whole has can't be told"


class BinaryCalibration:
    """Reads outcomes and the probability (or logit) of the favourable one from a prediction table."""

    id = "calibration.binary"
    version = "3"
    title = "Calibration of probabilities"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label", "score", "score_kind", "favourable"),
        "optional": ("group", "model", "features", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = FAMILY_PARAMETERS
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        if not asks_model(subject) and subject.score_kind not in ("probability", "logit"):
            return Measured(statistics={"score_kind": subject.score_kind})
        progress(0.0, "reading the table")
        table, subject = open_predictions(subject, scored=True)
        if subject.score_kind is None:
            return Measured(statistics={"score_kind": None})
        codes, names = classes(table, subject, ["label"])
        y = codes["label"] == favourable_code(subject, names)
        p = scores(table, subject)
        if subject.score_kind == "logit":
            p = 1 / (1 + np.exp(-np.clip(p, -700, 700)))
        progress(0.6, "summing")
        found = groups(table, subject)
        statistics = _summed(Scored.of(found.values, found.codes, p, y), found.columns, subject.score_kind)
        table_rows = reliability(statistics["overall"]["bins"], level=0.95)
        return Measured(
            statistics=statistics, evidence=(Evidence(name="reliability", data={"bins": table_rows}), *asked(table))
        )

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "overall" not in statistics:
            return _not_applicable(statistics.get("score_kind"), level)
        # The table of scores is for adding parts; no reading is computed from it.
        statistics = {key: value for key, value in statistics.items() if key != "scores"}
        slices = [(OVERALL, statistics["overall"]), *((item["name"], item) for item in statistics["groups"])]
        readings = []
        for name, moments in slices:
            common = {"level": level, "statistics": alone(statistics, moments)}
            readings += score_readings(moments, name, common=common)
        readings += calibration_readings(statistics, minimum=params["family_minimum"], level=level, seed=seed)
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole.

        Where there are too many different scores to be kept, sums are added and the Hosmer-Lemeshow test, which cuts
        at quantiles of all rows, is left out. Raises EvaluatorError if there are more groups than are shown.
        """
        if any(part.get("group_count", 0) != len(part.get("groups", ())) for part in (first, second)):
            raise EvaluatorError(CROWDED)
        if first.get("scores") and second.get("scores"):
            rows = [Scored.from_statistics(part["scores"]) for part in (first, second)]
            found = _summed(rows[0].merged(rows[1]), tuple(first["columns"]), first["score_kind"])
            # Two parts could still be cut at quantiles, but not with a third: the order of the parts mustn't matter.
            if found["scores"]:
                return found
        total = added(_sums_only(first), _sums_only(second), same=("columns",))
        count = len(total.get("groups", ()))
        if too_many_groups(count):
            raise EvaluatorError(CROWDED)
        return total | ({"group_count": count} if "groups" in total else {})


def _sums_only(statistics: Mapping[str, Any]) -> Json:
    """Without what is a function of all rows."""
    if "overall" not in statistics:
        return dict(statistics)
    bare = {**statistics, "scores": None, "overall": {**statistics["overall"], "risk_groups": None}}
    return bare | {"groups": [{**item, "risk_groups": None} for item in statistics["groups"]]}


def _summed(rows: Scored, columns: tuple[str, ...], score_kind: str) -> Json:
    """Sums overall and per group, and the table of scores where there is room."""
    statistics: Json = {"score_kind": score_kind, "columns": list(columns), "groups": [], "scores": None}
    statistics["overall"] = measure_moments(rows.score, rows.label)
    statistics["group_count"] = len(rows.values) if columns else 0
    if too_many_groups(len(rows.values)):
        return statistics
    statistics["scores"] = rows.as_statistics()
    if columns:
        parts = [rows.codes == i for i in range(len(rows.values))]
        statistics["groups"] = [
            {"name": slice_name(columns, value), **measure_moments(rows.score[part], rows.label[part])}
            for value, part in zip(rows.values, parts, strict=True)
        ]
    return statistics


def _not_applicable(kind: str | None, level: float) -> list[Reading]:
    said = f"is declared as {kind}" if kind else "was declared without its kind"
    reason = f"calibration needs probabilities or logits; the score {said}"
    slices = [(metric.id, OVERALL) for metric in METRICS] + [(ECE, WORST)]
    status = Status.NOT_APPLICABLE
    return [Reading(metric=metric, slice=s, status=status, reason=reason, level=level) for metric, s in slices]
