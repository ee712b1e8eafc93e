"""The interval drawn against its limit: what is judged is what is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.safestring import SafeString

from registry.reports.figures import as_number, format_against, format_interval, format_number
from registry.reports.svg import EMPTY, INKS, Scale, absent, chart, element, percent, scale_over, text

AT_MOST = frozenset({"at_most", "at most", "max", "maximum", "upper", "<=", "<", "le", "lower_is_better", "below"})
TOP, BASE = 24.0, 52.0
MIDDLE = (TOP + BASE) / 2


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
            return f"{format_number(self.floor, unit)} to {format_number(self.ceiling, unit)}"
        return (
            f"at most {format_number(self.ceiling, unit)}"
            if self.floor is None
            else f"at least {format_number(self.floor, unit)}"
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


def interval_chart(
    *,
    low: object = None,
    high: object = None,
    value: object = None,
    limit: object = None,
    direction: str = "at_least",
    tolerance: object = None,
    lower: object = None,
    upper: object = None,
    unit: str = "",
    label: str = "",
    outcome: str = "",
) -> SafeString:
    """One interval against its limit, the allowed side shaded.

    `direction` is `at_least`, `at_most` or `within` (`limit` plus or minus `tolerance`); `lower` and `upper` are the
    metric's natural bounds; `outcome` overrides the colour where the judge knows better than the geometry (a missing sample, a waiver).
    """
    reading = read(low=low, high=high, value=value, limit=limit, direction=direction, tolerance=tolerance)
    title = label or "Interval"
    if not reading.is_measured:
        asked = f" (asked: {reading.asked(unit)})" if reading.limits else ""
        return absent(title=title, words=f"not measured{asked}")
    scale = scale_over(reading.known, lower=as_number(lower), upper=as_number(upper))
    state = outcome or reading.state
    return chart(
        element(
            "rect",
            class_="chart-band",
            x=percent(scale.start),
            y=TOP,
            width=percent(scale.end - scale.start),
            height=BASE - TOP,
            fill=INKS["sunk"],
        ),
        _allowed(reading, scale),
        mark(reading, scale, y=MIDDLE, state=state, weight=7.0),
        _limit(reading, scale, unit),
        _numbers(reading, scale, unit, state),
        _ends(scale, unit),
        title=title,
        description=describe(reading, unit=unit, state=state),
        height=90,
        class_="chart-interval",
    )


def describe(reading: Reading, *, unit: str, state: str) -> str:
    """The chart in words."""
    found = format_interval(reading.low, reading.high, unit=unit)
    if reading.low is None and reading.high is None:
        found = f"{format_number(reading.value, unit)}, no interval"
    elif reading.value is not None:
        found = f"{format_number(reading.value, unit)}, interval {found}"
    return f"Found {found}." if not reading.limits else f"Asked {reading.asked(unit)}; found {found}: {state}."


def _allowed(reading: Reading, scale: Scale) -> SafeString:
    """The shaded span in which the whole interval has to lie."""
    if not reading.limits:
        return EMPTY
    start = scale.start if reading.floor is None else scale(reading.floor)
    end = scale.end if reading.ceiling is None else scale(reading.ceiling)
    return element(
        "rect",
        class_="chart-allowed",
        x=percent(start),
        y=TOP,
        width=percent(end - start),
        height=BASE - TOP,
        fill=INKS["passed-wash"],
    )


def _limit(reading: Reading, scale: Scale, unit: str) -> SafeString:
    """The limit: a line through the band, its words above, on the side where there is room."""
    if not reading.limits:
        return EMPTY
    lines = [limit_line(scale(each), top=TOP - 5, foot=BASE + 5) for each in reading.limits]
    at = sum(scale(each) for each in reading.limits) / len(reading.limits)
    anchor = "start" if at < 25 else "end" if at > 75 else "middle"
    words = text(f"asked: {reading.asked(unit)}", x=percent(at), y=TOP - 10, class_="chart-label", anchor=anchor)
    return element("g", *lines, words)


def limit_line(at: float, *, top: float, foot: float) -> SafeString:
    """A limit, upright, at a position across."""
    x = percent(at)
    return element("line", class_="chart-limit", x1=x, x2=x, y1=top, y2=foot, stroke=INKS["ink"], stroke_width=1.6)


def mark(reading: Reading, scale: Scale, *, y: float, state: str, weight: float) -> SafeString:
    """The interval as a bar with end caps and its estimate as a point; an open end runs to the edge, dashed, uncapped."""
    parts: list[str] = []
    if reading.low is not None or reading.high is not None:
        start = scale.start if reading.low is None else scale(reading.low)
        end = scale.end if reading.high is None else scale(reading.high)
        is_open = reading.low is None or reading.high is None
        parts.append(
            element(
                "line",
                class_="chart-mark-line",
                x1=percent(start),
                x2=percent(end),
                y1=y,
                y2=y,
                stroke=INKS[state],
                stroke_width=2.0 if is_open else weight,
                stroke_dasharray="5 3" if is_open else None,
                stroke_opacity=None if is_open else 0.45,
            )
        )
        parts += [_cap(scale(edge), y, state, weight) for edge in (reading.low, reading.high) if edge is not None]
    if reading.value is not None:
        parts.append(
            element(
                "circle",
                class_="chart-mark",
                cx=percent(scale(reading.value)),
                cy=y,
                r=weight * 0.72,
                fill=INKS[state],
                stroke=INKS["surface"],
                stroke_width=1.5,
            )
        )
    return element("g", *parts, class_=f"is-{state}")


def _cap(at: float, y: float, state: str, weight: float) -> SafeString:
    return element(
        "line",
        class_="chart-mark-line",
        x1=percent(at),
        x2=percent(at),
        y1=y - weight,
        y2=y + weight,
        stroke=INKS[state],
        stroke_width=2.0,
    )


def _numbers(reading: Reading, scale: Scale, unit: str, state: str) -> SafeString:
    """What was found, under the interval it belongs to."""
    ends = [each for each in (reading.low, reading.high) if each is not None] or [reading.value or 0.0]
    centre = sum(scale(each) for each in ends) / len(ends)
    anchor, x = ("start", scale.start) if centre < 22 else ("end", scale.end) if centre > 78 else ("middle", centre)
    limit = min(reading.limits, key=lambda each: abs(each - ends[0]), default=None)
    written = [format_against(each, limit, unit) for each in ends]
    if len(written) == 2:
        words = " \u2013 ".join(written)
    elif reading.low is not None:
        words = f"at least {written[0]}"
    else:
        words = f"at most {written[0]}" if reading.high is not None else f"{written[0]}, no interval"
    line = text(
        words, x=percent(x), y=BASE + 19, class_="chart-mark-text", anchor=anchor, fill=INKS[state], font_weight=600
    )
    return element("g", line, class_=f"is-{state}")


def _ends(scale: Scale, unit: str) -> SafeString:
    """The ends of the scale, small, under everything."""
    return element(
        "g",
        text(format_number(scale.lower, unit), x=percent(scale.start), y=BASE + 36, class_="chart-faint", font_size=11),
        text(
            format_number(scale.upper, unit),
            x=percent(scale.end),
            y=BASE + 36,
            class_="chart-faint",
            anchor="end",
            font_size=11,
        ),
    )
