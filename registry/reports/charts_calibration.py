"""What was predicted against what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString

from registry.reports.figures import as_number, format_number
from registry.reports.scales import Scale
from registry.reports.svg import EMPTY, absent, box, chart, dot, element, line, text

SIDE, LEFT, FOOT, HEAD = 260.0, 44.0, 44.0, 10.0


def reliability_chart(bins: Iterable[Mapping[str, object]], *, label: str = "Calibration") -> SafeString:
    """What was predicted against what happened, a point per bin; on the diagonal the two agree.

    A bin has `predicted` and `observed` (both shares), and optionally `low` and `high` (the interval of
    the observed one) and `n`.
    """
    points = [(predicted, observed, each) for each in bins for predicted, observed in _shares(each)]
    if not points:
        return absent(title=label, words="not measured")
    across, down = Scale(0, 1, LEFT, LEFT + SIDE), Scale(0, 1, HEAD + SIDE, HEAD)
    largest = max(as_number(each.get("n")) or 0.0 for *_, each in points)
    marks = [_bin(across(predicted), down, observed, each, largest) for predicted, observed, each in points]
    said = "; ".join(f"predicted {format_number(p, 'rate')}, observed {format_number(o, 'rate')}" for p, o, _ in points)
    ends = (across(0), down(0), across(1), down(1))
    diagonal = line("chart-axis", ends, ink="line-strong", width=1, stroke_dasharray="4 4")
    return chart(
        *_reliability_frame(across, down),
        diagonal,
        *marks,
        title=label,
        description=said,
        height=HEAD + SIDE + FOOT,
        width=LEFT + SIDE + 14,
        class_="chart-reliability",
    )


def _shares(each: Mapping[str, object]) -> list[tuple[float, float]]:
    """What a bin predicted and what was observed, or nothing where one of them is missing."""
    predicted, observed = as_number(each.get("predicted")), as_number(each.get("observed"))
    return [] if predicted is None or observed is None else [(predicted, observed)]


def _bin(x: float, down: Scale, observed: float, each: Mapping[str, object], largest: float) -> SafeString:
    """A point as large as its share of the sample, with its interval."""
    low, high, count = as_number(each.get("low")), as_number(each.get("high")), as_number(each.get("n"))
    whisker = EMPTY
    if low is not None and high is not None:
        whisker = line("chart-line", (x, down(low), x, down(high)), ink="accent", width=1.6)
    radius = 3.5 if not count or count < 0 or not largest else 3.0 + 4.0 * (count / largest) ** 0.5
    size = "" if count is None else f", n = {count:,.0f}"
    hover = element("title", f"observed {format_number(observed, 'rate')}{size}")
    return element("g", hover, whisker, dot("chart-point", x, down(observed), radius, ink="accent"))


def _reliability_frame(across: Scale, down: Scale) -> list[SafeString]:
    """The square, its quarters and its two names."""
    parts = [box("chart-band", (across(0), down(1)), (SIDE, SIDE), ink="sunk")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        words, y = f"{share * 100:.0f}", down(share)
        parts += [
            line("chart-grid", (across(0), y, across(1), y), ink="line", width=1),
            text(words, x=across(share), y=down(0) + 17, class_="chart-faint", anchor="middle", font_size=11),
            text(words, x=LEFT - 8, y=y + 4, class_="chart-faint", anchor="end", font_size=11),
        ]
    middle = HEAD + SIDE / 2
    turned = f"rotate(-90 12 {middle:g})"
    return [
        *parts,
        text("predicted, %", x=across(0.5), y=down(0) + 37, anchor="middle"),
        text("observed, %", x=12.0, y=middle, anchor="middle", transform=turned),
    ]
