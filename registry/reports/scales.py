"""From values to positions: linear scales that end on round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from `lower..upper` to positions `start..end`; values outside are clamped to the ends."""

    lower: float
    upper: float
    start: float = 0.5
    end: float = 99.5

    def __call__(self, value: float) -> float:
        if self.upper <= self.lower:
            return (self.start + self.end) / 2
        share = (min(max(value, self.lower), self.upper) - self.lower) / (self.upper - self.lower)
        return self.start + share * (self.end - self.start)


def step_for(span: float) -> float:
    """A round step (1, 2 or 5 times a power of ten) that goes about five times into `span`."""
    raw = span / 5
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(times * magnitude for times in (1, 2, 5, 10) if times * magnitude >= raw * 0.999)


def scale_over(
    values: Sequence[float], *, lower: float | None, upper: float | None, start: float = 0.5, end: float = 99.5
) -> Scale:
    """A scale that shows every value: the natural bounds where known, widened where a value lies beyond them.

    Without bounds it ends on round numbers with a little room, though shares get no room below 0 or above 1.
    """
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    step = step_for(span)
    bottom = round(math.floor((low - span * 0.12) / step) * step, 12)
    top = round(math.ceil((high + span * 0.12) / step) * step, 12)
    if low >= 0:
        bottom = max(bottom, 0.0)
    if low >= 0 and high <= 1:
        top = min(top, 1.0)
    return Scale(bottom if lower is None else min(lower, low), top if upper is None else max(upper, high), start, end)
