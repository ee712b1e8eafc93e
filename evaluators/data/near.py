"""Near-duplicates of the rows of one table, or between two: by text, by rounded rows, or by the angle of vectors."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.data.minhash import Scored, components, near_pairs, normal
from evaluators.inputs.tables import Categorical, sort_codes
from evaluators.subjects.columns import Columns, numbers, row_ids

MAX_VECTORS = 20_000
BLOCK = 2_000
# How many angles are held at once, and how many pairs in all: rows that all lie close together make n * n of them.
CELLS = 4_000_000
MAX_PAIRS = 100_000
DIGITS = 5


@dataclass(frozen=True)
class Near:
    """For every row the number of its cluster of near-duplicates, and the 100,000 most similar pairs of rows.

    The clusters know all pairs.
    """

    clusters: IntArray
    pairs: tuple[Scored, ...]


def by_text(item: Categorical, *, threshold: float, rng: np.random.Generator) -> Near:
    """Rows whose normalised texts share at least that part of their runs of characters."""
    words = [normal(value) for value in item.values]
    distinct = sorted(set(words))
    place = {word: i for i, word in enumerate(distinct)}
    codes = np.array([place[word] for word in words], dtype=np.int64)[item.codes]
    first = _first_rows(codes, len(distinct)).tolist()
    pairs: list[Scored] = []

    def noted() -> Iterator[tuple[int, int]]:
        for i, j, similarity in near_pairs(distinct, threshold=threshold, rng=rng):
            pairs.append((first[i], first[j], similarity))
            if len(pairs) >= 2 * MAX_PAIRS:
                pairs[:] = _closest(pairs)
            yield i, j

    clusters = components(len(distinct), noted())
    return Near(clusters[codes], tuple(_closest(pairs)))


def _closest(pairs: list[Scored]) -> list[Scored]:
    return sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))[:MAX_PAIRS]


def by_rounded_rows(columns: Columns) -> Near:
    """Rows that are equal once numbers are rounded to five digits and texts are normalised."""
    clusters = row_ids([_rounded(item) for item in columns.data.values()])
    return Near(clusters, ())


def by_angle(vectors: FloatArray, *, threshold: float) -> Near:
    """Rows whose vectors have at least that cosine. Vectors of length 0 are near nothing."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    clusters = np.arange(len(unit))
    pairs = np.empty((0, 3))
    size = max(1, min(BLOCK, CELLS // max(len(unit), 1)))
    for start in range(0, len(unit), size):
        found = [pairs]
        for i, cosines in enumerate(unit[start : start + size] @ unit.T, start=start):
            near = i + 1 + np.flatnonzero(cosines[i + 1 :] >= threshold)
            found.append(np.column_stack([np.full(len(near), i), near, cosines[near]]))
            together = np.unique(clusters[[i, *near]])
            if len(together) > 1:
                clusters[np.isin(clusters, together)] = together[0]
        pairs = np.concatenate(found)
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0], -pairs[:, 2]))[:MAX_PAIRS]]
    return Near(clusters, tuple((int(i), int(j), s) for i, j, s in pairs.tolist()))


def matrix(columns: Columns) -> FloatArray | None:
    """All columns as numbers, absent ones at their column's mean; None if a column isn't numeric."""
    found = [numbers(item) for item in columns.data.values()]
    if any(column is None for column in found):
        return None
    rows = np.column_stack([column for column in found if column is not None])
    return np.asarray(np.where(np.isfinite(rows), rows, np.nanmean(np.where(np.isfinite(rows), rows, np.nan), axis=0)))


def _rounded(item: Categorical) -> Categorical:
    parsed = numbers(item)
    if parsed is None:
        words = [normal(value) for value in item.values]
        index: dict[str, int] = {}
        codes = np.array([index.setdefault(word, len(index)) for word in words], dtype=np.int64)
        return sort_codes(codes[item.codes], list(index))
    _, codes = np.unique([_digits(value) for value in parsed.tolist()], return_inverse=True)
    return Categorical(codes.astype(np.int64), tuple(map(str, range(int(codes.max()) + 1))))


def _digits(value: float) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))


def _first_rows(codes: Sequence[int] | IntArray, size: int) -> IntArray:
    first = np.zeros(size, dtype=np.int64)
    codes = np.asarray(codes)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first
