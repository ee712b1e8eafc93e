"""Columns that speak of the same classes, brought to one list of codes. Class names stay opaque words."""

from collections.abc import Mapping

import numpy as np

from evaluators.arithmetic.counts import IntArray
from evaluators.contract import SubjectError
from evaluators.inputs.tables import Categorical
from evaluators.subjects.roles import MAX_CLASSES

ABSENT = ("", "nan", "NaN")


def common_codes(columns: Mapping[str, Categorical], *, name: str) -> tuple[dict[str, IntArray], list[str]]:
    """Codes per column into one sorted list of class names. `name` is the file, for messages.

    Raises SubjectError for a missing value, for too many classes, and when a column has words that no other has
    while another has words that it lacks.
    """
    for column, item in columns.items():
        check_complete(column, item, name)
    names = sorted({value for item in columns.values() for value in item.values})
    if len(names) > MAX_CLASSES:
        raise SubjectError(f"{name}: {len(names):,} different classes, more than the {MAX_CLASSES:,} allowed")
    if len(names) > 2:
        _check_nested({column: frozenset(item.values) for column, item in columns.items()}, name)
    index = {value: i for i, value in enumerate(names)}
    codes = {
        column: np.array([index[value] for value in item.values], dtype=np.int64)[item.codes]
        for column, item in columns.items()
    }
    return codes, names


def check_complete(column: str, item: Categorical, name: str) -> None:
    """Raise SubjectError naming the first row whose value is absent."""
    for code, value in enumerate(item.values):
        if value.strip() in ABSENT:
            rows = np.flatnonzero(item.codes == code)
            where = f"{name}: row {int(rows[0]) + 1}, column {column!r}"
            raise SubjectError(f"{where}: the value is missing ({rows.size:,} such rows)")


def _check_nested(words: Mapping[str, frozenset[str]], name: str) -> None:
    (first, known), *others = words.items()
    for column, said in others:
        if not (known <= said or said <= known):
            odd = sorted(said - known)[0]
            raise SubjectError(
                f"{name}: {column!r} says {odd!r}, which {first!r} never does; are they the same classes?"
            )
