"""Two tests of calibration: Spiegelhalter's z and Hosmer–Lemeshow for an external model."""

import math
from collections.abc import Mapping
from typing import Any

from evaluators.libraries import library


def spiegelhalter(sums: tuple[float, float]) -> tuple[float, float] | None:
    """z and its two-sided p-value, or None if every probability is 0, 1/2 or 1 and z has no variance."""
    numerator, variance = sums
    if variance <= 0:
        return None
    z = numerator / math.sqrt(variance)
    return z, math.erfc(abs(z) / math.sqrt(2))


def hosmer_lemeshow(groups: Mapping[str, Any] | None) -> tuple[float, int, float] | None:
    """Statistic, degrees of freedom and p-value, or None if some group has no variance.

    The model was not fitted on these rows, so there are as many degrees of freedom as groups.
    """
    if not groups or min(groups["variance"]) <= 0:
        return None
    terms = ((y - p) ** 2 / v for p, y, v in zip(groups["p"], groups["y"], groups["variance"], strict=True))
    statistic, freedom = sum(terms), len(groups["n"])
    return statistic, freedom, float(library("scipy.special").chdtrc(freedom, statistic))
