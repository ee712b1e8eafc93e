"""What a model leans on, and a series over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString

from registry.reports.figures import as_number, format_interval, format_number
from registry.reports.scales import Scale
from registry.reports.svg import EMPTY, INKS, absent, box, chart, clip, dot, element, line, percent, text

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
    scale = Scale(min(reach), max(reach))
    lines = [_bar(number * PITCH, name, value, each, scale, unit) for number, (name, value, each) in enumerate(rows)]
    said = "; ".join(f"{name} {format_number(value, unit)}" for name, value, _ in rows)
    return chart(*lines, title=label, description=said, height=PITCH * len(rows) + 2, class_="chart-bars")


def _bar(top: float, name: str, value: float, each: Mapping[str, object], scale: Scale, unit: str) -> SafeString:
    """A feature: its name at the left, its numbers at the right, its bar under both."""
    low, high = as_number(each.get("low")), as_number(each.get("high"))
    start, end = sorted((scale(0.0), scale(value)))
    y, words, whisker = top + 23, format_number(value, unit), EMPTY
    if low is not None and high is not None:
        words = f"{words} ({format_interval(low, high, unit=unit)})"
        whisker = line("chart-line", (percent(scale(low)), y, percent(scale(high)), y), ink="accent", width=2)
    size = (percent(max(end - start, 0.2)), 6.0)
    return element(
        "g",
        element("title", escape(name)),
        text(clip(name, 26), x=percent(scale.start), y=top + 14, class_="chart-label"),
        box("chart-bar chart-bar--wash", (percent(start), y - 3), size, ink="accent", fill_opacity=0.3),
        whisker,
        dot("chart-point", percent(scale(value)), y, 3.4, ink="accent"),
        text(words, x=percent(scale.end), y=top + 14, anchor="end"),
    )


def sparkline(values: Sequence[object], *, label: str = "Trend", unit: str = "") -> SafeString:
    """A series as a small line; a missing point breaks the line rather than being drawn as zero."""
    numbers = [as_number(each) for each in values]
    present = [each for each in numbers if each is not None]
    if not present:
        return absent(title=label, words="not measured")
    across, down = Scale(0, max(len(numbers) - 1, 1), 4, 116), Scale(min(present), max(present), 24, 5)
    points = [None if each is None else (across(at), down(each)) for at, each in enumerate(numbers)]
    last = next(point for point in reversed(points) if point is not None)
    said = f"{len(present)} values, from {format_number(present[0], unit)} to {format_number(present[-1], unit)}"
    return chart(
        *(_run(run) for run in _runs(points)),
        dot("chart-point", last[0], last[1], 3, ink="accent"),
        title=label,
        description=said,
        height=30,
        width=120,
        class_="chart-spark",
    )


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The stretches without a gap that are long enough for a line."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]


def _run(points: list[tuple[float, float]]) -> SafeString:
    written = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return element(
        "polyline", class_="chart-line", points=written, fill="none", stroke=INKS["accent"], stroke_width=1.6
    )
