"""Open a whole table, whatever its columns are: for checks that look at every column instead of at roles."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import Subject, SubjectError
from evaluators.inputs.files import open_verified, required
from evaluators.inputs.memory import InMemory
from evaluators.inputs.tables import MAX_BYTES, Categorical, is_parquet
from evaluators.libraries import library
from evaluators.subjects.roles import open_table

# How files write that there is no value.
ABSENT = frozenset(["", "nan", "NaN", "NA", "N/A", "null", "NULL"])
MAX_HEADER = 1 << 20


@dataclass(frozen=True)
class Columns:
    """Columns by name, their values as opaque text, and the name of the file for messages."""

    n: int
    file: str
    data: Mapping[str, Categorical]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.data)


def open_columns(subject: Subject, *, role: str = "table", names: Sequence[str] = ()) -> Columns:
    """The named columns, or all of them if none is named, of the file of that role. Raises SubjectError."""
    wanted = list(dict.fromkeys(names)) or header(subject, role)
    table = open_table(subject, role, categorical=wanted)
    return Columns(table.n, required(subject, role).name, {name: table.categorical[name] for name in wanted})


def header(subject: Subject, role: str = "table") -> list[str]:
    """The names of a table's columns. Raises SubjectError if there are none."""
    ref = required(subject, role)
    if isinstance(subject, InMemory):
        return list(subject.tables[role])
    with open_verified(ref, limit=MAX_BYTES) as handle:
        names = _parquet_names(handle, ref.name) if is_parquet(handle, ref.name) else _csv_names(handle, ref.name)
    if not names:
        raise SubjectError(f"{ref.name}: the file is empty")
    return names


def used_columns(subject: Subject) -> tuple[str, ...]:
    """The columns that were declared as what is read: features and text. Empty if none were."""
    return tuple(dict.fromkeys([*declared_features(subject), *subject.roles.get("text", ())]))


def declared_features(subject: Subject, *, without: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns that were declared as features, each once, `without` those that are to be told from them."""
    named = dict.fromkeys([*subject.features, *subject.roles.get("feature", ())])
    return tuple(name for name in named if name not in without)


def is_absent(value: str) -> bool:
    return value.strip() in ABSENT


def absent_rows(item: Categorical) -> IntArray:
    """1 where a row has no value, else 0."""
    return np.array([is_absent(value) for value in item.values], dtype=np.int64)[item.codes]


def number(text: str) -> float | None:
    """The number a cell holds, NaN if it holds nothing, None if it holds something else."""
    if is_absent(text):
        return math.nan
    try:
        # Python reads 1_000 as a number; a table that holds it is more likely to be wrong.
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def numbers(item: Categorical) -> FloatArray | None:
    """The column as numbers, NaN where a value is absent; None if a value is no number or there is no value."""
    parsed = [number(value) for value in item.values]
    known = [value for value in parsed if value is not None]
    if len(known) < len(parsed) or all(math.isnan(value) for value in known):
        return None
    return np.array(known, dtype=np.float64)[item.codes]


def joined(first: Categorical, second: Categorical) -> Categorical:
    """Two columns of the same meaning below one another, with codes into one list of values."""
    values = sorted({*first.values, *second.values})
    index = {value: i for i, value in enumerate(values)}
    parts = [np.array([index[value] for value in item.values], dtype=np.int64)[item.codes] for item in (first, second)]
    return Categorical(np.concatenate(parts), tuple(values))


def row_ids(items: Sequence[Categorical]) -> IntArray:
    """A number per row, equal for rows that are equal in every column. No hashing, so no collisions."""
    codes = np.zeros(len(items[0].codes), dtype=np.int64)
    for item in items:
        _, codes = np.unique(codes * max(len(item.values), 1) + item.codes, return_inverse=True)
    return codes.astype(np.int64)


def _csv_names(handle: BinaryIO, name: str) -> list[str]:
    try:
        line = handle.readline(MAX_HEADER).removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise SubjectError(f"{name}: line 1 is not UTF-8 (byte 0x{error.object[error.start]:02x})") from error
    if line.count('"') % 2:
        raise SubjectError(f"{name}: the header breaks off inside quotes")
    return next(csv.reader([line]), [])


def _parquet_names(handle: BinaryIO, name: str) -> list[str]:
    arrow = library("pyarrow")
    try:
        return list(library("pyarrow.parquet").ParquetFile(handle).schema_arrow.names)
    except (arrow.ArrowException, OSError) as error:
        raise SubjectError(f"{name}: not a readable Parquet file ({str(error)[:120]})") from error
