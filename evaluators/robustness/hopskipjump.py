"""HopSkipJump (Chen, Jordan and Wainwright 2020): the nearest input with another label, by asking for labels only.

All rows walk in lock-step: each round asks about every row at once. The directions tried are the same for every row,
so that a row's path depends neither on its neighbours nor on the size of a batch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.robustness.cases import Box

Labels = Callable[[FloatArray], IntArray]
BISECTIONS = 14
HALVINGS = 12
DIRECTIONS = 100
FIRST_PROBE = 0.1
THETA = 0.01
TINY = 1e-300
# How many numbers are held at once.
BLOCK = 1 << 22


@dataclass
class Walk:
    """Where each row stands: a point with another label, or the row itself (distance infinite) if none is known."""

    labels: Labels
    rows: FloatArray
    right: IntArray
    box: Box
    points: FloatArray
    distances: FloatArray
    queries: IntArray
    rounds: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = np.zeros(len(self.rows), dtype=np.int64)

    def is_wrong(self, which: IntArray, points: FloatArray) -> NDArray[np.bool_]:
        """Whether each point (m, ..., d) has another label than the row it belongs to; every question is counted."""
        told = points if self.box is None else points.clip(*self.box)
        answers = self.labels(told.reshape(-1, points.shape[-1])).reshape(points.shape[:-1])
        self.queries[which] += int(np.prod(points.shape[1:-1]))
        return np.asarray(answers != self.right[which].reshape(-1, *[1] * (points.ndim - 2)))

    def take(self, which: IntArray, points: FloatArray) -> None:
        """Keep points that are nearer than what is known. Their label is known to be another one."""
        points = points if self.box is None else points.clip(*self.box)
        distances = np.linalg.norm(points - self.rows[which], axis=1)
        nearer = distances < self.distances[which]
        self.points[which[nearer]], self.distances[which[nearer]] = points[nearer], distances[nearer]


def hopskipjump(
    labels: Labels,
    rows: FloatArray,
    right: IntArray,
    *,
    others: FloatArray,
    rng: np.random.Generator,
    iterations: int = 20,
    tries: int = 100,
    queries_per_row: int = 10_000,
    box: Box = None,
) -> Walk:
    """Walk every row to the nearest point found with another label than `right`, which is the model's own for it.

    `others` are further inputs to begin from where none of `tries` random ones has another label, as many as leave
    questions to go on. A row stops before a round that could take it beyond `queries_per_row`, of which there are
    more than `tries`. Where nothing has another label the distance stays infinite.
    """
    n = len(rows)
    walk = Walk(labels, rows, right, box, rows.copy(), np.full(n, np.inf), np.zeros(n, dtype=np.int64))
    _begin(walk, others, (tries, max(0, queries_per_row - tries - BISECTIONS)), rng)
    known = np.flatnonzero(np.isfinite(walk.distances))
    _bisect(walk, known, walk.points[known])
    for number in range(1, iterations + 1):
        ways = rng.standard_normal((round(DIRECTIONS * math.sqrt(number)), rows.shape[1]))
        cost = len(ways) + HALVINGS + BISECTIONS + 1
        able = np.isfinite(walk.distances) & (walk.distances > 0) & (walk.queries + cost <= queries_per_row)
        active = np.flatnonzero(able)
        if not len(active):
            break
        _advance(walk, active, ways / np.linalg.norm(ways, axis=1, keepdims=True), number)
    return walk


def _begin(walk: Walk, others: FloatArray, most: tuple[int, int], rng: np.random.Generator) -> None:
    """The nearest of some random points, and failing these the nearest of the other inputs, with another label.

    `most` says how many of either are asked about.
    """
    low, high = walk.box or (others.min(axis=0), others.max(axis=0))
    drawn = rng.uniform(low, high, (most[0], walk.rows.shape[1]))
    for candidates in (drawn, others[: most[1]]):
        lost = np.flatnonzero(np.isinf(walk.distances))
        if not len(lost):
            return
        told = walk.labels(candidates)
        walk.queries[lost] += len(candidates)
        for i in lost:
            usable = candidates[told != walk.right[i]]
            if len(usable):
                nearest = usable[np.linalg.norm(usable - walk.rows[i], axis=1).argmin()]
                walk.take(np.array([i]), nearest[None])


def _bisect(walk: Walk, which: IntArray, far: FloatArray) -> None:
    """Draw points of another label towards their rows as far as they keep it, in a fixed number of halvings."""
    if not len(which):
        return
    rows = walk.rows[which]
    low, high = np.zeros((len(which), 1)), np.ones((len(which), 1))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_wrong = walk.is_wrong(which, rows + middle * (far - rows))[:, None]
        low, high = np.where(is_wrong, low, middle), np.where(is_wrong, middle, high)
    walk.take(which, rows + high * (far - rows))


def _advance(walk: Walk, active: IntArray, ways: FloatArray, number: int) -> None:
    """One round: estimate which way the boundary faces, step along, and come back to the boundary."""
    per_block = max(1, BLOCK // ways.size)
    for start in range(0, len(active), per_block):
        which = active[start : start + per_block]
        distances = walk.distances[which]
        reach = np.full(len(which), FIRST_PROBE) if number == 1 else THETA * distances
        normal = _normal(walk, which, ways, reach)
        stepped, moved = _step(walk, which, normal, distances / math.sqrt(number))
        _bisect(walk, which[moved], stepped[moved])
        walk.rounds[which] = number


def _normal(walk: Walk, which: IntArray, ways: FloatArray, reach: FloatArray) -> FloatArray:
    """The mean of the directions, weighted by whether they keep the other label less how many do."""
    probes = walk.points[which][:, None, :] + reach[:, None, None] * ways[None]
    kept = np.where(walk.is_wrong(which, probes), 1.0, -1.0)
    mean = kept.mean(axis=1, keepdims=True)
    weights = np.where(np.abs(mean) == 1, kept, kept - mean)
    normal = weights @ ways
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), TINY))


def _step(walk: Walk, which: IntArray, normal: FloatArray, stride: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The longest step, halved a bounded number of times, that keeps the other label; and which rows found one."""
    points, stride = walk.points[which].copy(), stride.copy()
    moved = np.zeros(len(which), dtype=bool)
    for _ in range(HALVINGS + 1):
        left = np.flatnonzero(~moved)
        if not len(left):
            break
        tried = walk.points[which[left]] + stride[left, None] * normal[left]
        good = walk.is_wrong(which[left], tried)
        points[left[good]], moved[left[good]] = tried[good], True
        stride[left[~good]] /= 2
    return points, moved
