"""How often the model is right: overall, in every group and in the worst one."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import GroupCounts, tally
from evaluators.arithmetic.ranks import delong
from evaluators.arithmetic.scored import NO_ROOM, Scored
from evaluators.contract import EvaluatorError, Evidence, Json, Measured, Progress, Reading, Subject
from evaluators.performance.metrics import METRICS
from evaluators.performance.ranking import rank_readings
from evaluators.performance.shares import accuracy_readings, balanced_readings
from evaluators.subjects.predictions import asked, open_predictions
from evaluators.subjects.roles import classes, favourable_code, groups, scores
from evaluators.support import FAMILY_PARAMETERS, too_many_groups

CONFUSION_CLASSES = 30


class Accuracy:
    """Reads a prediction table with any number of classes. The AUC needs a score and a favourable outcome."""

    id = "performance.accuracy"
    version = "2"
    title = "Accuracy and ranking"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label", "prediction"),
        "optional": ("group", "score", "favourable", "model", "features", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = FAMILY_PARAMETERS
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        table, subject = open_predictions(subject, scored=True)
        codes, names = classes(table, subject, ["label", "prediction"])
        found = groups(table, subject)
        progress(0.6, "counting")
        right = (codes["label"] == codes["prediction"]).astype(np.int64)
        cells = found.codes * len(names) + codes["label"]
        size = len(found.values) * len(names) * 2
        counts = np.bincount(cells * 2 + right, minlength=size).reshape(len(found.values), len(names), 2)
        # Classes that are only ever predicted have no recall, and say nothing of which ones a group lacks.
        occurs = np.flatnonzero(counts.sum(axis=(0, 2)))
        counts, occurring = counts[:, occurs].astype(np.int64), tuple(names[k] for k in occurs)
        counted = GroupCounts(found.columns, found.values, counts, occurring)
        statistics = counted.as_statistics()
        if subject.score and subject.score_kind:
            positive = codes["label"] == favourable_code(subject, names)
            statistics |= _ranked(Scored.of(found.values, found.codes, scores(table, subject), positive))
        return Measured(statistics=statistics, evidence=_confusion(codes, names) + asked(table))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        table = GroupCounts.from_statistics(statistics)
        common = {"minimum": params["family_minimum"], "level": level, "seed": seed}
        readings = accuracy_readings(table, **common) + balanced_readings(table, **common)
        # The table of scores is for adding parts; no reading is computed from it.
        ranked = {key: value for key, value in statistics.items() if key != "scores"}
        readings += rank_readings(ranked, table.names if table.columns else [], **common)
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole.

        Raises EvaluatorError where their different scores are too many to be kept.
        """
        if ("auc" in first) != ("auc" in second):
            raise EvaluatorError("one part has scores and another has none")
        names = tuple(sorted({*first["classes"], *second["classes"]}))
        parts = [_widened(GroupCounts.from_statistics(part), names) for part in (first, second)]
        counted = parts[0].merged(parts[1]).as_statistics()
        if "auc" not in first:
            return counted
        rows = [Scored.from_statistics(part["scores"]) for part in (first, second)]
        ranked = _ranked(rows[0].merged(rows[1]))
        if ranked["scores"] is None:
            # Two parts could still be ranked, but not with a third: the order of the parts mustn't matter.
            raise EvaluatorError(NO_ROOM)
        return counted | ranked


def _ranked(rows: Scored) -> Json:
    """Areas overall and, unless there are too many groups, in each; and the table of scores where there is room."""
    found: Json = {"auc": delong(rows.score, rows.label).as_statistics(), "scores": None}
    if too_many_groups(len(rows.values)):
        return found
    found["scores"] = rows.as_statistics()
    if rows.values != ((),):
        parts = [rows.codes == i for i in range(len(rows.values))]
        found["auc_groups"] = [delong(rows.score[part], rows.label[part]).as_statistics() for part in parts]
    return found


def _confusion(codes: Mapping[str, Any], names: list[str]) -> tuple[Evidence, ...]:
    if len(names) > CONFUSION_CLASSES:
        return ()
    zeros = np.zeros_like(codes["label"])
    counts = tally(zeros, codes["label"], codes["prediction"], groups=1, classes=len(names))[0]
    return (Evidence(name="confusion", data={"classes": names, "rows_by_label": counts.tolist()}),)


def _widened(table: GroupCounts, names: tuple[str, ...]) -> GroupCounts:
    """The same counts with room for classes that another shard has seen."""
    counts = np.zeros((len(table.values), len(names), 2), dtype=np.int64)
    counts[:, [names.index(name) for name in table.classes]] = table.counts
    return GroupCounts(table.columns, table.values, counts, names)
