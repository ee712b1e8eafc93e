"""The counts tensor: everything a group metric needs to know about the rows.

`counts[g, y, p]` is the number of rows of group g with outcome y and prediction p. In the binary case 1 is the
favourable outcome, and the cells of a group in flat order are TN, FP, FN, TP.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.contract import OVERALL, Json

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """A share x/m of the cells: which cells count, out of which, both as (y, p) pairs; and the rows m in words."""

    title: str
    hits: tuple[tuple[int, int], ...]
    base: tuple[tuple[int, int], ...]
    among: str


ALL = ((0, 0), (0, 1), (1, 0), (1, 1))
RATES: Mapping[str, Rate] = {
    "selection_rate": Rate("selection rate", ((0, 1), (1, 1)), ALL, "rows"),
    "base_rate": Rate("base rate", ((1, 0), (1, 1)), ALL, "rows"),
    "accuracy": Rate("accuracy", ((0, 0), (1, 1)), ALL, "rows"),
    "tpr": Rate("true positive rate", ((1, 1),), ((1, 0), (1, 1)), "rows with the favourable outcome"),
    "fnr": Rate("false negative rate", ((1, 0),), ((1, 0), (1, 1)), "rows with the favourable outcome"),
    "fpr": Rate("false positive rate", ((0, 1),), ((0, 0), (0, 1)), "rows without the favourable outcome"),
    "ppv": Rate("positive predictive value", ((1, 1),), ((0, 1), (1, 1)), "rows predicted favourable"),
    "npv": Rate("negative predictive value", ((0, 0),), ((0, 0), (1, 0)), "rows predicted unfavourable"),
}


def tally(group: IntArray, label: IntArray, prediction: IntArray, *, groups: int, classes: int = 2) -> IntArray:
    """Count rows into a (groups, classes, classes) tensor. The codes must lie in range; one pass, no sorting."""
    flat = np.asarray(group).astype(np.int64, copy=True)
    for codes in (label, prediction):
        flat *= classes
        flat += codes
    size = groups * classes * classes
    return np.bincount(flat, minlength=size).reshape(groups, classes, classes).astype(np.int64)


def shares(counts: NDArray[Any], name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Numerator x and denominator m of a rate over the last two axes of a binary tensor."""
    rate = RATES[name]
    x = sum(counts[..., y, p] for y, p in rate.hits)
    m = sum(counts[..., y, p] for y, p in rate.base)
    return np.asarray(x), np.asarray(m)


def rate(counts: IntArray, name: str) -> tuple[IntArray, IntArray]:
    """`shares` of integer counts."""
    x, m = shares(counts, name)
    return x.astype(np.int64), m.astype(np.int64)


def ratio_or_none(x: float, m: float) -> float | None:
    """x/m, and None where nothing was observed: 0/0 is not 0."""
    return float(x) / float(m) if m else None


@dataclass(frozen=True)
class GroupCounts:
    """Counts with the names of their groups: what a group metric stores, and all it needs to be computed again."""

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    counts: IntArray
    classes: tuple[str, ...] = ()

    @classmethod
    def from_statistics(cls, data: Mapping[str, Any]) -> "GroupCounts":
        values = tuple(tuple(value) for value in data["groups"])
        counts = np.asarray(data["counts"], dtype=np.int64)
        return cls(tuple(data["columns"]), values, counts, tuple(data.get("classes") or ()))

    def as_statistics(self) -> Json:
        return {
            "columns": list(self.columns),
            "groups": [list(value) for value in self.values],
            "counts": self.counts.tolist(),
            "classes": list(self.classes),
        }

    @property
    def names(self) -> list[str]:
        """A slice name per group: `race=A`, or `race=A & sex=M` for combinations."""
        return [slice_name(self.columns, value) for value in self.values]

    def only(self, index: int) -> "GroupCounts":
        """The same for one group alone."""
        return GroupCounts(self.columns, (self.values[index],), self.counts[index : index + 1], self.classes)

    def marginal(self, index: int) -> "GroupCounts":
        """The same with only one of the group columns, the others summed away."""
        values = sorted({(value[index],) for value in self.values})
        total = np.zeros((len(values), *self.counts.shape[1:]), dtype=np.int64)
        for value, cells in zip(self.values, self.counts, strict=True):
            total[values.index((value[index],))] += cells
        return GroupCounts((self.columns[index],), tuple(values), total, self.classes)

    def pooled(self) -> "GroupCounts":
        """All rows as one nameless group."""
        return GroupCounts((), ((),), self.counts.sum(axis=0, keepdims=True), self.classes)

    def merged(self, other: "GroupCounts") -> "GroupCounts":
        """Counts of two shards added. The shards may have seen different groups."""
        values = tuple(sorted({*self.values, *other.values}))
        total = np.zeros((len(values), *self.counts.shape[1:]), dtype=np.int64)
        for part in (self, other):
            for value, cells in zip(part.values, part.counts, strict=True):
                total[values.index(value)] += cells
        return GroupCounts(self.columns, values, total, self.classes)


def slice_name(columns: tuple[str, ...], value: tuple[str, ...]) -> str:
    if not columns:
        return OVERALL
    return " & ".join(f"{column}={part}" for column, part in zip(columns, value, strict=True))
