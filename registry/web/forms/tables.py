"""The first look at a table, before it is measured: which columns it has. What lies below them is the evaluator's."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from django import forms

from evaluators.contract import SubjectError
from evaluators.inputs.tables import MAX_COLUMNS, is_parquet
from registry.cards.doubles import first_double
from registry.models import Artifact, Evaluation, ModelVersion
from registry.models.choices import RunState
from registry.services.artifacts import blob_path

# What is no table by its name; of the rest, the evaluator reads the bytes and has the last word.
OTHER_FILES = r"\.(skops|pkl|pickle|joblib|safetensors|onnx|pt|pth|bin|zip|bz2|gz|pdf|json)$"
HEAD_BYTES = 1 << 20
# Zero bytes, and what stands for bytes that are no UTF-8.
NO_TEXT = frozenset("\x00\ufffd")
SHOWN = 40


def read_columns(stream: BinaryIO, name: str) -> list[str] | None:
    """The columns of a CSV file; None for Parquet, which only an evaluation opens, within its limits."""
    try:
        if is_parquet(stream, name):
            return None
    except SubjectError as error:
        raise forms.ValidationError(f"{error}.".replace(f"{name}: ", f"{name} ", 1)) from error
    head = stream.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")
    stream.seek(0)
    if not NO_TEXT.isdisjoint(head.partition("\n")[0]):
        raise forms.ValidationError(f"{name} is neither Parquet nor text in UTF-8, as a CSV table is.")
    lines = csv.reader(io.StringIO(head), strict=True)
    try:
        columns = next(lines, [])
    except csv.Error as error:
        raise forms.ValidationError(f"The first line of {name} is not well-formed CSV ({error}).") from error
    _check(columns, name)
    if not head.rstrip().partition("\n")[2] and lines.line_num == 1:
        raise forms.ValidationError(f"{name} names its columns and has no rows.")
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


def tables_of(version: ModelVersion) -> Any:
    """The tables of the version's team, newest first."""
    held = Artifact.objects.filter(team=version.team, is_held=True).exclude(files__name__iregex=OTHER_FILES)
    return held.prefetch_related("files").order_by("-created_at")


def words_for(version: ModelVersion) -> Callable[[Artifact], str]:
    """What tells the tables of the version's team apart: the newest run on each, asked for once for all."""
    runs = Evaluation.objects.filter(version__team=version.team, table__team=version.team)
    newest = runs.order_by("table", "-requested_at").distinct("table").select_related("version__model__team")
    by_table = {run.table_id: run for run in newest}
    return lambda artifact: table_words(artifact, by_table.get(artifact.pk))


def table_words(artifact: Artifact, run: Evaluation | None) -> str:
    """A table in a list, with the newest run on it."""
    names = ", ".join(file.name for file in artifact.files.all())
    return f"{names} · {_use(run)} · {artifact.created_at:%Y-%m-%d %H:%M} · {artifact.root_digest[:8]}"


def _use(run: Evaluation | None) -> str:
    """Which version a table was read for, and which of its columns."""
    if run is None:
        return "not measured yet"
    named = (name if isinstance(name, list) else [name] for name in (run.subject.get("columns") or {}).values())
    columns = ", ".join(dict.fromkeys(column for names in named for column in names))
    word = "failed" if run.state in (RunState.FAILED, RunState.FAILED_INFRA) else "measured"
    return f"{word} for {run.version}{f' ({columns})' if columns else ''}"
