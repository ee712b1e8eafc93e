"""Read the columns that are asked for from a CSV or Parquet file, with errors that name file, row and column.

Rows are counted from 1, the header not included. Values of categorical columns stay opaque text.
"""

import csv
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from evaluators.contract import SubjectError
from evaluators.language.wording import shortened

MAX_BYTES = 4 << 30
MAX_ROWS = 50_000_000
MAX_COLUMNS = 5_000
NOT_TABLES = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x80": "a pickle",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16 text; UTF-8 is expected",
    b"\xfe\xff": "UTF-16 text; UTF-8 is expected",
}


@dataclass(frozen=True)
class Categorical:
    """Codes into `values`, which are sorted, so that the order of rows leaves no trace."""

    codes: NDArray[np.int64]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    n: int
    categorical: dict[str, Categorical]
    numeric: dict[str, NDArray[np.float64]]


def sort_codes(codes: Iterable[int], values: Sequence[str]) -> Categorical:
    """Recode first-seen codes so that the values come out sorted."""
    order = sorted(range(len(values)), key=values.__getitem__)
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return Categorical(rank[np.asarray(codes, dtype=np.int64)], tuple(values[i] for i in order))


def is_parquet(handle: BinaryIO, name: str) -> bool:
    """Whether the content is Parquet; otherwise it may be CSV. Raises SubjectError for other known formats."""
    head = handle.read(8)
    handle.seek(0)
    for magic, what in NOT_TABLES.items():
        if head.startswith(magic):
            raise SubjectError(f"{name}: is {what}, not a CSV or Parquet table")
    return head.startswith(b"PAR1")


def check_header(header: Sequence[str], wanted: Sequence[str], name: str) -> None:
    """Raise SubjectError unless every wanted column is there exactly once."""
    if len(header) > MAX_COLUMNS:
        raise SubjectError(f"{name}: {len(header):,} columns, more than the {MAX_COLUMNS:,} allowed")
    duplicates = sorted({column for column in header if header.count(column) > 1})
    if duplicates:
        raise SubjectError(f"{name}: the header names column {duplicates[0]!r} more than once")
    missing = [column for column in wanted if column not in header]
    if missing:
        shown = ", ".join(repr(column) for column in header[:20]) + (", …" if len(header) > 20 else "")
        raise SubjectError(f"{name}: no column {missing[0]!r}; the columns are {shown}")


def check_commas(header: Sequence[str], wanted: Sequence[str], name: str) -> None:
    """Raise SubjectError where a name holds what other programs divide columns by, and stands alone or for others.

    Beside all the columns that are wanted it may be called as it likes.
    """
    if len(header) > 1 and all(column in header for column in wanted):
        return
    odd = next((column for column in header if any(mark in column for mark in ";\t|")), None)
    if odd is not None:
        what = "the only column" if len(header) == 1 else "a column"
        raise SubjectError(f"{name}: {what} is called {odd[:80]!r}; values must be separated by commas")


def read_csv(handle: BinaryIO, name: str, *, categorical: Sequence[str], numeric: Sequence[str]) -> Table:
    """Stream a comma-separated UTF-8 file with a header. Empty numeric cells become NaN. Raises SubjectError."""
    reader = csv.reader(_decoded(handle, name), strict=True)
    header = _next_row(reader, name, 0)
    if header is None:
        raise SubjectError(f"{name}: the file is empty")
    wanted = [*categorical, *numeric]
    check_commas(header, wanted, name)
    check_header(header, wanted, name)
    encoders = [_Encoder(header.index(column)) for column in categorical]
    parsers = [_Parser(header.index(column), column, name) for column in numeric]
    n = _consume(reader, name, len(header), encoders, parsers)
    if n == 0:
        raise SubjectError(f"{name}: a header and no rows")
    texts = {column: encoder.finish() for column, encoder in zip(categorical, encoders, strict=True)}
    numbers = {column: np.array(parser.numbers) for column, parser in zip(numeric, parsers, strict=True)}
    return Table(n, texts, numbers)


class _Encoder:
    """Text to codes, one column."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.codes = array("q")
        self.index: dict[str, int] = {}

    def add(self, row: Sequence[str], _: int) -> None:
        self.codes.append(self.index.setdefault(row[self.position], len(self.index)))

    def finish(self) -> Categorical:
        return sort_codes(self.codes, list(self.index))


class _Parser:
    """Text to numbers, one column."""

    def __init__(self, position: int, column: str, name: str) -> None:
        self.position = position
        self.column = column
        self.name = name
        self.numbers = array("d")

    def add(self, row: Sequence[str], n: int) -> None:
        text = row[self.position]
        try:
            # Python reads 1_000 as a number; a table that holds it is more likely to be wrong.
            number = math.nan if text.strip() == "" else float(text if "_" not in text else "?")
        except ValueError:
            where = f"{self.name}: row {n}, column {self.column!r}"
            raise SubjectError(f"{where}: {shortened(text, 40)!r} is not a number") from None
        self.numbers.append(number)


def _consume(
    reader: Iterator[list[str]], name: str, width: int, encoders: list[_Encoder], parsers: list[_Parser]
) -> int:
    n = 0
    columns: list[_Encoder | _Parser] = [*encoders, *parsers]
    for n, row in enumerate(_rows(reader, name, width), start=1):
        if len(row) != width:
            raise SubjectError(f"{name}: row {n} has {len(row)} values, the header has {width}")
        if n > MAX_ROWS:
            raise SubjectError(f"{name}: more than the {MAX_ROWS:,} rows allowed")
        for column in columns:
            column.add(row, n)
    return n


def _rows(reader: Iterator[list[str]], name: str, width: int) -> Iterator[list[str]]:
    """Rows as they come. An empty line is none; between the rows of a single column it is a missing value."""
    n = empty = 0
    while (row := _next_row(reader, name, n + 1)) is not None:
        if not row:
            empty += width == 1
            continue
        n += empty + 1
        yield from ([""] for _ in range(empty))
        yield row
        empty = 0


def _next_row(reader: Iterator[list[str]], name: str, n: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        where = f"row {n}" if n else "the header"
        raise SubjectError(f"{name}: {where} is not well-formed CSV ({error})") from error


def _decoded(handle: BinaryIO, name: str) -> Iterator[str]:
    for number, line in enumerate(handle, start=1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in line:
            raise SubjectError(f"{name}: line {number} holds a zero byte, so this is not text")
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            bad = line[error.start]
            raise SubjectError(f"{name}: line {number} is not UTF-8 (byte 0x{bad:02x})") from error
