"""Open a table of true and predicted numbers, with the groups of its rows."""

from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Subject, SubjectError
from evaluators.inputs.files import has_model, required
from evaluators.models.model import VALUE
from evaluators.models.opening import open_model
from evaluators.subjects.roles import Groups, column_for, groups, model_inputs, open_table


@dataclass(frozen=True)
class Numbers:
    label: FloatArray
    predicted: FloatArray
    groups: Groups


def open_numbers(subject: Subject) -> Numbers:
    """Numbers from the table, the predicted ones from the model if the subject is one. Raises SubjectError."""
    label = column_for(subject, "label")
    is_asked = subject.kind == "model" or (not subject.prediction and has_model(subject))
    columns = [label] if is_asked else [label, column_for(subject, "prediction")]
    table = open_table(subject, categorical=subject.groups, numeric=columns)
    for column in columns:
        _check_finite(table.numeric[column], column, required(subject, "table").name)
    predicted = _asked(subject) if is_asked else table.numeric[columns[1]]
    return Numbers(table.numeric[label], predicted, groups(table, subject))


def _asked(subject: Subject) -> FloatArray:
    model = open_model(subject)
    if model.score_kind != VALUE:
        raise SubjectError(f"the model answers with a {model.score_kind} per class, and predicted numbers are needed")
    return np.asarray(model.scores(model_inputs(subject, model))[:, 0])


def _check_finite(values: FloatArray, column: str, name: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        what = "missing" if np.isnan(values[bad[0]]) else "infinite"
        raise SubjectError(
            f"{name}: row {int(bad[0]) + 1}, column {column!r}: the number is {what} ({bad.size:,} such rows)"
        )
