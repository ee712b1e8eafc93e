"""Calibration of probabilities for a binary outcome: overall, per group and in the worst group."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import slice_name
from evaluators.contract import OVERALL, WORST, Evidence, Json, Measured, Progress, Reading, Status, Subject
from evaluators.subjects.predictions import asked, asks_model, open_predictions
from evaluators.subjects.roles import classes, favourable_code, groups, scores
from evaluators.support import FAMILY_PARAMETERS, too_many_groups
from evaluators.uncertainty.ece import reliability
from evaluators.uncertainty.groups import alone, calibration_readings
from evaluators.uncertainty.metrics import ECE, METRICS
from evaluators.uncertainty.moments import measure_moments
from evaluators.uncertainty.scores import score_readings


class BinaryCalibration:
    """Reads outcomes and the probability (or logit) of the favourable one from a prediction table."""

    id = "calibration.binary"
    version = "1"
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
        statistics: Json = {"score_kind": subject.score_kind, "columns": list(found.columns), "groups": []}
        statistics["overall"] = measure_moments(p, y)
        statistics["group_count"] = len(found.values) if found.columns else 0
        if found.columns and not too_many_groups(len(found.values)):
            parts = [found.codes == i for i in range(len(found.values))]
            statistics["groups"] = [
                {"name": slice_name(found.columns, value), **measure_moments(p[part], y[part])}
                for value, part in zip(found.values, parts, strict=True)
            ]
        table_rows = reliability(statistics["overall"]["bins"], level=0.95)
        return Measured(
            statistics=statistics, evidence=(Evidence(name="reliability", data={"bins": table_rows}), *asked(table))
        )

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "overall" not in statistics:
            return _not_applicable(statistics.get("score_kind"), level)
        slices = [(OVERALL, statistics["overall"]), *((item["name"], item) for item in statistics["groups"])]
        readings = []
        for name, moments in slices:
            common = {"level": level, "statistics": alone(statistics, moments)}
            readings += score_readings(moments, name, common=common)
        readings += calibration_readings(statistics, minimum=params["family_minimum"], level=level, seed=seed)
        return [reading.sound() for reading in readings]


def _not_applicable(kind: str | None, level: float) -> list[Reading]:
    said = f"is declared as {kind}" if kind else "was declared without its kind"
    reason = f"calibration needs probabilities or logits; the score {said}"
    slices = [(metric.id, OVERALL) for metric in METRICS] + [(ECE, WORST)]
    status = Status.NOT_APPLICABLE
    return [Reading(metric=metric, slice=s, status=status, reason=reason, level=level) for metric, s in slices]
