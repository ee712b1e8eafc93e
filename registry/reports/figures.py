"""How a number is written: three significant digits, never scientific, and never a zero for something missing."""

from __future__ import annotations

import math
import re
from typing import Final, TypeGuard

from registry.gates.numbers import exact, percentage, plain

COUNTED: Final = "counted"
NOT_MEASURED: Final = "not measured"
NBSP: Final = "\u00a0"
RATE_UNITS: Final = frozenset({"rate", "percent", "proportion", "share", "%"})
BARE_UNITS: Final = frozenset({"", "ratio", "score", "index", "count", "none"})


def is_number(value: object) -> TypeGuard[float]:
    """True for a finite number; False for None, NaN, infinities, booleans and text."""
    if isinstance(value, bool):
        return False
    try:
        return math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def as_number(value: object) -> float | None:
    """The finite number in `value`, or None where there is none."""
    return float(value) if is_number(value) else None


def format_number(value: object, unit: str = "", *, digits: int = 3) -> str:
    """The value as people read it: '0.652', '70.8%' where the unit is a rate, '1,989', or 'not measured'."""
    number = as_number(value)
    if number is None:
        return NOT_MEASURED
    if isinstance(value, int) or (unit == "count" and number.is_integer()):
        return f"{value if isinstance(value, int) else int(number):,}".replace("-", "\u2212") + _suffix(unit)
    if unit in RATE_UNITS:
        return f"{percentage(number, digits=digits)}%"
    return plain(number, digits=digits) + _suffix(unit)


def format_limit(limit: object, unit: str = "") -> str:
    """A number that somebody chose, with as many digits as it was chosen with, as the gate writes it."""
    number = as_number(limit)
    if number is None:
        return NOT_MEASURED
    return f"{exact(round(number * 100, 9))}%" if unit in RATE_UNITS else exact(number) + _suffix(unit)


def _suffix(unit: str) -> str:
    return "" if unit in BARE_UNITS or unit in RATE_UNITS else f"{NBSP}{unit}"


def format_level(level: object) -> str:
    """A confidence level in percent: '95%'; empty where there is none."""
    number = as_number(level)
    return "" if number is None else f"{percentage(number)}%"


def format_interval(low: object, high: object, *, level: object = None, unit: str = "", limit: object = None) -> str:
    """'0.57 \u2013 0.75, 95%'; an open end is said in words, and no end at all is 'not measured'.

    Both ends are told from the `limit` that they are judged by.
    """
    if not is_number(low) and not is_number(high):
        return NOT_MEASURED
    if not is_number(high):
        text = f"at least {format_against(low, limit, unit)}"
    elif not is_number(low):
        text = f"at most {format_against(high, limit, unit)}"
    elif unit == "count" and low == high:
        return COUNTED
    else:
        ends = [format_against(low, limit, unit), format_against(high, limit, unit)]
        text = ends[0] if ends[0] == ends[1] and ends[0].startswith("less") else " \u2013 ".join(ends)
    confidence = format_level(level)
    return f"{text}, {confidence}" if confidence else text


def format_against(value: object, limit: object, unit: str = "") -> str:
    """Like `format_number`, with as many digits as it takes to tell the value from the limit it is judged by."""
    text = format_number(value, unit)
    if not is_number(value) or not is_number(limit) or float(value) == float(limit):
        return text
    for digits in range(3, 7):
        text = format_number(value, unit, digits=digits)
        if _bare(text) != _bare(format_number(limit, unit, digits=digits)):
            break
    return text


def _bare(text: str) -> str:
    """Without the zeros at its end, which tell nothing apart: 10.0% is 10%."""
    return re.sub(r"\.?0+(?=\D*\Z)", "", text) if "." in text else text
