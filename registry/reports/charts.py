"""The interval drawn against its limit: what is judged is what is seen."""

from __future__ import annotations

from django.utils.safestring import SafeString

from registry.reports.figures import as_number, format_against, format_number
from registry.reports.readings import Reading, describe, read
from registry.reports.scales import Scale, scale_over
from registry.reports.svg import EMPTY, INKS, absent, box, chart, dot, element, line, percent, text

TOP, BASE = 24.0, 52.0
MIDDLE = (TOP + BASE) / 2


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
    numbers: bool = True,
) -> SafeString:
    """One interval against its limit, the allowed side shaded.

    `direction` is `at_least`, `at_most` or `within` (`limit` plus or minus `tolerance`); `lower` and `upper` are the
    metric's natural bounds; `outcome` overrides the colour where the judge knows better than the geometry; without
    `numbers` it stands beside a table that already says them.
    """
    reading = read(low=low, high=high, value=value, limit=limit, direction=direction, tolerance=tolerance)
    title = label or "Interval"
    if not reading.is_measured:
        asked = f" (asked: {reading.asked(unit)})" if reading.limits else ""
        return absent(title=title, words=f"not measured{asked}")
    scale = scale_over(reading.known, lower=as_number(lower), upper=as_number(upper))
    state = outcome if outcome in INKS else reading.state
    said = (_numbers(reading, scale, unit, state), _ends(scale, unit)) if numbers else ()
    return chart(
        box("chart-band", (percent(scale.start), TOP), (percent(scale.end - scale.start), BASE - TOP), ink="sunk"),
        _allowed(reading, scale),
        mark(reading, scale, y=MIDDLE, state=state, weight=7.0),
        _limit(reading, scale, unit),
        *said,
        title=title,
        description=describe(reading, unit=unit, state=state),
        height=90 if numbers else BASE + 6,
        class_="chart-interval" if reading.limits else "chart-interval chart-interval--bare",
    )


def _allowed(reading: Reading, scale: Scale) -> SafeString:
    """The shaded span in which the whole interval has to lie."""
    if not reading.limits:
        return EMPTY
    start = scale.start if reading.floor is None else scale(reading.floor)
    end = scale.end if reading.ceiling is None else scale(reading.ceiling)
    return box("chart-allowed", (percent(start), TOP), (percent(end - start), BASE - TOP), ink="passed-wash")


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
    return line("chart-limit", (percent(at), top, percent(at), foot), ink="ink", width=1.6)


def mark(reading: Reading, scale: Scale, *, y: float, state: str, weight: float) -> SafeString:
    """The interval as a bar with caps, its estimate as a point; an open end runs to the edge, dashed and uncapped."""
    ends = [each for each in (reading.low, reading.high) if each is not None]
    parts = [_bar(reading, scale, y, state, weight)] if ends else []
    parts += [_cap(percent(scale(end)), y, state, weight) for end in ends]
    if reading.value is not None:
        parts.append(dot("chart-mark", percent(scale(reading.value)), y, weight * 0.72, ink=state, stroke_width=1.5))
    return element("g", *parts, class_=f"is-{state}")


def _bar(reading: Reading, scale: Scale, y: float, state: str, weight: float) -> SafeString:
    start = scale.start if reading.low is None else scale(reading.low)
    end = scale.end if reading.high is None else scale(reading.high)
    ends = (percent(start), y, percent(end), y)
    if reading.low is None or reading.high is None:
        return line("chart-mark-line", ends, ink=state, width=2.0, stroke_dasharray="5 3")
    return line("chart-mark-line", ends, ink=state, width=weight, stroke_opacity=0.45)


def _cap(x: str, y: float, state: str, weight: float) -> SafeString:
    return line("chart-mark-line", (x, y - weight, x, y + weight), ink=state, width=2.0)


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
