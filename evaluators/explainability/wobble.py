"""How far attributions move when the input hardly does, and when only seed and background change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.ranks import midranks

# Relative changes of what is nearly 0 are taken relative to this share of its usual size.
FLOOR = 1e-3


def relative_change(before: FloatArray, after: FloatArray, floor: FloatArray) -> FloatArray:
    """The length over features of (before - after) / before, (n, S) from (n, 1, d) and (n, S, d)."""
    size = np.where(np.abs(before) > floor, np.abs(before), np.maximum(floor, np.finfo(np.float64).tiny))
    return np.asarray(np.sqrt((((before - after) / size) ** 2).sum(axis=-1)))


@dataclass(frozen=True)
class Around:
    """Rows (n, 1, d) and their neighbours (n, S, d) side by side along axis 1: what goes in, phi, what comes out."""

    given: FloatArray
    phi: FloatArray
    outputs: FloatArray


def looked_around(
    explain: Callable[[FloatArray], FloatArray],
    function: Callable[[FloatArray], FloatArray],
    rows: FloatArray,
    steps: FloatArray,
) -> Around:
    """Explain rows and their neighbours in one batch. `steps` (n, S, d) is added to the rows."""
    given = np.concatenate([rows[:, None, :], rows[:, None, :] + steps], axis=1)
    flat = given.reshape(-1, given.shape[2])
    phi, outputs = explain(flat), np.asarray(function(flat))
    return Around(given, phi.reshape(given.shape), outputs.reshape(*given.shape[:2], 1))


def joined(parts: Sequence[Around]) -> Around:
    """The parts as one."""
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in ("given", "phi", "outputs")]
    return Around(*columns)


def instability(found: Around) -> tuple[FloatArray, FloatArray]:
    """Per row the largest change of phi over that of the input (n,), and over that of the output.

    NaN where nothing near the row changes the output.
    """
    stepped, moved, answered = (
        relative_change(values[:, :1], values[:, 1:], _floor(values[:, 0]))
        for values in (found.given, found.phi, found.outputs)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        by_output = np.where(answered > 0, moved / answered, np.nan)
    is_flat = ~np.isfinite(by_output).any(axis=1)
    largest = np.where(np.isfinite(by_output), by_output, -np.inf).max(axis=1)
    return (moved / np.where(stepped > 0, stepped, np.inf)).max(axis=1), np.where(is_flat, np.nan, largest)


def _floor(values: FloatArray) -> FloatArray:
    return np.asarray(FLOOR * np.abs(values).mean(axis=0))


def spearman(a: FloatArray, b: FloatArray) -> FloatArray:
    """Rank correlation per row of two matrices (n, d); NaN where one of them has all equal values."""
    # Values that differ by rounding alone are equal.
    ranks = [np.array([midranks(_rounded(row)) for row in matrix]) for matrix in (a, b)]
    x, y = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    norm = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.where(norm > 0, (x * y).sum(axis=1) / np.where(norm > 0, norm, 1.0), np.nan)


def pairwise_agreement(found: list[FloatArray]) -> FloatArray:
    """Per row the mean rank correlation over all pairs of explanations (n, d)."""
    return np.asarray(np.mean([spearman(a, b) for a, b in combinations(found, 2)], axis=0))


def _rounded(row: FloatArray) -> FloatArray:
    largest = float(np.abs(row).max())
    return np.round(row / largest, 9) if largest > 0 else row
