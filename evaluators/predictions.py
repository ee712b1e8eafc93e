"""The rows to be measured: as the table has them, or as the model predicts them from the table's features."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluators.contract import Subject
from evaluators.counts import FloatArray
from evaluators.files import required
from evaluators.models.estimators import Estimator, open_estimator
from evaluators.parquet import as_text
from evaluators.subjects import check_cells, open_table
from evaluators.tables import Categorical, Table, sort_codes

PREDICTION = "(prediction of the model)"
SCORE = "(probability from the model)"


def open_predictions(subject: Subject, *, scored: bool = False) -> tuple[Table, Subject]:
    """Label, prediction, groups and, if asked for, score; and the subject with these columns named.

    With a model in the subject, prediction and score come from it and not from the table. Raises SubjectError.
    """
    if subject.kind == "model":
        return _from_model(subject, scored=scored)
    columns = [name for name in (subject.label, subject.prediction, *subject.groups) if name]
    return open_table(
        subject, categorical=columns, numeric=[subject.score] if scored and subject.score else []
    ), subject


def _from_model(subject: Subject, *, scored: bool) -> tuple[Table, Subject]:
    model = open_estimator(subject)
    columns = [name for name in (subject.label, *subject.groups) if name]
    table = open_table(subject, categorical=columns, numeric=model.features)
    rows = feature_rows(table, model, required(subject, "table").name)
    words = [as_text(value) for value in np.asarray(model.estimator.predict(model.frame(rows))).reshape(-1).tolist()]
    categorical = table.categorical | {PREDICTION: _encoded(words)}
    numeric: dict[str, FloatArray] = {}
    told = replace(subject, prediction=PREDICTION, score=None, score_kind=None)
    if scored and hasattr(model.estimator, "predict_proba") and subject.favourable is not None:
        numeric = {SCORE: model.probability(subject.favourable)(rows)}
        told = replace(told, score=SCORE, score_kind="probability")
    return Table(table.n, categorical, numeric), told


def feature_rows(table: Table, model: Estimator, name: str) -> FloatArray:
    """The model's features as a matrix. Raises SubjectError naming the first cell the model can't take."""
    rows = np.column_stack([table.numeric[feature] for feature in model.features])
    check_cells(rows, model.features, name, allow_missing=model.accepts_missing)
    return rows


def _encoded(words: Sequence[str]) -> Categorical:
    index: dict[str, int] = {}
    codes = [index.setdefault(word, len(index)) for word in words]
    return sort_codes(codes, list(index))
