"""Every subgroup that the group columns can name: marginals, their intersections, and intersections of those."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.blocks import smoothed
from evaluators.arithmetic.counts import FloatArray, IntArray, shares, slice_name
from evaluators.arithmetic.draws import quantile
from evaluators.arithmetic.simultaneous import Gap

MAX_SUBGROUPS = 2_000
# Columns double the names: with a dozen of them most subgroups are too small to be compared, and finding them is dear.
MAX_NAMED = 20_000
CHUNK = 100
Value = tuple[str, ...]


@dataclass(frozen=True)
class Subgroups:
    """`member[s, g]` says whether the crossed group g lies in the subgroup s."""

    names: tuple[str, ...]
    member: NDArray[np.bool_]

    @classmethod
    def of(cls, columns: tuple[str, ...], values: Sequence[Value]) -> "Subgroups":
        """Each set of crossed groups once, under the shortest name it has; all, or one more than `MAX_NAMED`."""
        found: dict[bytes, str] = {}
        members = []
        for names, places in _named(columns, values):
            row = np.zeros(len(values), dtype=bool)
            row[places] = True
            if not row.all() and row.tobytes() not in found:
                found[row.tobytes()] = names
                members.append(row)
            if len(members) > MAX_NAMED:
                break
        member = np.array(members, dtype=bool).reshape(len(members), len(values))
        return cls(tuple(found.values()), member)


def _named(columns: tuple[str, ...], values: Sequence[Value]) -> Iterator[tuple[str, list[int]]]:
    """Every name, the shortest first, with the positions of the crossed groups that bear it."""
    for size in range(1, len(columns) + 1):
        for chosen in itertools.combinations(range(len(columns)), size):
            places: dict[Value, list[int]] = defaultdict(list)
            for g, value in enumerate(values):
                places[tuple(value[i] for i in chosen)].append(g)
            for key in sorted(places):
                yield slice_name(tuple(columns[i] for i in chosen), key), places[key]


@dataclass(frozen=True)
class Violations:
    """Per subgroup: rate inside and outside, the share of the denominator inside, and share * |rate - overall|."""

    inside: FloatArray
    outside: FloatArray
    share: FloatArray
    value: FloatArray


def violations(counts: IntArray, member: NDArray[np.bool_], rate: str) -> Violations:
    """What is observed, for subgroups that have somebody inside and outside the denominator."""
    x, m = shares(counts, rate)
    hits, base = member @ x, member @ m
    outer_hits, outer_base = x.sum() - hits, m.sum() - base
    inside, share = hits / base, base / m.sum()
    return Violations(inside, outer_hits / outer_base, share, share * np.abs(inside - x.sum() / m.sum()))


def violation_interval(
    counts: IntArray,
    member: NDArray[np.bool_],
    rate: str,
    *,
    level: float,
    replicates: int,
    rng: np.random.Generator,
) -> Gap:
    """The interval of the largest violation, from contrasts of every subgroup with everybody else.

    Shares are taken as observed: |rate - overall| is the contrast times the share of everybody else.
    """
    order = np.lexsort(counts.reshape(len(counts), 4).T)
    counts, member = counts[order], member[:, order]
    weights = (counts + 0.5) / (counts + 0.5).sum()
    drawn = rng.multinomial(int(counts.sum()), weights.ravel(), size=replicates).reshape(replicates, *counts.shape)
    x_star, m_star = (part.T.astype(np.float64) for part in shares(drawn, rate))
    largest = np.zeros(replicates)
    for start in range(0, len(member), CHUNK):
        part = member[start : start + CHUNK].astype(np.float64)
        error, variance = _contrast(part, x_star, m_star)
        error -= _centre(part, counts + 0.5, rate)[:, None]
        np.maximum(largest, np.max(error**2 / variance, axis=0), out=largest)
    factor = float(np.sqrt(quantile(largest, level)))
    x, m = (side.astype(np.float64) for side in shares(counts, rate))
    difference, variance = _contrast(member.astype(np.float64), x[:, None], m[:, None])
    half = factor * np.sqrt(variance[:, 0])
    share = member @ m / m.sum()
    scale = share * (1 - share)
    size = np.abs(difference[:, 0])
    low, high = np.maximum(0, size - half) * scale, (size + half) * scale
    return Gap(float(low.max()), float(high.max()), factor, replicates)


def _contrast(member: FloatArray, x: FloatArray, m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Smoothed rate inside less outside, and its variance, shaped (subgroups, replicates)."""
    hits, base = member @ x, member @ m
    p, v = smoothed(hits, base)
    q, w = smoothed(x.sum(axis=0) - hits, m.sum(axis=0) - base)
    return p - q, v + w


def _centre(member: FloatArray, cells: FloatArray, rate: str) -> FloatArray:
    """The contrast of the law the replicates are drawn from."""
    x, m = shares(cells, rate)
    hits, base = member @ x, member @ m
    return np.asarray(hits / base - (x.sum() - hits) / (m.sum() - base))
