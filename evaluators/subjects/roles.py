"""Open what is measured: the table behind a digest, with the roles of its columns checked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.contract import Subject, SubjectError, Undeclared
from evaluators.inputs.files import open_verified, required
from evaluators.inputs.memory import InMemory
from evaluators.inputs.parquet import read_parquet
from evaluators.inputs.tables import MAX_BYTES, Categorical, Table, is_parquet, read_csv
from evaluators.models.model import IMAGES, ROWS, Model

MISSING, JOINT = "(missing)", " & "
MEANT = {
    "label": ", what really came out",
    "prediction": ", what the model said, and there is no model to ask",
    "score": ", how sure the model is",
}
MAX_CLASSES = 1_000


@dataclass(frozen=True)
class Groups:
    """The observed combinations of the group columns; a missing value is a group of its own."""

    codes: NDArray[np.int64]
    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]


def open_table(
    subject: Subject, role: str = "table", *, categorical: Sequence[str] = (), numeric: Sequence[str] = ()
) -> Table:
    """Read columns of the table in that role, "table" or "reference", each once. Raises SubjectError."""
    ref = required(subject, role)
    wanted = {"categorical": list(dict.fromkeys(categorical)), "numeric": list(dict.fromkeys(numeric))}
    if isinstance(subject, InMemory):
        return subject.table(role, **wanted)
    with open_verified(ref, limit=MAX_BYTES) as handle:
        read = read_parquet if is_parquet(handle, ref.name) else read_csv
        return read(handle, ref.name, **wanted)


def matrix(table: Table, columns: Sequence[str]) -> NDArray[np.float64]:
    """Numeric columns side by side (n, d). Missing cells are NaN; see `check_cells`."""
    if not columns:
        raise Undeclared("no columns were declared for the model to read: declare features, in its order")
    return np.column_stack([table.numeric[column] for column in columns])


def texts(table: Table, column: str) -> list[str]:
    """A categorical column as one text per row; a missing one is ""."""
    item = table.categorical[column]
    return [item.values[code] for code in item.codes.tolist()]


def text_column(subject: Subject, role: str = "table", *, column: str | None = None) -> list[str]:
    """The texts of one column, by default of the one declared as text, in the order of the rows."""
    name = column or subject.column("text")
    return texts(open_table(subject, role, categorical=[name]), name)


def feature_names(subject: Subject, model: Model) -> tuple[str, ...]:
    """The columns the model reads: as its file says, else as declared. Raises SubjectError if neither does."""
    names = model.features or subject.features or subject.roles.get("feature", ())
    if not names:
        raise Undeclared("the model keeps no column names, so its features must be declared, in its order")
    return names


def feature_matrix(subject: Subject, model: Model, role: str = "table") -> NDArray[np.float64]:
    """What a model of rows or images reads, (n, d). Raises SubjectError naming the first cell it can't take."""
    names = feature_names(subject, model)
    return model_rows(open_table(subject, role, numeric=names), subject, model, required(subject, role).name)


def model_rows(table: Table, subject: Subject, model: Model, name: str) -> NDArray[np.float64]:
    """The same from a table that was read already; `name` is the file that errors speak of."""
    names = feature_names(subject, model)
    rows = matrix(table, names)
    check_cells(rows, names, name, allow_missing=model.accepts_missing)
    return rows


def model_inputs(subject: Subject, model: Model, role: str = "table") -> NDArray[np.float64] | list[str]:
    """What the model reads from the table in that role: a matrix for rows and images, else a list of texts."""
    if model.inputs in (ROWS, IMAGES):
        return feature_matrix(subject, model, role)
    return text_column(subject, role)


def column_for(subject: Subject, role: str) -> str:
    """The name of the column that plays a role. Raises SubjectError if none was declared."""
    name: str | None = getattr(subject, role)
    if not name:
        raise Undeclared(f"no column was declared as {role}{MEANT.get(role, '')}")
    return name


def classes(table: Table, subject: Subject, roles: Sequence[str]) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """Codes per role into one shared, sorted list of class names.

    Raises SubjectError for a missing value, for too many classes, and when label and prediction use different words.
    """
    found = {role: _complete(table, subject, role) for role in roles}
    names = sorted({value for item in found.values() for value in item.values})
    if len(names) > MAX_CLASSES:
        raise SubjectError(f"{len(names):,} different classes, more than the {MAX_CLASSES:,} allowed")
    if len(roles) == 2:
        _check_same_words(set(found["label"].values), set(found["prediction"].values), subject)
    index = {name: i for i, name in enumerate(names)}
    codes = {
        role: np.array([index[value] for value in item.values], dtype=np.int64)[item.codes]
        for role, item in found.items()
    }
    return codes, names


def favourable_code(subject: Subject, names: Sequence[str]) -> int:
    """Which class is the favourable one. Raises SubjectError if it isn't declared or never occurs."""
    if subject.favourable is None:
        raise Undeclared("no favourable outcome was declared, and it is never guessed")
    if subject.favourable not in names:
        shown = ", ".join(repr(name) for name in names[:10])
        raise SubjectError(f"the favourable outcome {subject.favourable!r} never occurs; the outcomes are {shown}")
    return list(names).index(subject.favourable)


def groups(table: Table, subject: Subject) -> Groups:
    """Every observed combination of the group columns, sorted; everything in one group if there are no columns."""
    codes = np.zeros(table.n, dtype=np.int64)
    values: list[tuple[str, ...]] = [()]
    for column in subject.groups:
        item = table.categorical[column]
        used, codes = np.unique(codes * len(item.values) + item.codes, return_inverse=True)
        parts = [divmod(int(code), len(item.values)) for code in used]
        values = [(*values[before], group_value(item.values[now], len(subject.groups))) for before, now in parts]
    return Groups(codes.astype(np.int64), subject.groups, tuple(values))


def group_value(value: str, columns: int) -> str:
    """A cell as part of a group's name: between quotes where it could be taken for something else.

    That is the text "(missing)", which a missing cell is called, and of several columns what stands between them.
    """
    if not value:
        return MISSING
    is_unclear = value == MISSING or value.startswith('"') or (columns > 1 and JOINT in value)
    return json.dumps(value, ensure_ascii=False) if is_unclear else value


def scores(table: Table, subject: Subject) -> NDArray[np.float64]:
    """The score column, finite, and within 0 and 1 if declared as probability. Raises SubjectError naming the row."""
    column = column_for(subject, "score")
    values, name = table.numeric[column], required(subject, "table").name
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        row = int(bad[0])
        what = "missing" if np.isnan(values[row]) else "infinite"
        raise SubjectError(f"{name}: row {row + 1}, column {column!r}: the score is {what} ({bad.size:,} such rows)")
    if subject.score_kind == "probability":
        outside = np.flatnonzero((values < 0) | (values > 1))
        if outside.size:
            row = int(outside[0])
            raise SubjectError(f"{name}: row {row + 1}, column {column!r}: {values[row]:g} is not a probability")
    return values


def check_cells(rows: NDArray[np.float64], columns: Sequence[str], name: str, *, allow_missing: bool) -> None:
    """Raise SubjectError naming the first cell of a matrix that is infinite or, unless allowed, missing."""
    refused = np.isinf(rows) if allow_missing else ~np.isfinite(rows)
    if refused.any():
        row, column = (int(i) for i in np.argwhere(refused)[0])
        what = "missing" if np.isnan(rows[row, column]) else "infinite"
        cell = f"row {row + 1}, column {columns[column]!r}"
        raise SubjectError(f"{name}: {cell}: the value is {what}, and this model takes none")


def _complete(table: Table, subject: Subject, role: str) -> Categorical:
    column = column_for(subject, role)
    item = table.categorical[column]
    for code, value in enumerate(item.values):
        if value.strip() == "" or value in ("nan", "NaN"):
            rows = np.flatnonzero(item.codes == code)
            where = f"{required(subject, 'table').name}: row {int(rows[0]) + 1}, column {column!r}"
            raise SubjectError(f"{where}: the {role} is missing ({rows.size:,} such rows)")
    return item


def _check_same_words(label: set[str], prediction: set[str], subject: Subject) -> None:
    # Two words in all are the two outcomes, even if the model never says one and the data never the other.
    if label <= prediction or prediction <= label or len(label | prediction) <= 2:
        return
    only = [", ".join(repr(value) for value in sorted(side)[:5]) for side in (label - prediction, prediction - label)]
    raise SubjectError(
        f"label {subject.label!r} and prediction {subject.prediction!r} use different words for the outcomes: "
        f"only in the label {only[0]}; only in the prediction {only[1]}"
    )
