"""The rows to be measured: as the table has them, or as the model predicts them from what it reads in the table."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Evidence, Json, Subject, SubjectError
from evaluators.inputs.files import has_model, required
from evaluators.inputs.parquet import as_text
from evaluators.inputs.tables import Categorical, Table, sort_codes
from evaluators.models.checks import check_model
from evaluators.models.model import IMAGES, ROWS, VALUE, Model
from evaluators.models.opening import open_model
from evaluators.subjects.roles import feature_names, model_rows, open_table, texts

PREDICTION = "(prediction of the model)"
SCORE = "(probability from the model)"


@dataclass(frozen=True)
class Predicted(Table):
    """A table whose predictions were asked of a model; `facts` say what was noticed meanwhile."""

    facts: Json = field(default_factory=dict)


def asks_model(subject: Subject) -> bool:
    """Whether predictions come from a model rather than from the table."""
    return subject.kind in ("model", "endpoint", "memory") and has_model(subject)


def open_predictions(subject: Subject, *, scored: bool = False) -> tuple[Table, Subject]:
    """Label, prediction, groups and, if asked for, score; and the subject with these columns named.

    With a model in the subject, whatever its kind, prediction and score come from it and not from the table, which
    is then a Predicted. Raises SubjectError.
    """
    if asks_model(subject):
        return _from_model(subject, scored=scored)
    if subject.label and subject.label == subject.prediction:
        raise SubjectError(f"column {subject.label!r} is declared as the label and as what was predicted of it")
    columns = [name for name in (subject.label, subject.prediction, *subject.groups) if name]
    return open_table(
        subject, categorical=columns, numeric=[subject.score] if scored and subject.score else []
    ), subject


def asked(table: Table) -> tuple[Evidence, ...]:
    """What was noticed about the model while it was asked, as a table beside the readings; none without a model."""
    if not isinstance(table, Predicted):
        return ()
    rows = [[name.replace("_", " "), _told(value)] for name, value in sorted(table.facts.items())]
    title = "The model while it was asked"
    return (
        Evidence(
            name="model_asked", data={"draw": "table", "title": title, "columns": ["fact", "value"], "rows": rows}
        ),
    )


def _told(value: object) -> str:
    return (
        ("yes" if value else "no")
        if isinstance(value, bool)
        else f"{value:.3g}"
        if isinstance(value, float)
        else str(value)
    )


def _from_model(subject: Subject, *, scored: bool) -> tuple[Table, Subject]:
    model = open_model(subject)
    columns = [name for name in (subject.label, *subject.groups) if name]
    table, inputs = _inputs(subject, model, columns)
    check_model(model, inputs)
    answers = model.scores(inputs)
    numeric: dict[str, FloatArray] = {}
    told = replace(subject, prediction=PREDICTION, score=None, score_kind=None)
    if scored and subject.favourable is not None and model.score_kind in ("probability", "logit"):
        numeric = {SCORE: model.as_probabilities(answers)[:, model.position(subject.favourable)]}
        told = replace(told, score=SCORE, score_kind="probability")
    words = _words(model, inputs, answers)
    facts = model.facts | {"queries": model.queries}
    return Predicted(table.n, table.categorical | {PREDICTION: words}, numeric, facts), told


def _inputs(subject: Subject, model: Model, columns: Sequence[str]) -> tuple[Table, FloatArray | list[str]]:
    """The table, read once, and what the model reads of it."""
    if model.inputs in (ROWS, IMAGES):
        table = open_table(subject, categorical=columns, numeric=feature_names(subject, model))
        return table, model_rows(table, subject, model, required(subject, "table").name)
    column = subject.column("text")
    table = open_table(subject, categorical=[*columns, column])
    return table, texts(table, column)


def _words(model: Model, inputs: FloatArray | list[str], answers: FloatArray) -> Categorical:
    """What the model predicts, in the words of its classes; numbers are spelt."""
    if model.score_kind == VALUE:
        return _encoded([as_text(value) for value in answers[:, 0].tolist()])
    codes = model.labels(inputs) if model.decide is not None else answers.argmax(axis=1)
    used, compact = np.unique(codes, return_inverse=True)
    return sort_codes(compact, [model.classes[code] for code in used.tolist()])


def _encoded(words: Sequence[str]) -> Categorical:
    index: dict[str, int] = {}
    codes = [index.setdefault(word, len(index)) for word in words]
    return sort_codes(codes, list(index))
