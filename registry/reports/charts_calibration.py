"""What was predicted against what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString

from registry.reports.figures import as_number, format_number
from registry.reports.svg import EMPTY, INKS, Scale, absent, chart, element, text

SIDE, LEFT, FOOT, HEAD = 260.0, 44.0, 44.0, 10.0


def reliability_chart(bins: Iterable[Mapping[str, object]], *, label: str = "Calibration") -> SafeString:
    """What was predicted against what happened, a point per bin; on the diagonal the two agree.

    A bin has `predicted` and `observed` (both shares), and optionally `low` and `high` (the interval of
    the observed one) and `n`.
    """
    points = [
        (predicted, observed, each)
        for each in bins
        if (predicted := as_number(each.get("predicted"))) is not None
        and (observed := as_number(each.get("observed"))) is not None
    ]
    if not points:
        return absent(title=label, words="not measured")
    across, down = Scale(0, 1, LEFT, LEFT + SIDE), Scale(0, 1, HEAD + SIDE, HEAD)
    largest = max((as_number(each.get("n")) or 0.0 for *_, each in points), default=0.0)
    marks = [_bin(across(predicted), down, observed, each, largest) for predicted, observed, each in points]
    said = "; ".join(f"predicted {format_number(p, 'rate')}, observed {format_number(o, 'rate')}" for p, o, _ in points)
    diagonal = element(
        "line",
        class_="chart-axis",
        x1=across(0),
        y1=down(0),
        x2=across(1),
        y2=down(1),
        stroke=INKS["line-strong"],
        stroke_width=1,
        stroke_dasharray="4 4",
    )
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


def _bin(x: float, down: Scale, observed: float, each: Mapping[str, object], largest: float) -> SafeString:
    """A point as large as its share of the sample, with its interval."""
    low, high, count = as_number(each.get("low")), as_number(each.get("high")), as_number(each.get("n"))
    whisker = EMPTY
    if low is not None and high is not None:
        whisker = element(
            "line",
            class_="chart-line",
            x1=x,
            x2=x,
            y1=down(low),
            y2=down(high),
            stroke=INKS["accent"],
            stroke_width=1.6,
        )
    radius = 3.5 if not count or not largest else 3.0 + 4.0 * (count / largest) ** 0.5
    point = element(
        "circle",
        class_="chart-point",
        cx=x,
        cy=down(observed),
        r=radius,
        fill=INKS["accent"],
        stroke=INKS["surface"],
        stroke_width=1.2,
    )
    size = "" if count is None else f", n = {count:,.0f}"
    return element("g", element("title", f"observed {format_number(observed, 'rate')}{size}"), whisker, point)


def _reliability_frame(across: Scale, down: Scale) -> list[SafeString]:
    """The square, its quarters and its two names."""
    parts = [element("rect", class_="chart-band", x=across(0), y=down(1), width=SIDE, height=SIDE, fill=INKS["sunk"])]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        words = f"{share * 100:.0f}"
        parts += [
            element(
                "line",
                class_="chart-grid",
                x1=across(0),
                x2=across(1),
                y1=down(share),
                y2=down(share),
                stroke=INKS["line"],
                stroke_width=1,
            ),
            text(words, x=across(share), y=down(0) + 17, class_="chart-faint", anchor="middle", font_size=11),
            text(words, x=LEFT - 8, y=down(share) + 4, class_="chart-faint", anchor="end", font_size=11),
        ]
    middle = HEAD + SIDE / 2
    parts += [
        text("predicted, %", x=across(0.5), y=down(0) + 37, anchor="middle"),
        text("observed, %", x=12.0, y=middle, anchor="middle", transform=f"rotate(-90 12 {middle:g})"),
    ]
    return parts
