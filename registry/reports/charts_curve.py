"""Curves with their intervals, and control charts with their signals: two axes and what lies between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.safestring import SafeString

from registry.reports.axes import FOOT, HEAD, LEFT, RIGHT, SIDE, WIDTH, Axis, axis, frame, named_axis
from registry.reports.figures import as_number, format_number
from registry.reports.svg import EMPTY, INKS, chart, clip, dot, element, line, text

SERIES_INKS: Final = ("accent", "waived", "undecided", "suspended", "passed", "neutral")
DASHES: Final = (None, "6 3", "2 3", "8 3 2 3", "4 2", "1 2")
MOST_POINTS, MOST_DOTS, LEGEND, LARGEST = 2_000, 40, 18.0, 1e15
Names = dict[str, int]


class NotDrawable(ValueError):
    """The data is not what a chart of its kind takes; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a place, with its interval where there is one."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    is_signal: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """Points under a name."""

    name: str
    points: tuple[Point, ...]


def drawable(value: object) -> float | None:
    """The number in `value` where a chart has room for it: beyond these bounds, differences are no numbers any more."""
    number = as_number(value)
    if number is None or abs(number) > LARGEST:
        return None
    return 0.0 if abs(number) < 1 / LARGEST else number


def curve_chart(data: Mapping[str, Any]) -> SafeString:
    """Lines through points, each with a band where there are intervals. NotDrawable where there is no point."""
    names: Names = {}
    series = [each for each in _series(data.get("series"), names) if each.points][: len(SERIES_INKS)]
    if not series:
        raise NotDrawable("it has no points")
    across = _across(series, names, is_log=data.get("x_scale") == "log")
    down = _down(series, [y for _, y in _pairs(data.get("reference"))], is_log=data.get("y_scale") == "log")
    parts = frame(across, down, x_label=str(data.get("x_label") or ""), y_label=str(data.get("y_label") or ""))
    guide = _polyline([(x, y) for x, y in _pairs(data.get("reference"))], across, down, "neutral", "4 4")
    drawn = [_drawn(each, number, across, down) for number, each in enumerate(series)]
    legend = _legend(series) if len(series) > 1 else []
    return chart(
        *parts, guide, *drawn, *legend,
        title=str(data.get("title") or "Curve"), description=_said(series), width=WIDTH,
        height=HEAD + SIDE + FOOT + LEGEND * len(legend), class_="chart-curve",
    )  # fmt: skip


def control_chart(data: Mapping[str, Any]) -> SafeString:
    """Points in order, their centre and limits, and what lies outside of them marked. NotDrawable without points."""
    names: Names = {}
    points = tuple(_points(data.get("points"), names))
    if not points:
        raise NotDrawable("it has no points")
    lines = [(name, _level(data.get(name), points)) for name in ("centre", "upper", "lower")]
    whole = Series("points", points)
    across = _across([whole], names, is_log=False)
    down = _down([whole], [y for _, level in lines for _, y in level], is_log=False)
    limits = [_polyline(level, across, down, "failed", None if name == "centre" else "5 3") for name, level in lines]
    signals = [p for p in points if p.is_signal]
    marks = [dot("chart-mark", across.place(p.x), down.place(p.y), 4.2, ink="failed") for p in signals]
    said = f"{len(points)} points, {len(signals)} of them a signal"
    return chart(
        *frame(across, down, x_label=str(data.get("x_label") or ""), y_label=str(data.get("y_label") or "")),
        *limits, _drawn(whole, 0, across, down), element("g", *marks, class_="is-failed"),
        title=str(data.get("title") or "Control chart"), description=said, width=WIDTH, height=HEAD + SIDE + FOOT,
        class_="chart-curve",
    )  # fmt: skip


def _series(given: object, names: Names) -> Iterator[Series]:
    for number, each in enumerate(given if isinstance(given, list | tuple) else ()):
        if isinstance(each, Mapping):
            yield Series(str(each.get("name") or number + 1), tuple(_points(each.get("points"), names)))


def _points(given: object, names: Names) -> Iterator[Point]:
    """The points that have two numbers; a place with a name instead of a number has its turn for a number."""
    for each in (given if isinstance(given, list | tuple) else ())[:MOST_POINTS]:
        x, y = (each.get("x"), drawable(each.get("y"))) if isinstance(each, Mapping) else (None, None)
        place = float(names.setdefault(x, len(names))) if isinstance(x, str) else drawable(x)
        if place is not None and y is not None:
            yield Point(place, y, drawable(each.get("low")), drawable(each.get("high")), each.get("signal") is True)


def _pairs(given: object) -> list[tuple[float, float]]:
    found = [each for each in given if isinstance(each, list | tuple)] if isinstance(given, list | tuple) else []
    numbers = [(drawable(each[0]), drawable(each[1])) for each in found if len(each) == 2]
    return [(x, y) for x, y in numbers if x is not None and y is not None]


def _level(given: object, points: Sequence[Point]) -> list[tuple[float, float]]:
    """A limit for all points, or one for each."""
    values = list(given) if isinstance(given, list | tuple) else [given] * len(points)
    numbers = [(point.x, drawable(value)) for point, value in zip(points, values, strict=False)]
    return [(x, y) for x, y in numbers if y is not None]


def _across(series: Sequence[Series], names: Names, *, is_log: bool) -> Axis:
    span = {"start": LEFT, "end": WIDTH - RIGHT}
    if names:
        return named_axis(list(names), start=LEFT + 8, end=WIDTH - RIGHT - 8)
    return axis([point.x for each in series for point in each.points], **span, is_log=is_log)


def _down(series: Sequence[Series], more: Sequence[float], *, is_log: bool) -> Axis:
    reach = [n for each in series for p in each.points for n in (p.y, p.low, p.high) if n is not None]
    return axis([*reach, *more], start=HEAD + SIDE, end=HEAD, is_log=is_log)


def _drawn(series: Series, number: int, across: Axis, down: Axis) -> SafeString:
    ink, dash = SERIES_INKS[number % len(SERIES_INKS)], DASHES[number % len(DASHES)]
    points = [point for point in series.points if across.has(point.x) and down.has(point.y)]
    many = len(points) > MOST_DOTS
    marks = [] if many else [dot("chart-mark", across.place(p.x), down.place(p.y), 2.6, ink=ink) for p in points]
    path = _polyline([(p.x, p.y) for p in points], across, down, ink, dash)
    name = element("title", clip(series.name, 80))
    return element("g", name, _band(points, across, down, ink), path, *marks, class_=f"is-{ink}")


def _band(points: Sequence[Point], across: Axis, down: Axis, ink: str) -> SafeString:
    """From the lower ends to the upper ones, where every point has both; a lone point gets a whisker."""
    ends = [(p.x, p.low, p.high) for p in points if p.low is not None and p.high is not None]
    if not ends or len(ends) < len(points):
        return EMPTY
    placed = [(across.place(x), down.place(low), down.place(high)) for x, low, high in ends]
    if len(placed) == 1:
        [(x, low, high)] = placed
        return line("chart-mark-line", (x, low, x, high), ink=ink, width=2)
    round_trip = [(x, high) for x, _, high in placed] + [(x, low) for x, low, _ in reversed(placed)]
    shape = " ".join(f"{x:.1f},{y:.1f}" for x, y in round_trip)
    return element("polygon", class_="chart-mark-wash", points=shape, fill=INKS[ink], fill_opacity=0.16)


def _polyline(pairs: Sequence[tuple[float, float]], across: Axis, down: Axis, ink: str, dash: str | None) -> SafeString:
    written = " ".join(f"{across.place(x):.1f},{down.place(y):.1f}" for x, y in pairs if across.has(x) and down.has(y))
    if " " not in written:
        return EMPTY
    shape = element(
        "polyline", class_="chart-mark-line", points=written, fill="none", stroke=INKS[ink], stroke_width=1.7,
        stroke_dasharray=dash,
    )  # fmt: skip
    return element("g", shape, class_=f"is-{ink}")


def _legend(series: Sequence[Series]) -> list[SafeString]:
    lines = []
    for number, each in enumerate(series):
        y, ink = HEAD + SIDE + FOOT + LEGEND * number + 10, SERIES_INKS[number % len(SERIES_INKS)]
        ends = (LEFT, y - 4, LEFT + 26, y - 4)
        stroke = line("chart-mark-line", ends, ink=ink, width=2, stroke_dasharray=DASHES[number % len(DASHES)])
        lines.append(element("g", stroke, text(clip(each.name, 56), x=LEFT + 34, y=y), class_=f"is-{ink}"))
    return lines


def _said(series: Sequence[Series]) -> str:
    ends = [(each.name, each.points[0], each.points[-1]) for each in series]
    return "; ".join(
        f"{clip(name, 60)}: from {format_number(first.y)} at {format_number(first.x)}"
        f" to {format_number(last.y)} at {format_number(last.x)}"
        for name, first, last in ends
    )
