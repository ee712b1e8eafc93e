"""Many intervals on one scale, a line for each slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString

from registry.reports.charts import limit_line, mark
from registry.reports.figures import as_number, format_interval, format_number
from registry.reports.readings import Reading, describe, read
from registry.reports.svg import EMPTY, INKS, Scale, absent, chart, clip, element, percent, scale_over, text

PITCH = 42.0


def forest_chart(rows: Iterable[Mapping[str, object]], *, label: str = "", unit: str = "") -> SafeString:
    """Many slices in one chart, a line each, on one scale.

    A row has `label`, `low`, `high`, `value`, and optionally `n`, `note`, `highlight` (the worst one),
    `limit`, `direction`, `outcome`.
    """
    given = [(row, _read_row(row)) for row in rows]
    measured = [reading for _, reading in given if reading.is_measured]
    title = label or "Intervals by slice"
    if not measured:
        return absent(title=title, words="not measured")
    bounded = unit in ("rate", "proportion", "share")
    known = [each for reading in measured for each in reading.known]
    scale = scale_over(known, lower=0.0 if bounded else None, upper=1.0 if bounded else None, start=0.6, end=99.4)
    lines = [_forest_row(row, reading, scale, unit, PITCH * number) for number, (row, reading) in enumerate(given)]
    foot = PITCH * len(given) + 16
    said = "; ".join(
        f"{row.get('label', '')}: {describe(reading, unit=unit, state=_state(row, reading))}" for row, reading in given
    )
    ends = (
        text(format_number(scale.lower, unit), x=percent(scale.start), y=foot, class_="chart-faint", font_size=11),
        text(
            format_number(scale.upper, unit),
            x=percent(scale.end),
            y=foot,
            class_="chart-faint",
            anchor="end",
            font_size=11,
        ),
    )
    return chart(*lines, *ends, title=title, description=said, height=foot + 6, class_="chart-forest")


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
    state = _state(row, reading)
    count = as_number(row.get("n"))
    size = "" if count is None else f"n = {count:,.0f}"
    sample = (
        element("tspan", size, class_="chart-faint", dx=8, font_weight="normal", fill=INKS["ink-faint"])
        if size
        else EMPTY
    )
    name = text(
        clip(str(row.get("label") or "unnamed"), 24),
        sample,
        x=percent(scale.start),
        y=top + 14,
        class_="chart-strong" if row.get("highlight") else "chart-label",
        font_weight=600 if row.get("highlight") else None,
    )
    note = str(row.get("note") or "")
    value = format_number(reading.value, unit)
    within = (
        f" ({format_interval(reading.low, reading.high, unit=unit)})"
        if reading.low is not None or reading.high is not None
        else ""
    )
    right = text(f"{value}{within}", x=percent(scale.end), y=top + 14, anchor="end")
    rule = element(
        "line",
        class_="chart-grid",
        x1=percent(scale.start),
        x2=percent(scale.end),
        y1=top + 29,
        y2=top + 29,
        stroke=INKS["line"],
        stroke_width=1,
    )
    hover = element("title", f"{row.get('label') or 'unnamed'}{size}{' ' + note if note else ''}")
    limits = [limit_line(scale(each), top=top + 20, foot=top + 38) for each in reading.limits]
    return element("g", hover, name, right, rule, mark(reading, scale, y=top + 29, state=state, weight=5.0), *limits)
