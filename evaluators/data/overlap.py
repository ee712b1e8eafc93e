"""Rows of one table that a reference table, such as the training rows, already holds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import IntArray
from evaluators.contract import Json, Subject, SubjectError
from evaluators.data.duplicates import find_near
from evaluators.subjects.columns import Columns, absent_rows, joined, numbers, row_ids


def split_table(columns: Columns, column: str) -> tuple[Columns, Columns]:
    """The rows of the first table and those of the reference by a split column with two values.

    The value named train or training is the reference. Raises SubjectError if it isn't clear which is which.
    """
    item = columns.data[column]
    train = [i for i, value in enumerate(item.values) if value.strip().lower() in ("train", "training")]
    if len(train) != 1 or len(item.values) < 2:
        raise SubjectError(f"{columns.file}: column {column!r} must say which rows are train, and name other rows too")
    is_train = item.codes == train[0]
    rest = [name for name in columns.names if name != column]
    return _part(columns, rest, ~is_train), _part(columns, rest, is_train)


def shared_columns(first: Columns, second: Columns, *, left_out: Sequence[str]) -> list[str]:
    """Columns that both tables have. Raises SubjectError if there are none."""
    names = [name for name in first.names if name in second.data and name not in left_out]
    if not names:
        raise SubjectError(f"{first.file} and {second.file} share no column that could be compared")
    return names


def measure_overlap(
    first: Columns, second: Columns, subject: Subject, params: Mapping[str, Any], *, seed: int
) -> tuple[Json, list[list[Any]]]:
    """Counts of rows found again, exactly, nearly, by identifier and by date; and pairs of rows as evidence."""
    special = [name for role in ("cluster", "time", "split") for name in subject.roles.get(role, ())]
    special += [name for name in (subject.label, subject.prediction, subject.score) if name]
    names = shared_columns(first, second, left_out=special)
    both = Columns(
        first.n + second.n, first.file, {name: joined(first.data[name], second.data[name]) for name in names}
    )
    ids = row_ids(list(both.data.values()))
    exact = np.isin(ids[: first.n], ids[first.n :])
    near, why = find_near(both, subject, params, seed=seed)
    found: Json = {"n": first.n, "reference_n": second.n, "exact": int(exact.sum()), "columns": names[:50], "why": why}
    rows = _pairs("exact", ids, first.n, exact)
    found["near"] = None
    if near is not None:
        close = np.isin(near.clusters[: first.n], near.clusters[first.n :]) & ~exact
        found["near"] = int(close.sum())
        rows += _pairs("near", near.clusters, first.n, close)
    found["entity"] = _entities(first, second, subject.roles.get("cluster", ()))
    found["future"] = _future(first, second, subject.roles.get("time", ()))
    return found, rows


def _part(columns: Columns, names: Sequence[str], rows: Any) -> Columns:
    data = {name: type(columns.data[name])(columns.data[name].codes[rows], columns.data[name].values) for name in names}
    return Columns(int(rows.sum()), columns.file, data)


def _pairs(kind: str, ids: IntArray, n: int, wanted: Any) -> list[list[Any]]:
    place = {int(code): i for i, code in reversed(list(enumerate(ids[n:].tolist())))}
    return [[kind, int(i) + 1, place[int(ids[i])] + 1] for i in np.flatnonzero(wanted)[:200]]


def _entities(first: Columns, second: Columns, names: Sequence[str]) -> int | None:
    """Rows whose identifier also occurs in the reference; None without an identifier in both.

    Where an identifier is absent nobody can say whose row it is, and it is not found again.
    """
    if not names or any(name not in first.data or name not in second.data for name in names):
        return None
    both = [joined(first.data[name], second.data[name]) for name in names]
    ids, is_known = row_ids(both), np.max([absent_rows(item) for item in both], axis=0) == 0
    return int((np.isin(ids[: first.n], ids[first.n :]) & is_known[: first.n]).sum())


def _future(first: Columns, second: Columns, names: Sequence[str]) -> int | None:
    """Rows of the reference that are later than the earliest row of the table; None without a time in both.

    An absent time is neither early nor late.
    """
    if len(names) != 1 or names[0] not in first.data or names[0] not in second.data:
        return None
    both = joined(first.data[names[0]], second.data[names[0]])
    values = numbers(both)
    # ISO dates sort as text; numbers as numbers.
    when = np.where(absent_rows(both) == 1, np.nan, both.codes) if values is None else values
    if np.isnan(when[: first.n]).all():
        return None
    return int((when[first.n :] > np.nanmin(when[: first.n])).sum())
