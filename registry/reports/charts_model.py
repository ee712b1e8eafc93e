"""What a model leans on, and a series over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString

from registry.reports.figures import as_number, format_interval, format_number
from registry.reports.svg import INKS, Scale, absent, chart, clip, element, percent, text

PITCH = 34.0


def bar_interval_chart(
    features: Iterable[Mapping[str, object]], *, label: str = "Importance", unit: str = ""
) -> SafeString:
    """Bars with intervals, largest first as given: `name`, `value`, and optionally `low`, `high` for each."""
    rows = [
        (str(each.get("name") or "unnamed"), value, each)
        for each in features
        if (value := as_number(each.get("value"))) is not None
    ]
    if not rows:
        return absent(title=label, words="not measured")
    reach = [
        0.0,
        *(
            number
            for _, value, each in rows
            for number in (value, as_number(each.get("low")), as_number(each.get("high")))
            if number is not None
        ),
    ]
    scale = Scale(min(reach), max(reach), 0.6, 99.4)
    lines = [_bar(number * PITCH, name, value, each, scale, unit) for number, (name, value, each) in enumerate(rows)]
    said = "; ".join(f"{name} {format_number(value, unit)}" for name, value, _ in rows)
    return chart(*lines, title=label, description=said, height=PITCH * len(rows) + 2, class_="chart-bars")


def _bar(top: float, name: str, value: float, each: Mapping[str, object], scale: Scale, unit: str) -> SafeString:
    low, high = as_number(each.get("low")), as_number(each.get("high"))
    start, end = sorted((scale(0.0), scale(value)))
    y = top + 23
    parts = [
        element("title", escape(name)),
        text(clip(name, 26), x=percent(0.6), y=top + 14, class_="chart-label"),
        element(
            "rect",
            class_="chart-bar chart-bar--wash",
            x=percent(start),
            y=y - 3,
            width=percent(max(end - start, 0.2)),
            height=6,
            fill="#bbc8d3",
        ),
    ]
    words = format_number(value, unit)
    if low is not None and high is not None:
        words = f"{words} ({format_interval(low, high, unit=unit)})"
        parts.append(
            element(
                "line",
                class_="chart-line",
                x1=percent(scale(low)),
                x2=percent(scale(high)),
                y1=y,
                y2=y,
                stroke=INKS["accent"],
                stroke_width=2,
            )
        )
    parts.append(
        element(
            "circle",
            class_="chart-point",
            cx=percent(scale(value)),
            cy=y,
            r=3.4,
            fill=INKS["accent"],
            stroke=INKS["surface"],
            stroke_width=1,
        )
    )
    parts.append(text(words, x=percent(99.4), y=top + 14, anchor="end"))
    return element("g", *parts)


def sparkline(values: Sequence[object], *, label: str = "Trend", unit: str = "") -> SafeString:
    """A series as a small line; a missing point breaks the line rather than being drawn as zero."""
    numbers = [as_number(each) for each in values]
    present = [each for each in numbers if each is not None]
    if not present:
        return absent(title=label, words="not measured")
    across, down = Scale(0, max(len(numbers) - 1, 1), 4, 116), Scale(min(present), max(present), 24, 5)
    points = [None if each is None else (across(at), down(each)) for at, each in enumerate(numbers)]
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    lines = [
        element(
            "polyline",
            class_="chart-line",
            points=" ".join(f"{x:.1f},{y:.1f}" for x, y in run),
            fill="none",
            stroke=INKS["accent"],
            stroke_width=1.6,
        )
        for run in runs
        if len(run) > 1
    ]
    last = next(point for point in reversed(points) if point is not None)
    dot = element(
        "circle",
        class_="chart-point",
        cx=last[0],
        cy=last[1],
        r=3,
        fill=INKS["accent"],
        stroke=INKS["surface"],
        stroke_width=1,
    )
    said = f"{len(present)} values, from {format_number(present[0], unit)} to {format_number(present[-1], unit)}"
    return chart(*lines, dot, title=label, description=said, height=30, width=120, class_="chart-spark")
