"""What each column of a table holds: absent, constant, far out, of the wrong type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Json
from evaluators.inputs.tables import Categorical
from evaluators.subjects.columns import Columns, number

NUMBER, TEXT, MIXED, EMPTY = "number", "text", "mixed", "empty"
# A column is mixed if this share of its values are numbers and some are not.
MOSTLY = 0.5
# The scale of the median absolute deviation of a normal distribution.
NORMAL_MAD = 0.6744897501960817


@dataclass(frozen=True)
class Profile:
    """Counts of one column."""

    name: str
    kind: str
    absent: int
    distinct: int
    outliers: int
    numeric: int
    words: int

    def row(self) -> list[Any]:
        return [self.name, self.kind, self.absent, self.distinct, self.outliers, self.words]


ROW = ["column", "type", "absent", "different values", "far out", "values that are no numbers"]


def profile(name: str, item: Categorical, *, distance: float) -> Profile:
    """What a column holds. Outliers are numbers further than `distance` robust deviations from the median."""
    sizes = np.bincount(item.codes, minlength=len(item.values))
    parsed = [number(value) for value in item.values]
    is_word = np.array([value is None for value in parsed], dtype=bool)
    value_of = np.array([np.nan if value is None else value for value in parsed], dtype=np.float64)
    is_known = ~np.isnan(value_of)
    absent, words = int(sizes[~is_known & ~is_word].sum()), int(sizes[is_word].sum())
    numeric, distinct = int(sizes[is_known].sum()), int(((is_known | is_word) & (sizes > 0)).sum())
    kind = _kind(numeric, words)
    outliers = int(far_out(value_of[item.codes], distance=distance).sum()) if kind == NUMBER else 0
    return Profile(name, kind, absent, distinct, outliers, numeric, words)


def far_out(values: FloatArray, *, distance: float) -> Any:
    """Which finite numbers lie further from the median than so many robust standard deviations.

    Half of the values equal makes the median deviation 0; the mean deviation stands in for it then.
    """
    known = values[np.isfinite(values)]
    if len(known) < 3:
        return np.zeros(len(values), dtype=bool)
    middle = np.median(known)
    deviation = np.abs(known - middle)
    scale = np.median(deviation) / NORMAL_MAD or float(deviation.mean()) * np.sqrt(np.pi / 2)
    if not scale:
        return np.zeros(len(values), dtype=bool)
    with np.errstate(invalid="ignore"):
        return ~np.isnan(values) & (np.abs(values - middle) > distance * scale)


def differences(first: Sequence[Profile], second: Sequence[Profile]) -> tuple[list[Json], list[Json]]:
    """Columns that only one table has, and columns whose type differs from the reference's."""
    expected = {item.name: item for item in second}
    found = {item.name: item for item in first}
    schema = [{"column": name, "what": "is missing"} for name in expected if name not in found]
    schema += [{"column": name, "what": "is not in the reference"} for name in found if name not in expected]
    drift = [
        {"column": name, "what": f"is {found[name].kind}, in the reference {item.kind}"}
        for name, item in expected.items()
        if name in found and found[name].kind != item.kind and EMPTY not in (found[name].kind, item.kind)
    ]
    return schema, drift


def mixed(profiles: Sequence[Profile]) -> list[Json]:
    """Columns of numbers in which some values are something else."""
    return [
        {"column": item.name, "what": f"{item.words:,} values are no numbers"}
        for item in profiles
        if item.kind == MIXED
    ]


def profiles(columns: Columns, params: Mapping[str, Any]) -> list[Profile]:
    return [profile(name, item, distance=params["distance"]) for name, item in columns.data.items()]


def _kind(numeric: int, words: int) -> str:
    if not numeric and not words:
        return EMPTY
    if not words:
        return NUMBER
    return MIXED if numeric >= MOSTLY * (numeric + words) else TEXT
