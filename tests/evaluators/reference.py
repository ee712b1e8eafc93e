"""Slow and plain: what the fast code must agree with, row by row."""

import itertools
import math
from collections.abc import Callable

import numpy as np


def rate_by_rows(label: np.ndarray, prediction: np.ndarray, name: str) -> float | None:
    """A group rate by looking at every row; None if no row counts."""
    base: dict[str, Callable[[int, int], bool]] = {
        "selection_rate": lambda y, p: True,
        "base_rate": lambda y, p: True,
        "accuracy": lambda y, p: True,
        "tpr": lambda y, p: y == 1,
        "fnr": lambda y, p: y == 1,
        "fpr": lambda y, p: y == 0,
        "ppv": lambda y, p: p == 1,
        "npv": lambda y, p: p == 0,
    }
    hit: dict[str, Callable[[int, int], bool]] = {
        "selection_rate": lambda y, p: p == 1,
        "base_rate": lambda y, p: y == 1,
        "accuracy": lambda y, p: y == p,
        "tpr": lambda y, p: p == 1,
        "fnr": lambda y, p: p == 0,
        "fpr": lambda y, p: p == 1,
        "ppv": lambda y, p: y == 1,
        "npv": lambda y, p: y == 0,
    }
    rows = [(y, p) for y, p in zip(label, prediction, strict=True) if base[name](y, p)]
    return sum(hit[name](y, p) for y, p in rows) / len(rows) if rows else None


def weighted_rate_by_rows(cells: np.ndarray, weights: np.ndarray, name: str) -> float | None:
    """A group rate by looking at every row as often as its whole weight says. Cells are 2 y + p."""
    repeated = np.repeat(cells, weights.astype(int))
    return rate_by_rows(repeated // 2, repeated % 2, name)


def violation_by_rows(people: np.ndarray, label: np.ndarray, prediction: np.ndarray, name: str) -> dict:
    """(n_g / n) |rate_g - rate| of every subgroup named by some columns' values, by looking at every row."""
    everybody = rate_by_rows(label, prediction, name)
    size = denominator_by_rows(label, prediction, name)
    found = {}
    for chosen in itertools.product((None, *sorted(set(people.ravel().tolist()))), repeat=people.shape[1]):
        mine = np.array([all(want in (None, has) for want, has in zip(chosen, row, strict=True)) for row in people])
        mine_rate = rate_by_rows(label[mine], prediction[mine], name)
        if mine.any() and not mine.all() and mine_rate is not None and everybody is not None:
            share = denominator_by_rows(label[mine], prediction[mine], name) / size
            found[chosen] = share * abs(mine_rate - everybody)
    return found


def denominator_by_rows(label: np.ndarray, prediction: np.ndarray, name: str) -> int:
    wanted = {"selection_rate": lambda y, p: True, "tpr": lambda y, p: y == 1, "fpr": lambda y, p: y == 0}[name]
    return sum(wanted(y, p) for y, p in zip(label, prediction, strict=True))


def consistency_by_rows(rows: np.ndarray, decision: np.ndarray, k: int) -> float:
    """1 - mean |decision - mean decision of the k nearest|, by sorting all distances of every row."""
    terms = []
    for i, row in enumerate(rows):
        distance = np.linalg.norm(rows - row, axis=1)
        distance[i] = np.inf
        terms.append(abs(decision[i] - decision[np.argsort(distance, kind="stable")[:k]].mean()))
    return 1 - float(np.mean(terms))


def modal_by_rows(codes: np.ndarray) -> list[int]:
    """The most frequent label of each row over models (models, rows), the smallest of several."""
    columns = [column.tolist() for column in codes.T]
    return [min(column, key=lambda code: (-column.count(code), code)) for column in columns]


def auc_and_variance_by_pairs(positive: np.ndarray, negative: np.ndarray) -> tuple[float, float]:
    """AUC and DeLong's variance from the matrix of all pairs."""
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    variance = wins.mean(axis=1).var(ddof=1) / len(positive) + wins.mean(axis=0).var(ddof=1) / len(negative)
    return float(wins.mean()), float(variance)


def shapley_by_subsets(
    function: Callable[[np.ndarray], np.ndarray], background: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Interventional Shapley values from all subsets of features."""
    d = len(x)
    subsets = list(itertools.product((False, True), repeat=d))
    mixed = np.where(np.array(subsets)[:, None, :], x, background)
    outputs = function(mixed.reshape(-1, d)).reshape(len(subsets), -1).mean(axis=1)
    value = dict(zip(subsets, outputs.tolist(), strict=True))
    phi = np.zeros(d)
    for chosen, before in value.items():
        size = sum(chosen)
        weight = math.factorial(size) * math.factorial(d - size - 1) / math.factorial(d) if size < d else 0
        for j in (j for j in range(d) if not chosen[j]):
            phi[j] += weight * (value[(*chosen[:j], True, *chosen[j + 1 :])] - before)
    return phi
