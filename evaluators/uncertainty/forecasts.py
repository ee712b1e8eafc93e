"""Probabilities of classes, row by row: as the table has them, or as a model gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray, slice_name
from evaluators.contract import Subject, SubjectError
from evaluators.inputs.files import has_model, required
from evaluators.inputs.tables import Table
from evaluators.models.model import softmax
from evaluators.models.opening import open_model
from evaluators.subjects.roles import Groups, classes, favourable_code, groups, model_inputs, open_table, scores
from evaluators.support import too_many_groups

SEPARATORS = "_:.= -"
KINDS = ("probability", "logit")
NEEDS = {"files": ("table",), "columns": ("label",)}
OPTIONAL = ("probability", "score", "score_kind", "favourable", "group", "model", "features", "text")
# Probabilities that were written with a few digits don't add up to 1 exactly.
ROUNDING = 1e-3


@dataclass(frozen=True)
class Forecasts:
    """Probabilities p (n, K), rows adding up to 1; y is the position of the true class of each row, or empty."""

    p: FloatArray
    y: IntArray
    classes: tuple[str, ...]
    groups: Groups
    table: Table

    @property
    def cohorts(self) -> list[tuple[str, Any]]:
        """Slice name and mask per group; none without group columns, or where they are too many to list."""
        if not self.groups.columns or too_many_groups(len(self.groups.values)):
            return []
        names = [slice_name(self.groups.columns, value) for value in self.groups.values]
        return [(name, self.groups.codes == i) for i, name in enumerate(names)]


def why_not(subject: Subject) -> str:
    """Why there are no probabilities, by what the table or the model is declared to hold, or ""."""
    if has_model(subject):
        kind = open_model(subject).score_kind
        return "" if kind in KINDS else f"probabilities are needed; the model answers with a {kind}"
    if not subject.roles.get("probability") and not subject.score:
        return "no probability columns and no score were declared"
    if subject.score_kind not in (*KINDS, None) or (
        subject.score_kind is None and not subject.roles.get("probability")
    ):
        said = f"is declared as {subject.score_kind}" if subject.score_kind else "was declared without its kind"
        return f"probabilities are needed; the score {said}"
    return ""


def open_forecasts(
    subject: Subject, *, role: str = "table", labelled: bool = True, extra: Sequence[str] = ()
) -> Forecasts:
    """Probabilities, outcomes and groups of a table. Raises SubjectError; ask `why_not` first."""
    source = _from_model if has_model(subject) else _from_table
    texts = [name for name in (subject.label if labelled else None, *subject.groups, *extra) if name]
    if role != "table":
        texts = []
    table, p, names = source(subject, role, texts)
    y = _positions(table, subject, names) if labelled and role == "table" else np.zeros(0, dtype=np.int64)
    found = groups(table, subject) if role == "table" else Groups(np.zeros(table.n, dtype=np.int64), (), ((),))
    return Forecasts(p, y, names, found, table)


def columns_of(table: Table, columns: Sequence[str], subject: Subject, role: str) -> FloatArray:
    """Columns as probabilities (n, K). Raises SubjectError naming the first cell or row that can't be one."""
    name = required(subject, role).name
    found = np.column_stack([table.numeric[column] for column in columns])
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise SubjectError(f"{name}: row {row + 1}, column {columns[column]!r}: the probability is missing or infinite")
    if subject.score_kind == "logit":
        return softmax(found)
    outside = np.argwhere((found < 0) | (found > 1))
    if len(outside):
        row, column = (int(i) for i in outside[0])
        where = f"row {row + 1}, column {columns[column]!r}"
        raise SubjectError(f"{name}: {where}: {found[row, column]:g} is not a probability")
    sums = found.sum(axis=1)
    off = np.flatnonzero(np.abs(sums - 1) > max(ROUNDING, 1e-4 * len(columns)))
    if off.size:
        row = int(off[0])
        raise SubjectError(
            f"{name}: row {row + 1}: the probabilities of the {len(columns)} classes add up to {sums[row]:g}, not to 1 "
            f"({off.size:,} such rows)"
        )
    return np.asarray(found / sums[:, None])


def class_names(columns: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """The class behind each column: its name, or what follows a common beginning such as `p_`.

    Raises SubjectError if a label has no column.
    """
    if set(labels) <= set(columns):
        return tuple(columns)
    for name in labels:
        for column in columns:
            start = column.removesuffix(name)
            if start != column and start[-1:] and start[-1] in SEPARATORS and all(c.startswith(start) for c in columns):
                found = tuple(column.removeprefix(start) for column in columns)
                if set(labels) <= set(found):
                    return found
    shown = ", ".join(repr(column) for column in columns[:10])
    missing = sorted(set(labels) - set(columns))[0]
    raise SubjectError(f"no probability column is named after the label {missing!r}; the columns are {shown}")


def _from_model(subject: Subject, role: str, texts: Sequence[str]) -> tuple[Table, FloatArray, tuple[str, ...]]:
    model = open_model(subject)
    inputs = model_inputs(subject, model, role)
    table = open_table(subject, role, categorical=texts) if texts else Table(len(inputs), {}, {})
    return table, model.probabilities(inputs), model.classes


def _from_table(subject: Subject, role: str, texts: Sequence[str]) -> tuple[Table, FloatArray, tuple[str, ...]]:
    columns = subject.roles.get("probability", ())
    if len(columns) < 2:
        return _from_score(subject, role, texts)
    table = open_table(subject, role, categorical=texts, numeric=columns)
    labels = classes(table, subject, ["label"])[1] if subject.label in table.categorical else []
    return table, columns_of(table, columns, subject, role), class_names(columns, labels)


def _from_score(subject: Subject, role: str, texts: Sequence[str]) -> tuple[Table, FloatArray, tuple[str, ...]]:
    """One column: the probability or logit of the favourable one of two classes."""
    if not subject.score:
        raise SubjectError("one probability column was declared: declare it as score, or one column per class")
    table = open_table(subject, role, categorical=texts, numeric=[subject.score])
    p = scores(table, subject)
    if subject.score_kind == "logit":
        p = 1 / (1 + np.exp(-np.clip(p, -700, 700)))
    names = _two_classes(table, subject)
    return table, np.column_stack([1 - p, p]), names


def _two_classes(table: Table, subject: Subject) -> tuple[str, str]:
    if subject.label not in table.categorical:
        return "other", str(subject.favourable)
    _, found = classes(table, subject, ["label"])
    # Where every row has the other outcome, the favourable one is known all the same.
    favourable = subject.favourable or found[favourable_code(subject, found)]
    others = [name for name in found if name != favourable]
    if len(others) > 1:
        raise SubjectError(
            f"one score speaks of two classes, and besides {favourable!r} the label has {len(others)}: "
            "declare probability columns"
        )
    return (others or ["other"])[0], favourable


def _positions(table: Table, subject: Subject, names: tuple[str, ...]) -> IntArray:
    codes, labels = classes(table, subject, ["label"])
    unseen = [label for label in labels if label not in names]
    if unseen:
        row = int(np.flatnonzero(codes["label"] == labels.index(unseen[0]))[0])
        shown = ", ".join(repr(name) for name in names[:10])
        where = f"{required(subject, 'table').name}: row {row + 1}, column {subject.label!r}"
        raise SubjectError(f"{where}: the label {unseen[0]!r} is no class of the forecasts; they have {shown}")
    return np.array([names.index(label) for label in labels], dtype=np.int64)[codes["label"]]


def not_applicable(statistics: Mapping[str, Any]) -> str:
    """The reason that was stored instead of statistics, or ""."""
    return str(statistics.get("not_applicable", ""))
