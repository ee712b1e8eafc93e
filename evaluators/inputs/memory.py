"""Subjects that lie in memory: columns of a notebook and functions that predict, with no file anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluators.contract import FileRef, Subject, SubjectError, digest
from evaluators.inputs.parquet import as_text
from evaluators.inputs.tables import Categorical, Table, check_header, sort_codes
from evaluators.language.wording import shortened

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class InMemory(Subject):
    """A subject whose tables are columns in memory, and whose models are open already, each by role.

    Its digest covers every cell and every declaration. A function has no bytes to hash: two functions that declare
    the same and are asked about the same rows make the same digest.
    """

    tables: Mapping[str, Columns] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)

    def table(self, role: str, *, categorical: Sequence[str], numeric: Sequence[str]) -> Table:
        """Columns of the table in that role. Raises SubjectError as the reader of a file would."""
        columns, name = self.tables[role], self.files[role].name
        check_header(list(columns), [*categorical, *numeric], name)
        texts = {column: _texts(columns[column]) for column in categorical}
        numbers = {column: _numbers(columns[column], column, name) for column in numeric}
        return Table(len(next(iter(columns.values()))), texts, numbers)


def reference(role: str, columns: Columns) -> FileRef:
    """What stands for the file: the digest of the cells. Raises SubjectError if the columns are no table."""
    name = f"the {role} in memory"
    lengths = {column: len(values) for column, values in columns.items()}
    if not lengths or not min(lengths.values()):
        raise SubjectError(f"{name} has no rows")
    if len(set(lengths.values())) > 1:
        column = next(column for column, length in lengths.items() if length != max(lengths.values()))
        raise SubjectError(f"{name}: column {column!r} has {lengths[column]:,} of {max(lengths.values()):,} values")
    cells = {column: [as_text(value) for value in _listed(values)] for column, values in columns.items()}
    return FileRef(path="", sha256=digest(cells), name=name)


def _listed(values: Sequence[Any]) -> list[Any]:
    """Python's own values, so that 1 of numpy and 1 of Python are one word."""
    return list(np.asarray(values).tolist() if hasattr(values, "dtype") else values)


def _texts(values: Sequence[Any]) -> Categorical:
    index: dict[str, int] = {}
    codes = [index.setdefault(as_text(value), len(index)) for value in _listed(values)]
    return sort_codes(codes, list(index))


def _numbers(values: Sequence[Any], column: str, name: str) -> np.ndarray:
    numbers = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(_listed(values)):
        try:
            numbers[row] = np.nan if value is None else float(value)
        except (TypeError, ValueError):
            where = f"{name}: row {row + 1}, column {column!r}"
            raise SubjectError(f"{where}: {shortened(as_text(value), 40)!r} is not a number") from None
    return numbers
