"""The two windows that are compared, and the series that is watched."""

from collections.abc import Sequence

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import Subject, SubjectError, Undeclared
from evaluators.inputs.tables import Categorical
from evaluators.language.wording import shortened
from evaluators.subjects.columns import Columns, number, numbers, open_columns, used_columns

MAX_COLUMNS = 200


def open_windows(subject: Subject) -> tuple[Columns, Columns]:
    """Current and reference window with the same columns: those declared, or all that both files have."""
    if "reference" not in subject.files:
        raise Undeclared("a reference file is needed: the window that the table is compared with")
    declared = [*used_columns(subject), subject.score, subject.prediction, subject.label]
    names = list(dict.fromkeys(name for name in declared if name))
    current = open_columns(subject, names=names)
    reference = open_columns(subject, role="reference", names=names)
    left_out = {name for role in ("time", "cluster", "split") for name in subject.roles.get(role, ())}
    shared = [name for name in current.names if name in reference.data and name not in left_out]
    if not shared:
        raise SubjectError(f"{current.file} and {reference.file} share no column that could be compared")
    if len(shared) > MAX_COLUMNS:
        raise SubjectError(f"{len(shared):,} columns, more than the {MAX_COLUMNS} compared; declare those that count")
    return only(current, shared), only(reference, shared)


def only(columns: Columns, names: Sequence[str]) -> Columns:
    return Columns(columns.n, columns.file, {name: columns.data[name] for name in names})


def open_series(subject: Subject, *, role: str = "table") -> tuple[str, FloatArray]:
    """The watched column and its values in the order of time: the score column, or the one feature.

    Without a time column rows are in order already. Raises SubjectError if a value is absent or no number.
    """
    name = _watched(subject)
    times = subject.roles.get("time", ())
    columns = open_columns(subject, role=role, names=[name, *times])
    values = numbers(columns.data[name])
    if values is None:
        raise SubjectError(f"{columns.file}: {_no_number(columns.data[name], name)}")
    if times:
        values = values[time_order(columns.data[subject.column("time")])]
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise SubjectError(f"{columns.file}: column {name!r} has {bad.size:,} absent values; the series has no gaps")
    return name, values


def _no_number(item: Categorical, name: str) -> str:
    odd = np.isin(item.codes, [code for code, value in enumerate(item.values) if number(value) is None])
    if not odd.any():
        return f"column {name!r} holds no value"
    row = int(np.argmax(odd))
    return f"row {row + 1}, column {name!r}: {shortened(item.values[item.codes[row]], 40)!r} is not a number"


def time_order(item: Categorical) -> IntArray:
    """Row numbers in order of time, by number, or as text for dates written year first; equal times keep theirs."""
    values = numbers(item)
    when = item.codes.astype(np.float64) if values is None else values
    return np.argsort(when, kind="stable").astype(np.int64)


def _watched(subject: Subject) -> str:
    if subject.score:
        return subject.score
    names = used_columns(subject)
    if not names:
        raise Undeclared("no column was declared as score, nor as feature: one of them is the series")
    if len(names) != 1:
        raise SubjectError(f"the series is the score column or one feature; {len(names)} features were declared")
    return names[0]
