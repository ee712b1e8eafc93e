"""Answers that are small tables: a list of flat objects with the same few columns."""

import re
from collections.abc import Mapping
from typing import TypeAlias

from registry.cards.limits import MAX_COLUMNS, MAX_PLAIN, MAX_ROWS, Problem, refuse_controls

Cell: TypeAlias = str | int | float | bool | None
Row: TypeAlias = Mapping[str, Cell]

COLUMN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _./%-]{0,79}")
LARGEST_EXACT_INTEGER = 2**53 - 1


def parse_rows(content: object, *, columns: tuple[str, ...]) -> tuple[Row, ...]:
    """Read rows; where `columns` are given only these may appear, else any few plain names may."""
    if not isinstance(content, list) or not content:
        raise Problem("rows is a list with at least one row; leave the question out instead of sending none")
    if len(content) > MAX_ROWS:
        raise Problem(f"there are {len(content):,} rows; the limit is {MAX_ROWS:,}")
    return tuple(_row(row, number=number, columns=columns) for number, row in enumerate(content, start=1))


def _row(row: object, *, number: int, columns: tuple[str, ...]) -> Row:
    if not isinstance(row, dict) or not row:
        raise Problem(f"row {number} is not an object with columns")
    if len(row) > MAX_COLUMNS:
        raise Problem(f"row {number} has {len(row)} columns; the limit is {MAX_COLUMNS}")
    for name, cell in row.items():
        _check_name(name, number=number, columns=columns)
        _check_cell(cell, where=f"row {number}, column {name}")
    if not any(cell is not None and cell != "" for cell in row.values()):
        raise Problem(f"row {number} is empty")
    return dict(row)


def _check_name(name: object, *, number: int, columns: tuple[str, ...]) -> None:
    if columns and name not in columns:
        raise Problem(f"row {number} has the column {name!r}; the columns are {', '.join(columns)}")
    if not isinstance(name, str) or not COLUMN_NAME.fullmatch(name):
        raise Problem(f"row {number} has the column {name!r}, which is no plain name")


def _check_cell(cell: object, *, where: str) -> None:
    if cell is None or isinstance(cell, bool):
        return
    if isinstance(cell, str):
        if len(cell) > MAX_PLAIN:
            raise Problem(f"{where} has {len(cell):,} characters; the limit is {MAX_PLAIN:,}")
        refuse_controls(cell, what=where)
    elif not isinstance(cell, int | float) or not abs(cell) <= LARGEST_EXACT_INTEGER:
        raise Problem(f"{where} is neither text, a finite number up to 2^53, true, false nor null")
