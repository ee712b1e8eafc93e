"""One metric over the versions of a model, each with its interval, against the limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.safestring import SafeString

from registry.reports.axes import MOST_TICKS, axis
from registry.reports.figures import RATE_UNITS, as_number, format_interval, format_number
from registry.reports.readings import Reading, read, why_not
from registry.reports.scales import Scale
from registry.reports.svg import INKS, absent, chart, clip, dot, element, line, percent, text

TOP, FOOT, SIDE = 12.0, 34.0, 130.0
START, END = 13.0, 96.0
Place = Callable[[float], float]


def history_chart(points: Sequence[Mapping[str, object]], *, unit: str = "", label: str = "History") -> SafeString:
    """Versions from left to right, oldest first.

    A point has `label`, `value`, `low`, `high`, `status`, and `limit`, `direction`, `tolerance` where there is a limit,
    with an `outcome` where the gate knows better than the geometry; `is_current` marks the version that the page is
    about. What was not measured keeps its place, empty.
    """
    given = [(each, _read(each)) for each in points]
    known = [number for _, reading in given if reading.is_measured for number in reading.known]
    if not known:
        return absent(title=label, words="not measured")
    down = axis([*known, *_reach(known, unit)], start=TOP + SIDE, end=TOP)
    ticks = [value for value, _ in down.ticks if unit != "count" or float(value).is_integer()]
    across = Scale(0, max(len(given) - 1, 1), START + 6, END - 6)
    grid = [_tick(down.place(value), format_number(value, unit)) for value in ticks]
    limits = [reading.limits for _, reading in given if reading.limits][-1:]
    asked = [_limit(down.place(each)) for each in (limits[0] if limits else ())]
    marks = [_version(across(number), each, reading, down.place) for number, (each, reading) in enumerate(given)]
    every = -(-len(given) // MOST_TICKS)
    names = [_name(across(n), each) for n, (each, _) in enumerate(given) if n % every == 0 or n == len(given) - 1]
    said = "; ".join(f"{each.get('label')}: {_said(each, reading, unit)}" for each, reading in given)
    return chart(
        *grid, *asked, *marks, *names, title=label, description=said, height=TOP + SIDE + FOOT, class_="chart-history"
    )


def _reach(known: Sequence[float], unit: str) -> list[float]:
    """What else the axis shows: all of a share that fills much of it anyway, and for counts where they begin."""
    low, high = min(known), max(known)
    if unit == "count":
        return [0.0, high + 1]
    return [0.0, 1.0] if unit in RATE_UNITS and low >= 0 and high <= 1 and high - low > 0.4 else []


def _read(each: Mapping[str, object]) -> Reading:
    found = {} if why_not(each.get("status")) else each
    return read(
        low=found.get("low"),
        high=found.get("high"),
        value=found.get("value"),
        limit=each.get("limit"),
        direction=str(each.get("direction") or "at_least"),
        tolerance=each.get("tolerance"),
    )


def _said(each: Mapping[str, object], reading: Reading, unit: str) -> str:
    if not reading.is_measured:
        return why_not(each.get("status")) or "not measured"
    return f"{format_number(reading.value, unit)}, interval {format_interval(reading.low, reading.high, unit=unit)}"


def _tick(y: float, words: str) -> SafeString:
    return element(
        "g",
        line("chart-grid", (percent(START), y, percent(END), y), ink="line", width=1),
        text(words, x=percent(START - 1.5), y=y + 4, class_="chart-faint", anchor="end", font_size=11),
    )


def _limit(y: float) -> SafeString:
    return line("chart-limit", (percent(START), y, percent(END), y), ink="ink", width=1.6)


def _version(x: float, each: Mapping[str, object], reading: Reading, place: Place) -> SafeString:
    """Its interval, upright, and its estimate."""
    if not reading.is_measured:
        return element("g")
    stated, at = str(each.get("outcome") or ""), percent(x)
    state = stated if stated in INKS else reading.state
    low, high = (as_number(end) for end in (reading.low, reading.high))
    parts = []
    if low is not None and high is not None:
        ends = (at, place(low), at, place(high))
        parts.append(line("chart-mark-line", ends, ink=state, width=7, stroke_opacity=0.45))
    if reading.value is not None:
        size = 5.6 if each.get("is_current") else 4.2
        parts.append(dot("chart-mark", at, place(reading.value), size, ink=state))
    return element("g", element("title", str(each.get("label") or "")), *parts, class_=f"is-{state}")


def _name(x: float, each: Mapping[str, object]) -> SafeString:
    words = clip(str(each.get("label") or ""), 12)
    style = "chart-strong" if each.get("is_current") else "chart-faint"
    return text(words, x=percent(x), y=TOP + SIDE + 20, class_=style, anchor="middle", font_size=11.5)
