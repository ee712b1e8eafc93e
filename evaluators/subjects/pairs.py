"""Open the rows of two models: what the new one and the old one said, and what is true."""

from dataclasses import dataclass

from evaluators.arithmetic.counts import IntArray
from evaluators.contract import Subject, Undeclared
from evaluators.inputs.files import has_model, required
from evaluators.inputs.tables import Categorical, Table
from evaluators.models.opening import open_model
from evaluators.subjects.predictions import open_predictions
from evaluators.subjects.roles import Groups, groups, model_inputs, open_table
from evaluators.subjects.words import common_codes

OLD, NEW, TRUE = "the old model", "the new model", "the label"


@dataclass(frozen=True)
class Pair:
    """Codes of what was said and what is true into one list of classes; `true` is None without a label column."""

    old: IntArray
    new: IntArray
    true: IntArray | None
    classes: tuple[str, ...]
    groups: Groups


def open_pair(subject: Subject) -> Pair:
    """Read both models' predictions: columns of the table, or models opened and asked. Raises SubjectError."""
    table, told = open_predictions(subject)
    if not told.prediction:
        raise Undeclared("no column was declared as prediction, what the model said, and there is no model to ask")
    columns: dict[str, Categorical] = {}
    if told.label:
        columns[TRUE] = table.categorical[told.label]
    columns[NEW] = table.categorical[told.prediction]
    columns[OLD] = _baseline(subject)
    codes, names = common_codes(columns, name=required(subject, "table").name)
    return Pair(codes[OLD], codes[NEW], codes.get(TRUE), tuple(names), groups(table, told))


def _baseline(subject: Subject) -> Categorical:
    if "baseline" not in subject.roles and has_model(subject, "baseline"):
        model = open_model(subject, role="baseline")
        return Categorical(model.labels(model_inputs(subject, model)), model.classes)
    if "baseline" not in subject.roles:
        raise Undeclared("no column was declared as baseline, and there is no other model, in the role of baseline")
    column = subject.column("baseline")
    only: Table = open_table(subject, categorical=[column])
    return only.categorical[column]
