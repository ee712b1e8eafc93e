"""How many points a control chart runs until it signals, by a Markov chain over its states.

Brook and Evans, "An approach to the probability distribution of cusum run length", Biometrika 1972; Lucas and
Saccucci, Technometrics 1990. Shifts are in standard deviations.
"""

import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray
from evaluators.libraries import library

STATES = 400
EWMA_STATES = 401
# What the p-value of a chart with signals is, in the detail of its reading.
IN_CONTROL = "the chance of any signal in as many points in control"


def shewhart_run_length(width: float, shift: float = 0.0) -> float:
    """Mean number of points until one lies beyond ±width."""
    normal = NormalDist()
    return 1 / (normal.cdf(-width - shift) + normal.cdf(-width + shift))


def shewhart_width(run_length: float) -> float:
    """The width whose run length in control is the wanted one."""
    return -NormalDist().inv_cdf(1 / (2 * run_length))


@cache
def cusum_run_length(k: float, h: float, shift: float = 0.0) -> float:
    """Mean number of points until the upper or the lower sum passes h; both sums begin at 0."""
    return 1 / (1 / _one_sided(k, h, shift) + 1 / _one_sided(k, h, -shift))


@cache
def ewma_run_length(weight: float, width: float, shift: float = 0.0) -> float:
    """Mean number of points until the weighted mean leaves ±width of its lasting standard deviations."""
    limit = width * math.sqrt(weight / (2 - weight))
    step = 2 * limit / EWMA_STATES
    centres = -limit + (np.arange(EWMA_STATES) + 0.5) * step
    carried = (1 - weight) * centres[:, None]
    upper = (centres + step / 2 - carried) / weight - shift
    lower = (centres - step / 2 - carried) / weight - shift
    return float(_steps(_phi(upper) - _phi(lower))[EWMA_STATES // 2])


@cache
def ewma_width(weight: float, run_length: float) -> float:
    """The width whose run length in control is the wanted one."""
    return _solved(lambda width: ewma_run_length(weight, width), run_length, 0.5, 6.0)


@cache
def cusum_height(k: float, run_length: float) -> float:
    """The decision limit whose two-sided run length in control is the wanted one."""
    return _solved(lambda h: cusum_run_length(k, h), run_length, 0.5, 15.0)


def chance_of_a_signal(points: int, run_length: float) -> float:
    """How likely at least one signal is in that many points if nothing has changed."""
    return -math.expm1(-points / run_length)


def _one_sided(k: float, h: float, shift: float) -> float:
    width = 2 * h / (2 * STATES - 1)
    centres = np.arange(STATES) * width
    gaps = centres[None, :] - centres[:, None]
    chances = _phi(gaps + width / 2 + k - shift) - _phi(gaps - width / 2 + k - shift)
    chances[:, 0] = _phi(-centres + width / 2 + k - shift)
    return float(_steps(chances)[0])


def _steps(chances: FloatArray) -> FloatArray:
    """Mean number of steps until the chain leaves, from every state."""
    return np.asarray(np.linalg.solve(np.eye(len(chances)) - chances, np.ones(len(chances))))


def _phi(values: NDArray[Any]) -> FloatArray:
    return np.asarray(library("scipy.special").ndtr(values))


def _solved(function: Callable[[float], float], target: float, low: float, high: float) -> float:
    found: float = library("scipy.optimize").brentq(lambda x: math.log(function(x) / target), low, high, xtol=1e-6)
    return found
