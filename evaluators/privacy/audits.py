"""What planted rows show about a privacy promise: bounds from below that hold in finite samples."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.permutation import holm
from evaluators.libraries import library

LARGEST_EPSILON = 60.0
CUTS = 32
LEAST_P = 1e-12


@dataclass(frozen=True)
class Guesses:
    """How many canaries there were, how many were guessed at, and how many guesses were right."""

    canaries: int
    made: int
    right: int


def guess(score: FloatArray, member: NDArray[np.bool_], *, take_in: int, take_out: int) -> Guesses:
    """Guess "in" for the `take_in` highest scores and "out" for the lowest, both fixed before anything is seen.

    A score shared with one that is not guessed at is no ground for a guess: those rows are passed over.
    """
    ordered = np.sort(score)
    highest = score > ordered[-take_in - 1] if 0 < take_in < len(score) else np.full(len(score), take_in > 0)
    lowest = score < ordered[take_out] if 0 < take_out < len(score) else np.full(len(score), take_out > 0)
    right = np.count_nonzero(highest & member) + np.count_nonzero(lowest & ~member)
    return Guesses(len(score), int(highest.sum() + lowest.sum()), int(right))


def p_value(found: Guesses, epsilon: float, delta: float) -> float:
    """How likely so many right guesses are at most, if the promise was kept and canaries were drawn by lot."""
    if not found.right:
        return 1.0
    law = library("scipy.stats").binom(found.made, 1 / (1 + math.exp(-epsilon)))
    tail = float(law.sf(found.right - 1))
    if delta == 0:
        return min(1.0, tail)
    i = np.arange(1, found.right + 1)
    near = (law.cdf(found.right - 1) - law.cdf(found.right - i - 1)) / i
    return min(1.0, tail + 2 * found.canaries * delta * float(near.max()))


def epsilon_bound(found: Guesses, *, delta: float, tail: float) -> float:
    """The largest epsilon that is refuted at error `tail`: training spent more than it. 0 if none is."""
    if p_value(found, 0.0, delta) >= tail:
        return 0.0
    low, high = 0.0, LARGEST_EPSILON
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(found, middle, delta) < tail else (low, middle)
    return low


@dataclass(frozen=True)
class Cuts:
    """At each cut and in each direction, how many of the members and of the others lie beyond it."""

    hits: IntArray
    alarms: IntArray
    members: int
    others: int


def cuts(score: FloatArray, member: NDArray[np.bool_]) -> Cuts:
    """Counts at 32 quantiles of all scores: above them as guesses "in", then at or below them as guesses "out"."""
    places = np.quantile(score, np.arange(1, CUTS + 1) / (CUTS + 1), method="lower")
    inside, outside = np.sort(score[member]), np.sort(score[~member])
    above = len(inside) - np.searchsorted(inside, places, side="right")
    alarms = len(outside) - np.searchsorted(outside, places, side="right")
    return Cuts(above.astype(np.int64), alarms.astype(np.int64), len(inside), len(outside))


def sides(found: Cuts) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Right guesses out of m1 and wrong ones out of m0, for both directions: (hits, m1, alarms, m0)."""
    hits = np.concatenate([found.hits, found.others - found.alarms])
    alarms = np.concatenate([found.alarms, found.members - found.hits])
    size = np.repeat([found.members, found.others], len(found.hits))
    return hits, size, alarms, size[::-1].copy()


def excess(found: Cuts, *, epsilon: float, delta: float, tail: float) -> tuple[float, float, float]:
    """The largest TPR - e^epsilon FPR - delta over cuts and directions, with bounds that hold for all at once."""
    hits, m1, alarms, m0 = sides(found)
    grown, each = math.exp(min(epsilon, LARGEST_EPSILON)), tail / (2 * len(hits))
    value = hits / m1 - grown * alarms / m0 - delta
    low = _lower(hits, m1, each) - grown * _upper(alarms, m0, each) - delta
    high = _upper(hits, m1, each) - grown * _lower(alarms, m0, each) - delta
    return float(value.max()), float(low.max()), float(high.max())


def smallest_p(found: Cuts, *, epsilon: float, delta: float) -> float:
    """The smallest of the cuts' p-values after Holm's correction."""
    hits, m1, alarms, m0 = sides(found)
    grown = math.exp(min(epsilon, LARGEST_EPSILON))
    low, high = np.full(len(hits), math.log(LEAST_P)), np.zeros(len(hits))
    for _ in range(50):
        middle = (low + high) / 2
        half = np.exp(middle) / 2
        refuted = _lower(hits, m1, half) > grown * _upper(alarms, m0, half) + delta
        low, high = np.where(refuted, low, middle), np.where(refuted, middle, high)
    return min(holm([float(p) for p in np.exp(high)]))


def _lower(x: IntArray, m: IntArray, tail: float | FloatArray) -> FloatArray:
    bound = library("scipy.special").betaincinv(np.maximum(x, 1), m - x + 1, tail)
    return np.where(x == 0, 0.0, bound)


def _upper(x: IntArray, m: IntArray, tail: float | FloatArray) -> FloatArray:
    bound = library("scipy.special").betaincinv(x + 1, np.maximum(m - x, 1), 1 - np.asarray(tail))
    return np.where(x == m, 1.0, bound)
