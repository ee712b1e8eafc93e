"""What noisy gradient steps on random batches give away at most: the Rényi accountant of the subsampled Gaussian.

Each step takes every row with probability q and adds normal noise of sigma times the clipping norm. Adding or removing
one row changes the law of T steps by at most epsilon and delta.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import ParameterError
from evaluators.libraries import library

ORDERS = (*(round(1 + step / 10, 1) for step in range(1, 100)), *map(float, range(11, 64)))
CONVERSIONS = ("classic", "tighter")
POINTS = 20_001
REACH = 14.0
# Below it a square of the noise has no full digits left, or is 0.
SMALLEST_SQUARE = 1e-300


@dataclass(frozen=True)
class Spent:
    """An epsilon, by which conversion, and the order at which it was smallest."""

    epsilon: float
    conversion: str
    order: float


def renyi(order: float, *, rate: float, noise: float) -> float:
    """The Rényi divergence of that order (> 1) that one step spends."""
    if rate == 0:
        return 0.0
    if noise**2 < SMALLEST_SQUARE:
        return math.inf
    if rate == 1:
        return order / (2 * noise**2)
    total = _whole(int(order), rate, noise) if order == int(order) else _fractional(order, rate, noise)
    return max(total, 0.0) / (order - 1)


def _whole(order: int, rate: float, noise: float) -> float:
    """The logarithm of the binomial sum for whole orders."""
    special = library("scipy.special")
    k = np.arange(order + 1, dtype=np.float64)
    choose = special.gammaln(order + 1) - special.gammaln(k + 1) - special.gammaln(order - k + 1)
    terms = choose + (order - k) * math.log1p(-rate) + k * math.log(rate) + (k * k - k) / (2 * noise**2)
    return float(special.logsumexp(terms))


def _fractional(order: float, rate: float, noise: float) -> float:
    """The logarithm of the integral for other orders, by the trapezoidal rule: the integrand is smooth and vanishes."""
    special = library("scipy.special")
    z = np.linspace(-REACH * noise, order + REACH * noise, POINTS)
    normal = -(z**2) / (2 * noise**2) - math.log(noise * math.sqrt(2 * math.pi))
    shifted = np.logaddexp(math.log1p(-rate), math.log(rate) + (2 * z - 1) / (2 * noise**2))
    return float(special.logsumexp(normal + order * shifted)) + math.log(z[1] - z[0])


def accounted(*, rate: float, noise: float, steps: int, delta: float, conversion: str) -> Spent:
    """The smallest epsilon over the orders after `steps` steps. Raises ParameterError for one beyond all numbers."""
    # With next to no noise the sums overflow, and what comes out of them then is no small epsilon.
    with np.errstate(all="ignore"):
        spent = steps * np.array([renyi(order, rate=rate, noise=noise) for order in ORDERS])
    orders = np.array(ORDERS)
    bounds = spent + _conversion(orders, delta, conversion)
    if not np.isfinite(bounds).all():
        raise ParameterError(f"noise of {noise:g} over {steps:,} steps spends more epsilon than can be counted")
    best = int(np.argmin(bounds))
    return Spent(max(0.0, float(bounds[best])), conversion, ORDERS[best])


def _conversion(orders: FloatArray, delta: float, conversion: str) -> FloatArray:
    if conversion == "classic":
        return -math.log(delta) / (orders - 1)
    return np.log1p(-1 / orders) - (math.log(delta) + np.log(orders)) / (orders - 1)


def gaussian_delta(epsilon: float, mu: float) -> float:
    """The delta of a Gaussian mechanism with signal mu at that epsilon, exactly."""
    phi = NormalDist().cdf
    return phi(-epsilon / mu + mu / 2) - math.exp(epsilon) * phi(-epsilon / mu - mu / 2)


def limit_mu(*, rate: float, noise: float, steps: float) -> float:
    """The signal that many small steps come to in the limit (a central limit theorem, so an approximation)."""
    return rate * math.sqrt(steps * math.expm1(1 / noise**2))
