"""Many intervals on one scale, a line for each slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString

from registry.reports.charts import limit_line, mark
from registry.reports.figures import RATE_UNITS, as_number, format_interval, format_number
from registry.reports.readings import Reading, describe, read, why_not
from registry.reports.scales import Scale, scale_over
from registry.reports.svg import INKS, absent, chart, clip, element, line, percent, text

PITCH, TYPE, FAINT = 42.0, 12.5, 11.0
# The share of its size that a chart has where two stand side by side on paper: its smallest words are 6.8 points.
SMALL = 0.82
# The largest share that a scale ends near to, instead of at all.
WIDE = 0.4
# As many letters as a narrow line has room for, of which a name gets what its numbers leave.
ROOM, SHORTEST, LONGEST = 52, 8, 30


def forest_chart(
    rows: Iterable[Mapping[str, object]],
    *,
    label: str = "",
    unit: str = "",
    small: bool = False,
    others: Iterable[Mapping[str, object]] = (),
) -> SafeString:
    """Many slices in one chart, a line each, on one scale.

    A row has `label`, `low`, `high`, `value`, and optionally `n`, `note`, `highlight` (the worst one),
    `limit`, `direction`, `outcome`, `status`: what is not "ok" is named and not drawn, whatever numbers it brings.
    `small` is for paper, where half of the page's width has to hold a chart; `others` stand in a chart beside it, on
    the same scale.
    """
    given = [(row, _read_row(row)) for row in rows]
    every = [reading for _, reading in given] + [_read_row(row) for row in others or ()]
    known = [each for reading in every if reading.is_measured for each in reading.known]
    title = label or "Intervals by slice"
    if not known:
        reasons = {why_not(row.get("status")) for row, _ in given}
        return absent(title=title, words=(len(reasons) == 1 and reasons.pop()) or "not measured")
    is_share = unit in RATE_UNITS
    scale = _scale(known, is_share=is_share)
    size = SMALL if small else 1.0
    foot = (PITCH * len(given) + 16) * size
    lines = [
        _forest_row(row, reading, scale, unit, top=PITCH * size * number, size=size)
        for number, (row, reading) in enumerate(given)
    ]
    said = [f"{row.get('label', '')}: {_description(row, reading, unit)}" for row, reading in given]
    return chart(
        *lines,
        _end(scale.lower, unit, x=scale.start, y=foot, anchor="start", size=size),
        _end(scale.upper, unit, x=scale.end, y=foot, anchor="end", size=size),
        title=title,
        description="; ".join(said),
        height=foot + 6 * size,
        class_="chart-forest",
    )


def _scale(known: list[float], *, is_share: bool) -> Scale:
    """Shares begin at nothing, and end at all where they fill much of it: small ones would be specks."""
    lower = 0.0 if is_share and min(known) >= 0 else None
    return scale_over(known, lower=lower, upper=1.0 if is_share and max(known) > WIDE else None)


def _end(value: float, unit: str, *, x: float, y: float, anchor: str, size: float) -> SafeString:
    """One end of the scale."""
    words = format_number(value, unit)
    return text(words, x=percent(x), y=y, class_="chart-faint", anchor=anchor, font_size=FAINT * size)


def _description(row: Mapping[str, object], reading: Reading, unit: str) -> str:
    return why_not(row.get("status")) or describe(reading, unit=unit, state=_state(row, reading))


def _read_row(row: Mapping[str, object]) -> Reading:
    found = {} if why_not(row.get("status")) else row
    return read(
        low=found.get("low"),
        high=found.get("high"),
        value=found.get("value"),
        limit=row.get("limit"),
        direction=str(row.get("direction") or "at_least"),
        tolerance=row.get("tolerance"),
    )


def _state(row: Mapping[str, object], reading: Reading) -> str:
    stated = str(row.get("outcome") or reading.state)
    return "accent" if row.get("highlight") and stated == "neutral" else stated if stated in INKS else "neutral"


def _forest_row(
    row: Mapping[str, object], reading: Reading, scale: Scale, unit: str, *, top: float, size: float
) -> SafeString:
    """A slice: its name and size at the left, its numbers at the right, its interval under both."""
    y, reach = top + 29 * size, 9 * size
    said = why_not(row.get("status")) or written(reading.value, reading.low, reading.high, unit=unit)
    return element(
        "g",
        element("title", " ".join(str(row.get(key) or "") for key in ("label", "note")).strip() or "unnamed"),
        _name(row, len(said), x=percent(scale.start), y=top + 14 * size, size=size),
        _numbers(row, said, x=percent(scale.end), y=top + 14 * size, size=size),
        line("chart-grid", (percent(scale.start), y, percent(scale.end), y), ink="line", width=1),
        mark(reading, scale, y=y, state=_state(row, reading), weight=5.0 * size),
        *(limit_line(scale(each), top=y - reach, foot=y + reach) for each in reading.limits),
    )


def _numbers(row: Mapping[str, object], said: str, *, x: str, y: float, size: float) -> SafeString:
    """What was found, or, faint, why nothing is drawn."""
    if why_not(row.get("status")):
        return text(said, x=x, y=y, class_="chart-faint", anchor="end", font_size=FAINT * size)
    return text(said, x=x, y=y, anchor="end", font_size=TYPE * size)


def written(value: object, low: object, high: object, *, unit: str) -> str:
    """A number and its interval, as the chart prints them."""
    said = format_number(value, unit)
    interval = "" if low is None and high is None else format_interval(low, high, unit=unit)
    return f"{said} ({interval})" if interval not in ("", said) else said


def _name(row: Mapping[str, object], taken: int, *, x: str, y: float, size: float) -> SafeString:
    """The slice's name, strong for the worst one, and how many rows it has; the numbers have `taken` letters."""
    count, is_worst = as_number(row.get("n")), bool(row.get("highlight"))
    written = "" if count is None else f"n = {count:,.0f}"
    sample = element("tspan", written, class_="chart-faint", dx=8 * size, font_weight="normal", fill=INKS["ink-faint"])
    room = ROOM - taken - len(written)
    name = clip(str(row.get("label") or "unnamed"), min(max(room, SHORTEST), LONGEST))
    look, weight = ("chart-strong", 600) if is_worst else ("chart-label", None)
    more = [sample] if written else []
    return text(name, *more, x=x, y=y, class_=look, font_weight=weight, font_size=TYPE * size)
