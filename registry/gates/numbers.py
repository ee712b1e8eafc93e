"""How a number is written for people, in a verdict as on a page: three significant digits, never scientific.

Fields for programs keep every digit; only sentences are written with this.
"""

import math
from typing import Final

SMALLEST: Final = 1e-6
MOST_DIGITS: Final = 6


def plain(number: float, *, digits: int = 3) -> str:
    """`number` with `digits` significant digits, thousands grouped, zeros past the second decimal left out."""
    if number == 0:
        return "0"
    if abs(number) < SMALLEST:
        return f"less than {SMALLEST:.6f}"
    whole = float(number).is_integer()
    if whole and abs(number) >= 10:
        text = f"{number:,.0f}"
    else:
        magnitude = math.floor(math.log10(abs(number)))
        decimals = max(0, digits - 1 - magnitude)
        text = f"{number:,.{decimals}f}"
        while decimals > 2 and text.endswith("0"):
            text, decimals = text[:-1], decimals - 1
    return text.replace("-", "\u2212")


def percentage(share: float, *, digits: int = 3) -> str:
    """A share as a percentage without its sign; a whole percentage keeps no decimals."""
    scaled = share * 100
    if abs(scaled - round(scaled)) < 1e-9:
        return f"{round(scaled):,}".replace("-", "\u2212")
    return plain(scaled, digits=digits)


def exact(number: float) -> str:
    """A number that somebody chose, such as a limit, with as many digits as it was chosen with, six at most."""
    if float(number).is_integer():
        return f"{number:,.0f}".replace("-", "\u2212")
    for digits in range(3, MOST_DIGITS):
        if math.isclose(float(f"{number:.{digits - 1}e}"), number, rel_tol=10**-MOST_DIGITS):
            return plain(number, digits=digits)
    return plain(number, digits=MOST_DIGITS)


def against(number: float, limit: float) -> str:
    """`number` with as many digits as it takes to tell it from the limit by which it is judged."""
    if float(number).is_integer():
        return exact(number)
    for digits in range(3, MOST_DIGITS):
        text = plain(number, digits=digits)
        if number == limit or text != plain(limit, digits=digits):
            return text
    return plain(number, digits=MOST_DIGITS)
