"""The interval drawn against its limit: what is judged is what is seen."""

from __future__ import annotations

from django.utils.safestring import SafeString

from registry.reports.figures import as_number, format_against, format_number
from registry.reports.readings import Reading, describe, read
from registry.reports.svg import EMPTY, INKS, Scale, absent, chart, element, percent, scale_over, text

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
        *said,
        title=title,
        description=describe(reading, unit=unit, state=state),
        height=90 if numbers else BASE + 6,
        class_="chart-interval",
    )


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
    """The interval as a bar with caps, its estimate as a point; an open end runs to the edge, dashed and uncapped."""
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
