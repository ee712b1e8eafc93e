"""RMIA: how much more likely the model makes a row than it makes rows of the population, both against references.

Sorted look-ups in place of the matrix of all pairs: O((N + Z) log Z) time, O(N + Z) memory, the same numbers.
"""

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.ranks import delong, midranks

GRID = tuple(round(0.1 * step, 1) for step in range(11))
TINY = 1e-300


def scores(ratio_x: FloatArray, ratio_z: FloatArray, *, gamma: float = 1.0) -> FloatArray:
    """Per x the share of z with ratio_x / ratio_z >= gamma. Ratios are positive and finite."""
    population = np.sort(np.asarray(ratio_z, dtype=np.float64))
    order = np.argsort(ratio_x, kind="stable")
    asked = np.asarray(ratio_x, dtype=np.float64)[order] / gamma
    found = np.empty(len(asked))
    # Asked in sorted order, neighbouring look-ups touch neighbouring memory.
    found[order] = np.searchsorted(population, asked, side="right")
    return found / len(population)


def ratios(target: FloatArray, out: FloatArray, *, interpolation: float) -> FloatArray:
    """p(x | model) over p(x), from probabilities of the true class by the model and by models not trained on x.

    `interpolation` a stands for models that were trained on x and are not at hand: p(x) = ((1 + a) * out + 1 - a) / 2.
    At a = 1 it is what the models not trained on x say.
    """
    prior = ((1 + interpolation) * out + 1 - interpolation) / 2
    return np.asarray(np.maximum(target, TINY) / np.maximum(prior, TINY))


def ranked(ratio: FloatArray, outside: FloatArray, *, gamma: float) -> FloatArray:
    """The scores against the rows outside, where equal scores are told apart by their ratios.

    All rows above the whole population have a score of 1, which would hide the ones at the lowest error rates.
    """
    steps = 2.0 * len(ratio) * len(outside)
    return scores(ratio, outside, gamma=gamma) + midranks(ratio) / steps


def tune(target: FloatArray, out: FloatArray, member: FloatArray) -> float:
    """The interpolation that separates best on a model whose members are known: never the one that is measured."""
    areas = [delong(ratios(target, out, interpolation=a), member.astype(bool)).auc or 0.0 for a in GRID]
    return GRID[int(np.argmax(areas))]
