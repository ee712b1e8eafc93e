"""Two-sided intervals for one rate or one difference, and the normal arithmetic around them."""

import math
from statistics import NormalDist

from evaluators.libraries import library

Interval = tuple[float, float]
EXACT_BELOW = 30


def z_quantile(level: float) -> float:
    """The z of a two-sided interval: 1.96 at .95."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def joint_level(level: float, intervals: int) -> float:
    """The level of each of several independent intervals that all hold at once with `level`."""
    return math.exp(math.log(level) / intervals)


def wilson(x: int, m: int, *, level: float) -> Interval:
    """Wilson's score interval of x successes in m > 0 trials."""
    z = z_quantile(level)
    centre = (x + z * z / 2) / (m + z * z)
    half = z / (m + z * z) * math.sqrt(x * (m - x) / m + z * z / 4)
    low = 0.0 if x == 0 else max(0.0, centre - half)
    high = 1.0 if x == m else min(1.0, centre + half)
    return low, high


def clopper_pearson(x: int, m: int, *, level: float) -> Interval:
    """The exact binomial interval of x successes in m > 0 trials; never covers less than the level."""
    inverse = library("scipy.special").betaincinv
    tail = (1 - level) / 2
    low = 0.0 if x == 0 else float(inverse(x, m - x + 1, tail))
    high = 1.0 if x == m else float(inverse(x + 1, m - x, 1 - tail))
    return low, high


def rate_interval(x: int, m: int, *, level: float) -> tuple[Interval, str]:
    """The interval to show for a rate and its name: exact below 30 trials, Wilson from there."""
    if m < EXACT_BELOW:
        return clopper_pearson(x, m, level=level), "clopper-pearson"
    return wilson(x, m, level=level), "wilson"


def newcombe(x1: int, m1: int, x2: int, m2: int, *, level: float) -> Interval:
    """Newcombe's hybrid score interval of x1/m1 - x2/m2."""
    p1, p2 = x1 / m1, x2 / m2
    (low1, high1), (low2, high2) = wilson(x1, m1, level=level), wilson(x2, m2, level=level)
    down = math.hypot(p1 - low1, high2 - p2)
    up = math.hypot(high1 - p1, p2 - low2)
    return p1 - p2 - down, p1 - p2 + up


def paired_difference(gained: int, lost: int, n: int, *, level: float) -> Interval:
    """Of the difference of two rates on the same n rows, `gained` and `lost` counting the rows that changed sides.

    The hull of the normal interval with half a row more on each side, right where many rows changed, and of the exact
    intervals of both shares put together (square-and-add), right where few did.
    """
    value, both = (gained - lost) / n, gained + lost
    wide = normal_interval(value, (both + 1 - (gained - lost) ** 2 / n) / n**2, level=level)
    (low_gain, high_gain), (low_loss, high_loss) = (clopper_pearson(x, n, level=level) for x in (gained, lost))
    down = math.hypot(gained / n - low_gain, high_loss - lost / n)
    up = math.hypot(high_gain - gained / n, lost / n - low_loss)
    return max(-1.0, min(wide[0], value - down)), min(1.0, max(wide[1], value + up))


def normal_interval(value: float, variance: float, *, level: float) -> Interval:
    half = z_quantile(level) * math.sqrt(variance)
    return value - half, value + half


def minimum_detectable_gap(p: float, m1: float, m2: float) -> float:
    """The difference of two rates near p that is found in 80 % of samples of these sizes (two-sided 5 %)."""
    return 2.80 * math.sqrt(p * (1 - p) * (1 / m1 + 1 / m2))
