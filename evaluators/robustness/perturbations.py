"""What befalls the cells of a table: a value is missing, comes in another unit, or is a category never seen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import ParameterError

NUMBER, WHOLE, CATEGORY = "number", "whole", "category"


@dataclass(frozen=True)
class Columns:
    """What is known of each feature from the table: its type, range, spread, and its categories if it has such."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    low: FloatArray
    high: FloatArray
    spread: FloatArray
    is_fixed: tuple[bool, ...]
    categories: tuple[tuple[float, ...], ...]

    @classmethod
    def of(
        cls, rows: FloatArray, names: Sequence[str], *, categorical: Sequence[str], immutable: Sequence[str]
    ) -> "Columns":
        """Types from the values, categories and immutable ones as declared. Raises ParameterError for unknown names."""
        for parameter, given in (("categorical", categorical), ("immutable", immutable)):
            unknown = sorted(set(given) - set(names))
            if unknown:
                raise ParameterError(f"parameter {parameter!r} names {unknown[0]!r}, which the model doesn't read")
        kinds = tuple(_kind(column, name in categorical) for name, column in zip(names, rows.T, strict=True))
        seen = [column[np.isfinite(column)] for column in rows.T]
        filled = [column if len(column) else np.zeros(1) for column in seen]
        return cls(
            names=tuple(names),
            kinds=kinds,
            low=np.array([column.min() for column in filled]),
            high=np.array([column.max() for column in filled]),
            spread=np.array([column.std() for column in filled]),
            is_fixed=tuple(name in immutable for name in names),
            categories=tuple(
                tuple(np.unique(c).tolist()) if k == CATEGORY else () for c, k in zip(filled, kinds, strict=True)
            ),
        )


def _kind(column: FloatArray, is_category: bool) -> str:
    if is_category:
        return CATEGORY
    finite = column[np.isfinite(column)]
    return WHOLE if len(finite) and bool((finite == np.round(finite)).all()) else NUMBER


Copies = Iterator[tuple[str, FloatArray]]
Perturbation = Callable[[FloatArray, Columns, float], Copies]


def missing(rows: FloatArray, columns: Columns, _factor: float) -> Copies:
    """One feature at a time has no value."""
    for j, name in enumerate(columns.names):
        yield name, _with(rows, j, np.full(len(rows), np.nan))


def scaled(rows: FloatArray, columns: Columns, factor: float) -> Copies:
    """One number at a time comes in a unit that is `factor` times larger, and as much smaller."""
    for j, (name, kind) in enumerate(zip(columns.names, columns.kinds, strict=True)):
        if kind != CATEGORY:
            yield name, _with(rows, j, rows[:, j] * factor)
            yield name, _with(rows, j, rows[:, j] / factor)


def swapped(rows: FloatArray, columns: Columns, _factor: float) -> Copies:
    """One category at a time is replaced by a code that never occurs."""
    for j, (name, kind) in enumerate(zip(columns.names, columns.kinds, strict=True)):
        if kind == CATEGORY:
            yield name, _with(rows, j, np.full(len(rows), columns.high[j] + 1))


PERTURBATIONS: Mapping[str, Perturbation] = {
    "robust.tabular.missing": missing,
    "robust.tabular.scale": scaled,
    "robust.tabular.swap": swapped,
}


def _with(rows: FloatArray, j: int, values: FloatArray) -> FloatArray:
    copy = rows.copy()
    copy[:, j] = values
    return copy
