"""The first look at a table, before it is measured: which columns it has. What lies below them is the evaluator's."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from django import forms

from evaluators.contract import SubjectError
from evaluators.tables import MAX_COLUMNS, is_parquet
from registry.cards.doubles import first_double
from registry.models import Artifact
from registry.services.artifacts import blob_path

HEAD_BYTES = 1 << 20
SHOWN = 40


def read_columns(stream: BinaryIO, name: str) -> list[str] | None:
    """The columns of a CSV file; None for Parquet, which only an evaluation opens, within its limits."""
    try:
        if is_parquet(stream, name):
            return None
    except SubjectError as error:
        raise forms.ValidationError(f"{error}.") from error
    head = stream.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")
    stream.seek(0)
    try:
        columns = next(csv.reader(io.StringIO(head), strict=True), [])
    except csv.Error as error:
        raise forms.ValidationError(f"The first line of {name} is not well-formed CSV ({error}).") from error
    if "\x00" in head.partition("\n")[0]:
        raise forms.ValidationError(f"{name} is not text.")
    _check(columns, name)
    return columns


def _check(columns: Sequence[str], name: str) -> None:
    if not any(columns):
        raise forms.ValidationError(f"{name} begins with an empty line; the names of the columns are expected there.")
    if len(columns) > MAX_COLUMNS:
        raise forms.ValidationError(f"{name} has more than {MAX_COLUMNS:,} columns, and no evaluation reads as many.")
    if (twice := first_double(columns)) is not None:
        raise forms.ValidationError(f"{name} names the column “{twice}” more than once.")
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        raise forms.ValidationError(f"{name} seems to have one column, “{columns[0][:80]}”. Divide columns by commas.")


def columns_of(artifact: Artifact | None) -> list[str] | None:
    """The columns of a table that is held here; None where they can't be told, which is for its evaluation to say."""
    file = artifact.files.first() if artifact is not None and artifact.is_held else None
    if file is None or not blob_path(file.sha256).is_file():
        return None
    with blob_path(file.sha256).open("rb") as stream:
        try:
            return read_columns(stream, file.name)
        except forms.ValidationError:
            return None


def missing(wanted: Mapping[str, Any], columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
    """For the columns that are asked for by a role and aren't there, the first of many: the role, and what to say."""
    shown = ", ".join(columns[:SHOWN]) + (", …" if len(columns) > SHOWN else "")
    there = frozenset(columns)
    for role, asked in wanted.items():
        absent = (column for column in (asked if isinstance(asked, list) else [asked]) if column not in there)
        for column in islice(absent, SHOWN):
            yield role, f"{name} has no column “{column}”. It has: {shown}."
