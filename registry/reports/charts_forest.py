"""Many intervals on one scale, a line for each slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString

from registry.reports.charts import limit_line, mark
from registry.reports.figures import RATE_UNITS, as_number, format_interval, format_number
from registry.reports.readings import Reading, describe, read
from registry.reports.scales import Scale, scale_over
from registry.reports.svg import INKS, absent, chart, clip, element, line, percent, text

PITCH = 42.0


def forest_chart(rows: Iterable[Mapping[str, object]], *, label: str = "", unit: str = "") -> SafeString:
    """Many slices in one chart, a line each, on one scale.

    A row has `label`, `low`, `high`, `value`, and optionally `n`, `note`, `highlight` (the worst one),
    `limit`, `direction`, `outcome`.
    """
    given = [(row, _read_row(row)) for row in rows]
    known = [each for _, reading in given if reading.is_measured for each in reading.known]
    title = label or "Intervals by slice"
    if not known:
        return absent(title=title, words="not measured")
    is_share = unit in RATE_UNITS
    scale = scale_over(known, lower=0.0 if is_share else None, upper=1.0 if is_share else None)
    foot = PITCH * len(given) + 16
    lines = [_forest_row(row, reading, scale, unit, PITCH * number) for number, (row, reading) in enumerate(given)]
    said = [
        f"{row.get('label', '')}: {describe(reading, unit=unit, state=_state(row, reading))}" for row, reading in given
    ]
    return chart(
        *lines,
        text(format_number(scale.lower, unit), x=percent(scale.start), y=foot, class_="chart-faint", font_size=11),
        text(
            format_number(scale.upper, unit),
            x=percent(scale.end),
            y=foot,
            class_="chart-faint",
            anchor="end",
            font_size=11,
        ),
        title=title,
        description="; ".join(said),
        height=foot + 6,
        class_="chart-forest",
    )


def _read_row(row: Mapping[str, object]) -> Reading:
    return read(
        low=row.get("low"),
        high=row.get("high"),
        value=row.get("value"),
        limit=row.get("limit"),
        direction=str(row.get("direction") or "at_least"),
        tolerance=row.get("tolerance"),
    )


def _state(row: Mapping[str, object], reading: Reading) -> str:
    stated = str(row.get("outcome") or reading.state)
    return "accent" if row.get("highlight") and stated == "neutral" else stated if stated in INKS else "neutral"


def _forest_row(row: Mapping[str, object], reading: Reading, scale: Scale, unit: str, top: float) -> SafeString:
    """A slice: its name and size at the left, its numbers at the right, its interval under both."""
    has_ends = reading.low is not None or reading.high is not None
    within = f" ({format_interval(reading.low, reading.high, unit=unit)})" if has_ends else ""
    y = top + 29
    return element(
        "g",
        element("title", " ".join(str(row.get(key) or "") for key in ("label", "note")).strip() or "unnamed"),
        _name(row, x=percent(scale.start), y=top + 14),
        text(f"{format_number(reading.value, unit)}{within}", x=percent(scale.end), y=top + 14, anchor="end"),
        line("chart-grid", (percent(scale.start), y, percent(scale.end), y), ink="line", width=1),
        mark(reading, scale, y=y, state=_state(row, reading), weight=5.0),
        *(limit_line(scale(each), top=y - 9, foot=y + 9) for each in reading.limits),
    )


def _name(row: Mapping[str, object], *, x: str, y: float) -> SafeString:
    """The slice's name, strong for the worst one, and how many rows it has."""
    count, is_worst = as_number(row.get("n")), bool(row.get("highlight"))
    size = "" if count is None else f"n = {count:,.0f}"
    sample = element("tspan", size, class_="chart-faint", dx=8, font_weight="normal", fill=INKS["ink-faint"])
    name = clip(str(row.get("label") or "unnamed"), 24)
    look = "chart-strong" if is_worst else "chart-label"
    return text(name, *([sample] if size else []), x=x, y=y, class_=look, font_weight=600 if is_worst else None)
