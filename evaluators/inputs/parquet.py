"""Read the columns that are asked for from a Parquet file."""

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from evaluators.contract import SubjectError
from evaluators.inputs.tables import MAX_ROWS, Categorical, Table, check_header, sort_codes
from evaluators.libraries import library


def read_parquet(handle: BinaryIO, name: str, *, categorical: Sequence[str], numeric: Sequence[str]) -> Table:
    """Nulls become "" in categorical columns and NaN in numeric ones. Raises SubjectError."""
    table = _open(handle, name, [*categorical, *numeric])
    texts = {column: _texts(table.column(column), name, column) for column in categorical}
    numbers = {column: _numbers(table.column(column), name, column) for column in numeric}
    return Table(table.num_rows, texts, numbers)


def _open(handle: BinaryIO, name: str, wanted: Sequence[str]) -> Any:
    arrow, parquet = library("pyarrow"), library("pyarrow.parquet")
    try:
        file = parquet.ParquetFile(handle)
        check_header(file.schema_arrow.names, wanted, name)
        if file.metadata.num_rows == 0:
            raise SubjectError(f"{name}: a header and no rows")
        if file.metadata.num_rows > MAX_ROWS:
            raise SubjectError(f"{name}: more than the {MAX_ROWS:,} rows allowed")
        return file.read(columns=list(dict.fromkeys(wanted)), use_threads=False)
    except (arrow.ArrowException, OSError) as error:
        raise SubjectError(f"{name}: not a readable Parquet file ({str(error)[:120]})") from error


def _texts(column: Any, name: str, title: str) -> Categorical:
    arrow = library("pyarrow")
    if arrow.types.is_nested(column.type):
        raise SubjectError(f"{name}: column {title!r} holds {column.type} values; plain values are expected")
    combined = column.combine_chunks()
    if not arrow.types.is_dictionary(combined.type):
        combined = library("pyarrow.compute").dictionary_encode(combined, null_encoding="encode")
    if isinstance(combined, arrow.ChunkedArray):
        combined = combined.combine_chunks()
    words = [as_text(value) for value in combined.dictionary.to_pylist()]
    index: dict[str, int] = {"": 0}
    recode = np.array([index.setdefault(word, len(index)) for word in words] + [0], dtype=np.int64)
    codes = combined.indices.fill_null(len(words)).to_numpy(zero_copy_only=False).astype(np.int64)
    used, compact = np.unique(recode[codes], return_inverse=True)
    every = list(index)
    return sort_codes(compact, [every[i] for i in used])


def _numbers(column: Any, name: str, title: str) -> NDArray[np.float64]:
    arrow = library("pyarrow")
    kind = column.type
    if not (arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_boolean(kind)):
        raise SubjectError(f"{name}: column {title!r} holds {kind} values; numbers are expected")
    # A cast to float64 is refused for integers above 2**53, which can't be represented.
    try:
        numbers = column.cast(arrow.float64())
    except arrow.ArrowException as error:
        raise SubjectError(f"{name}: column {title!r}: {str(error)[:120]}") from error
    return np.asarray(numbers.to_numpy(), dtype=np.float64)


def as_text(value: object) -> str:
    """The text of one value: a null is "", and 1.0 reads as 1, since nulls turn whole columns into floats."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    return str(value)
