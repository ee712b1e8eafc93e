"""The worst that changing a few cells of a row can do, within what the cells may hold."""

from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.models.model import Model
from evaluators.robustness.perturbations import CATEGORY, WHOLE, Columns

STEPS = (0.25, 0.5, 0.75, 1.0)
MAX_CATEGORIES = 20
# Sequences of changes per row up to which all are tried; beyond that the best few after each change go on.
ENUMERATED = 4_000
BEAM = 6
# How many cells are asked about at once, and how many of points that go on are held.
BLOCK, HELD = 1 << 21, 1 << 23


@dataclass(frozen=True)
class Space:
    """What may be changed: at most `changes` cells of a row, numbers by `reach` standard deviations and in range."""

    columns: Columns
    changes: int
    reach: float

    def moves(self, rows: FloatArray) -> tuple[IntArray, FloatArray]:
        """Which feature each move changes (m,), and to what in each row (n, m). The first move changes nothing."""
        features, values = [0], [rows[:, 0]]
        for j, is_fixed in enumerate(self.columns.is_fixed):
            if is_fixed:
                continue
            for value in self._values(rows[:, j], j):
                features.append(j)
                values.append(value)
        return np.array(features), np.stack(values, axis=1)

    @property
    def is_cut(self) -> bool:
        """Whether a feature that may change has more categories than are tried."""
        found = zip(self.columns.categories, self.columns.is_fixed, strict=True)
        return any(len(known) > MAX_CATEGORIES and not is_fixed for known, is_fixed in found)

    def _values(self, column: FloatArray, j: int) -> list[FloatArray]:
        if self.columns.kinds[j] == CATEGORY:
            known = self.columns.categories[j][:MAX_CATEGORIES]
            return [np.where(np.isnan(column), column, code) for code in known]
        span = self.reach * self.columns.spread[j]
        found = []
        for step in (-s * span for s in STEPS), (s * span for s in STEPS):
            for offset in step:
                # Towards the row, so that rounding never leaves the reach.
                moved = column + (np.trunc(offset) if self.columns.kinds[j] == WHOLE else offset)
                found.append(np.clip(moved, self.columns.low[j], self.columns.high[j]))
        return found

    def violations(self, rows: FloatArray, points: FloatArray) -> IntArray:
        """How many rules each point breaks, looked at afresh and not as it was made."""
        columns = self.columns
        changed = ~((rows == points) | (np.isnan(rows) & np.isnan(points)))
        broken = (changed.sum(axis=1) > self.changes).astype(np.int64)
        broken += (changed & np.array(columns.is_fixed)).sum(axis=1)
        broken += (changed & ((points < columns.low) | (points > columns.high))).sum(axis=1)
        for j, kind in enumerate(columns.kinds):
            moved = changed[:, j]
            if kind == CATEGORY:
                broken += moved & ~np.isin(points[:, j], columns.categories[j])
                continue
            far = np.abs(points[:, j] - rows[:, j]) > self.reach * columns.spread[j] * (1 + 1e-9)
            broken += moved & far
            if kind == WHOLE:
                broken += moved & (points[:, j] != np.round(points[:, j]))
        return np.asarray(broken)


def attack(model: Model, rows: FloatArray, labels: IntArray, space: Space) -> tuple[FloatArray, bool]:
    """Points with another label where one was found, the rows themselves elsewhere; and whether all were tried.

    Change by change, every allowed value of every cell is tried, and the points on which the model is least sure of
    the right label go on. Where few sequences are possible none is dropped, so that nothing is overlooked.
    """
    features, values = space.moves(rows)
    is_complete = len(features) ** space.changes <= ENUMERATED
    width = len(features) ** space.changes if is_complete else BEAM
    found = rows.copy()
    size = max(1, HELD // (width * rows.shape[1]))
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        found[part] = _walked(model, rows[part], labels[part], features, values[part], space.changes, width)
    return found, is_complete and not space.is_cut


def _walked(
    model: Model, rows: FloatArray, labels: IntArray, features: IntArray, values: FloatArray, changes: int, width: int
) -> FloatArray:
    """The points of `attack`, for rows whose beams are held together."""
    beams, found = rows[:, None, :].copy(), rows.copy()
    left = np.arange(len(rows))
    for _ in range(changes):
        if not len(left):
            break
        beams = _extended(model, beams, features, values[left], labels[left], width)
        wrong = model.labels(beams.reshape(-1, rows.shape[1])).reshape(beams.shape[:2]) != labels[left, None]
        fell = wrong.any(axis=1)
        found[left[fell]] = beams[fell, wrong[fell].argmax(axis=1)]
        left, beams = left[~fell], beams[~fell]
    return found


def _extended(
    model: Model, beams: FloatArray, features: IntArray, values: FloatArray, labels: IntArray, width: int
) -> FloatArray:
    """Every point with every further change, and of these the `width` points with the smallest margin."""
    n, many, d = beams.shape
    per_row = many * len(features)
    kept = []
    # Points that are all asked about at once: of several rows, or of one row some.
    size, step = max(1, BLOCK // (per_row * d)), max(1, BLOCK // d)
    for start in range(0, n, size):
        part = slice(start, start + size)
        parts = np.split(np.arange(per_row), range(step, per_row, step))
        margins = np.concatenate(
            [_margins(model, _changed(beams[part], features, values[part], which), labels[part]) for which in parts],
            axis=1,
        )
        best = np.argsort(margins, axis=1, kind="stable")[:, :width]
        kept.append(
            np.stack(
                [
                    _changed(beams[i : i + 1], features, values[i : i + 1], which)[0]
                    for i, which in enumerate(best, start=start)
                ]
            )
        )
    return np.concatenate(kept)


def _changed(beams: FloatArray, features: IntArray, values: FloatArray, which: IntArray) -> FloatArray:
    """(n, m, d): of every point of the beams with every change, point after point, those at these places."""
    moves, places = which % len(features), np.arange(len(which))
    points = beams[:, which // len(features)]
    is_moved = moves > 0
    points[:, places[is_moved], features[moves[is_moved]]] = values[:, moves[is_moved]]
    return points


def _margins(model: Model, points: FloatArray, labels: IntArray) -> FloatArray:
    """(n, m): the score of each row's label less the best other, at its points (n, m, d)."""
    n, m, d = points.shape
    scores, labels = model.scores(points.reshape(-1, d)), np.repeat(labels, m)
    right = np.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
    np.put_along_axis(scores, labels[:, None], -np.inf, axis=1)
    return np.asarray(right - scores.max(axis=1)).reshape(n, m)
