"""Rates of rows that don't count alike: rows with weights, and rows that belong together in clusters.

Per cell (group, outcome, prediction) the sum of weights, and over clusters the sum of products of two cells' sums:
enough for the ratio x/m of any rate and for its variance as if clusters, not rows, had been drawn. A row that belongs
to nothing is a cluster of its own. Everything adds up over shards that don't split a cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import RATES, FloatArray, IntArray, slice_name
from evaluators.contract import EvaluatorError, Json

MAX_PRODUCTS = 4_000
BASES = tuple(dict.fromkeys(rate.base for rate in RATES.values()))
Value = tuple[str, ...]


@dataclass(frozen=True)
class Sums:
    """`cells` and `rows` are shaped (groups, 2, 2); `products` maps pairs of flat cells to sums over clusters, first
    <= second.

    `units` counts the clusters in the denominator of each rate, shaped (groups, bases).
    """

    columns: tuple[str, ...]
    values: tuple[Value, ...]
    is_clustered: bool
    cells: FloatArray
    products: Mapping[tuple[int, int], float]
    rows: IntArray
    units: IntArray

    @property
    def names(self) -> list[str]:
        return [slice_name(self.columns, value) for value in self.values]

    def as_statistics(self) -> Json:
        return {
            "columns": list(self.columns),
            "groups": [list(value) for value in self.values],
            "is_clustered": self.is_clustered,
            "cells": self.cells.tolist(),
            "products": [[i, j, value] for (i, j), value in sorted(self.products.items())],
            "rows": self.rows.tolist(),
            "units": self.units.tolist(),
        }

    @classmethod
    def from_statistics(cls, data: Mapping[str, Any]) -> "Sums":
        return cls(
            tuple(data["columns"]),
            tuple(tuple(value) for value in data["groups"]),
            bool(data["is_clustered"]),
            np.asarray(data["cells"], dtype=np.float64),
            {(int(i), int(j)): float(value) for i, j, value in data["products"]},
            np.asarray(data["rows"], dtype=np.int64),
            np.asarray(data["units"], dtype=np.int64),
        )

    def only(self, index: int) -> "Sums":
        """The same for one group alone."""
        first = 4 * index
        inside = range(first, first + 4)
        kept = {(i - first, j - first): v for (i, j), v in self.products.items() if i in inside and j in inside}
        part = slice(index, index + 1)
        return replace(
            self, values=(self.values[index],), cells=self.cells[part], products=kept, rows=self.rows[part],
            units=self.units[part],
        )  # fmt: skip

    def merged(self, other: "Sums") -> "Sums":
        """Two shards added. The shards may have seen different groups, but no cluster in common."""
        values = tuple(sorted({*self.values, *other.values}))
        size, bases = len(values), len(BASES)
        cells, products = np.zeros((size, 2, 2)), dict[tuple[int, int], float]()
        rows, units = np.zeros((size, 2, 2), dtype=np.int64), np.zeros((size, bases), dtype=np.int64)
        for part in (self, other):
            place = np.array([values.index(value) for value in part.values], dtype=np.int64)
            np.add.at(cells, place, part.cells)
            np.add.at(rows, place, part.rows)
            np.add.at(units, place, part.units)
            for (i, j), value in part.products.items():
                moved = sorted((4 * int(place[i // 4]) + i % 4, 4 * int(place[j // 4]) + j % 4))
                products[moved[0], moved[1]] = products.get((moved[0], moved[1]), 0.0) + value
        return Sums(self.columns, values, self.is_clustered, cells, products, rows, units)


def measure_sums(
    cell: IntArray, *, columns: tuple[str, ...], values: tuple[Value, ...], weight: FloatArray, cluster: IntArray | None
) -> Sums:
    """Sums over rows whose flat cell (group, outcome, prediction), weight and cluster are given.

    Raises EvaluatorError if clusters span so many groups that their products can't be kept.
    """
    groups = len(values)
    # What weighs nothing is nobody: it must not count as a row or a cluster either.
    weighs = weight > 0
    cell, weight = cell[weighs], weight[weighs]
    cluster = None if cluster is None else cluster[weighs]
    # One order of addition, so that the order of rows leaves no trace.
    order = np.lexsort((weight, cell) if cluster is None else (weight, cell, cluster))
    cell, weight = cell[order], weight[order]
    cells = np.bincount(cell, weights=weight, minlength=4 * groups).reshape(groups, 2, 2)
    rows = np.bincount(cell, minlength=4 * groups).reshape(groups, 2, 2)
    if cluster is None:
        squares = np.bincount(cell, weights=weight**2, minlength=4 * groups)
        products = {(int(i), int(i)): float(squares[i]) for i in np.flatnonzero(squares)}
        units = np.stack([_base(rows, base) for base in BASES], axis=1)
        return Sums(columns, values, False, cells, products, rows, units)
    keys, inverse = np.unique(cluster[order] * (4 * groups) + cell, return_inverse=True)
    sums = np.bincount(inverse, weights=weight)
    units = np.stack([_clusters(keys, groups, base) for base in BASES], axis=1)
    return Sums(columns, values, True, cells, _products(keys, sums, 4 * groups), rows, units)


def _base(counted: IntArray, base: tuple[tuple[int, int], ...]) -> IntArray:
    return np.asarray(sum(counted[:, y, p] for y, p in base)).astype(np.int64)


def _clusters(keys: IntArray, groups: int, base: tuple[tuple[int, int], ...]) -> IntArray:
    """Per group, how many clusters have a row in the denominator."""
    inside = np.isin(keys % 4, [2 * y + p for y, p in base])
    return np.bincount(np.unique(keys[inside] // 4) % groups, minlength=groups).astype(np.int64)


def _products(keys: IntArray, sums: FloatArray, size: int) -> dict[tuple[int, int], float]:
    """Over clusters, the sum of products of every two cells' sums. Keys are sorted: cluster by cluster."""
    cells, clusters = keys % size, keys // size
    found: dict[tuple[int, int], float] = {}
    for step in range(int(np.bincount(np.unique(clusters, return_inverse=True)[1]).max())):
        first, second = np.arange(len(keys) - step), np.arange(step, len(keys))
        same = clusters[first] == clusters[second]
        first, second = first[same], second[same]
        codes, inverse = np.unique(cells[first] * size + cells[second], return_inverse=True)
        totals = np.bincount(inverse, weights=sums[first] * sums[second])
        for code, total in zip(codes.tolist(), totals.tolist(), strict=True):
            found[divmod(code, size)] = found.get(divmod(code, size), 0.0) + total
        if len(found) > MAX_PRODUCTS:
            raise EvaluatorError("the clusters span too many combinations of groups to be compared; use fewer groups")
    return found
