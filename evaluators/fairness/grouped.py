"""Decisions with the groups they are about, and what is left to say where no groups can be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import IntArray
from evaluators.contract import OVERALL, Evidence, Json, Measured, Reading, Status, Subject
from evaluators.subjects.predictions import asked, open_predictions
from evaluators.subjects.roles import Groups, classes, groups
from evaluators.support import too_many_groups


@dataclass(frozen=True)
class Decisions:
    """Codes of predictions and, where a label column was declared, of labels into `classes`; and the rows' groups."""

    prediction: IntArray
    label: IntArray | None
    classes: list[str]
    groups: Groups
    evidence: tuple[Evidence, ...]

    def as_favourable(self, code: int) -> tuple[IntArray, IntArray]:
        """Labels and predictions as 1 for the favourable class and 0 for others; unknown labels are all 0."""
        prediction = (self.prediction == code).astype(np.int64)
        label = np.zeros_like(prediction) if self.label is None else (self.label == code).astype(np.int64)
        return label, prediction


def open_decisions(subject: Subject) -> Decisions:
    """What the table says or its model answers, and what was noticed about the model meanwhile. Raises SubjectError."""
    table, subject = open_predictions(subject)
    codes, names = classes(table, subject, ["label", "prediction"] if subject.label else ["prediction"])
    return Decisions(codes["prediction"], codes.get("label"), names, groups(table, subject), asked(table))


def ungrouped(found: Groups) -> Measured | None:
    """All there is to measure without a group column or with too many groups; None if they can be compared."""
    if found.columns and not too_many_groups(len(found.values)):
        return None
    return Measured(statistics={"columns": list(found.columns), "group_count": len(found.values)})


def ungrouped_readings(metrics: Iterable[str], statistics: Mapping[str, Any], common: Json) -> list[Reading]:
    """What `ungrouped` measured, in words; nothing of statistics in which groups can be compared."""
    crowded = too_many_groups(statistics.get("group_count", 0))
    if statistics["columns"] and not crowded:
        return []
    status = Status.INSUFFICIENT_DATA if crowded else Status.NOT_APPLICABLE
    reason = crowded or "no group column was declared"
    return [Reading(metric=metric, slice=OVERALL, status=status, reason=reason, **common) for metric in metrics]


def unlabelled(metric: str, common: Json) -> Reading:
    """A reading that needs outcomes where no label column was declared."""
    reason = "no label column was declared"
    return Reading(metric=metric, slice=OVERALL, status=Status.NOT_APPLICABLE, reason=reason, **common)
