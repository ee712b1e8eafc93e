"""Shewhart, CUSUM and EWMA charts of a series against a reference window, corrected for autocorrelation."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray


@dataclass(frozen=True)
class Reference:
    """What the series did in control: mean, standard deviation, and how much one point resembles the one before."""

    n: int
    mean: float
    sd: float
    correlation: float
    last: float


@dataclass(frozen=True)
class Chart:
    """What is drawn and which points signal."""

    values: FloatArray
    lower: float
    upper: float
    signals: NDArray[np.bool_]


def learn(values: FloatArray) -> Reference:
    """Learn from a window in control. A correlation that chance would yield in 95 % of windows is taken as 0."""
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    centred = values - mean
    total = float((centred**2).sum())
    correlation = float((centred[1:] * centred[:-1]).sum() / total) if total else 0.0
    if abs(correlation) < 1.96 / math.sqrt(len(values)):
        correlation = 0.0
    return Reference(len(values), mean, sd, min(0.95, max(-0.95, correlation)), float(values[-1]))


def standardised(values: FloatArray, reference: Reference) -> FloatArray:
    """What each point adds to what the one before it let expect, in the deviations of that in control.

    The first point is compared with the last one of the reference.
    """
    before = np.concatenate([[reference.last], values[:-1]]) - reference.mean
    surprise = values - reference.mean - reference.correlation * before
    return np.asarray(surprise / (reference.sd * math.sqrt(1 - reference.correlation**2)))


def shewhart(z: FloatArray, *, width: float) -> Chart:
    return Chart(z, -width, width, np.abs(z) > width)


def cusum(z: FloatArray, *, k: float, h: float) -> Chart:
    """The larger of the two sums at every point, the lower one as a negative number; both go on after a signal."""
    drawn, signals = np.empty(len(z)), np.zeros(len(z), dtype=bool)
    up = down = 0.0
    for i, value in enumerate(z.tolist()):
        up, down = max(0.0, up + value - k), max(0.0, down - value - k)
        drawn[i] = up if up >= down else -down
        signals[i] = max(up, down) > h
    return Chart(drawn, -h, h, signals)


def ewma(z: FloatArray, *, weight: float, width: float) -> Chart:
    limit = width * math.sqrt(weight / (2 - weight))
    drawn, mean = np.empty(len(z)), 0.0
    for i, value in enumerate(z.tolist()):
        mean += weight * (value - mean)
        drawn[i] = mean
    return Chart(drawn, -limit, limit, np.abs(drawn) > limit)
