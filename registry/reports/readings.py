"""The numbers of an interval that is to be drawn, and what they come to against what is asked of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from registry.reports.figures import as_number, format_interval, format_limit, format_number

AT_MOST = frozenset({"at_most", "at most", "max", "maximum", "upper", "<=", "<", "le", "lower_is_better", "below"})
NOT_OK = {"insufficient_data": "not enough data", "not_applicable": "does not apply", "error": "error"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of one interval, and the span it has to lie in; an end that is None is open."""

    low: float | None
    high: float | None
    value: float | None
    floor: float | None
    ceiling: float | None

    @property
    def limits(self) -> list[float]:
        return [each for each in (self.floor, self.ceiling) if each is not None]

    @property
    def known(self) -> list[float]:
        return [each for each in (self.low, self.high, self.value, *self.limits) if each is not None]

    @property
    def is_measured(self) -> bool:
        return any(each is not None for each in (self.low, self.high, self.value))

    @property
    def state(self) -> str:
        """`passed` when the whole interval is allowed, `failed` when none of it is, else `undecided`."""
        if not self.limits:
            return "neutral"
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        floor = -math.inf if self.floor is None else self.floor
        ceiling = math.inf if self.ceiling is None else self.ceiling
        if floor <= low and high <= ceiling:
            return "passed"
        return "failed" if high < floor or low > ceiling else "undecided"

    def asked(self, unit: str) -> str:
        """What is asked, in words."""
        if self.floor is not None and self.ceiling is not None:
            return f"{format_limit(self.floor, unit)} to {format_limit(self.ceiling, unit)}"
        return (
            f"at most {format_limit(self.ceiling, unit)}"
            if self.floor is None
            else f"at least {format_limit(self.floor, unit)}"
        )


def read(
    *, low: object, high: object, value: object, limit: object, direction: str, tolerance: object = None
) -> Reading:
    """The drawable numbers; ends in the wrong order are put right, anything that isn't finite is taken as missing."""
    start, end = as_number(low), as_number(high)
    if start is not None and end is not None and start > end:
        start, end = end, start
    bound = as_number(limit)
    floor, ceiling = bound, None
    if str(direction).lower() in AT_MOST:
        floor, ceiling = None, bound
    elif direction == "within" and bound is not None:
        room = abs(as_number(tolerance) or 0.0)
        floor, ceiling = bound - room, bound + room
    return Reading(start, end, as_number(value), floor, ceiling)


def why_not(status: object) -> str:
    """Why a reading isn't drawn, in the words of the tables; "" for one that is.

    Too few rows leave a number that a table may show and a chart may not: beside the others it would look measured.
    """
    stated = str(status or "ok")
    return "" if stated == "ok" else NOT_OK.get(stated, stated.replace("_", " "))


def describe(reading: Reading, *, unit: str, state: str) -> str:
    """The chart in words."""
    if not reading.is_measured:
        return "not measured"
    limit = next(iter(reading.limits), None)
    found = format_interval(reading.low, reading.high, unit=unit, limit=limit)
    if reading.low is None and reading.high is None:
        found = f"{format_number(reading.value, unit)}, no interval"
    elif reading.value is not None:
        found = f"{format_number(reading.value, unit)}, interval {found}"
    return f"Found {found}." if not reading.limits else f"Asked {reading.asked(unit)}; found {found}: {state}."
