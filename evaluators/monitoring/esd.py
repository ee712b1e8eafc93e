"""Outliers of a series: what is left after trend and season, by the generalised extreme Studentised deviate test.

Rosner, "Percentage Points for a Generalized ESD Many-Outlier Procedure", Technometrics 1983.
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.libraries import library


@dataclass(frozen=True)
class Outliers:
    """Statistics R and critical values λ in the order of removal, the places removed, and how many are outliers."""

    statistics: FloatArray
    critical: FloatArray
    places: IntArray
    count: int


def generalised_esd(values: FloatArray, *, most: int, alpha: float = 0.05) -> Outliers:
    """Remove the farthest value `most` times; the outliers are those up to the last R that passes its λ."""
    n = len(values)
    left = np.arange(n)
    removed: list[int] = []
    found: list[float] = []
    for _ in range(min(most, n - 2)):
        rest = values[left]
        sd = rest.std(ddof=1)
        deviation = np.abs(rest - rest.mean())
        place = int(deviation.argmax())
        found.append(float(deviation[place] / sd) if sd > 0 else 0.0)
        removed.append(int(left[place]))
        left = np.delete(left, place)
    critical = np.array([critical_value(n, i + 1, alpha) for i in range(len(found))])
    passed = np.flatnonzero(np.array(found) > critical)
    count = int(passed[-1]) + 1 if passed.size else 0
    return Outliers(np.array(found), critical, np.array(removed, dtype=np.int64), count)


def critical_value(n: int, i: int, alpha: float) -> float:
    """λ of the i-th removal from n values."""
    p = 1 - alpha / (2 * (n - i + 1))
    t = float(library("scipy.special").stdtrit(n - i - 1, p))
    return (n - i) * t / math.sqrt((n - i - 1 + t * t) * (n - i + 1))


def remainder(values: FloatArray, *, period: int) -> FloatArray:
    """The series without its trend and season (robust STL). Raises MissingLibrary without statsmodels."""
    stl = library("statsmodels.tsa.seasonal").STL
    return np.asarray(stl(values, period=period, robust=True).fit().resid, dtype=np.float64)
