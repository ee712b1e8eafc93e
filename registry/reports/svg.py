"""The little that charts need of SVG: escaped elements, linear scales, and the inks that paper gets.

Elements carry presentation attributes with the inks of the light theme, so that a chart prints as it stands; the
style sheet overrides them by class on a screen. There are no ids, no style attributes and no references, so a page
may hold any number of charts under a policy that allows no inline style.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

# The light half of the tokens of the same names in static/css/tokens.css; a test holds the two together.
INKS: Final = {
    "surface": "#fffefb",
    "sunk": "#f1eee6",
    "line": "#dfdacd",
    "line-strong": "#86816f",
    "ink": "#1b2026",
    "ink-soft": "#474d55",
    "ink-faint": "#62676e",
    "accent": "#1d4c78",
    "accent-wash": "#e6edf4",
    "passed": "#1b6040",
    "passed-wash": "#e4f0e7",
    "failed": "#a1271c",
    "failed-wash": "#f9e8e3",
    "undecided": "#795000",
    "undecided-wash": "#f8efd6",
    "waived": "#573b88",
    "waived-wash": "#eeeaf6",
    "suspended": "#8b2f66",
    "suspended-wash": "#f7e7f0",
    "neutral": "#4a5058",
    "neutral-wash": "#edeae2",
}
FONT: Final = "Liberation Sans, Helvetica, Arial, sans-serif"
SIZE: Final = 12.5
EMPTY: Final = SafeString("")
UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def element(name: str, *children: str, class_: str = "", **attributes: object) -> SafeString:
    """One SVG element. Every attribute and every child that is not already markup is escaped; None is left out."""
    if "style" in attributes:
        raise ValueError("charts carry no style attribute")
    if class_:
        attributes = {"class": class_, **attributes}
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_legal(escape(_plain(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(_legal(conditional_escape(child)) for child in children)
    return mark_safe(f"<{name}{written}>{inner}</{name}>")  # noqa: S308 (every part was escaped above)


def _legal(words: str) -> str:
    """The words without the characters that no XML document may hold."""
    return UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", words)


def _plain(value: object) -> str:
    """Numbers rounded for the page; everything else as it is."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def percent(position: float) -> str:
    """A position as a percentage of the chart's width: fluid charts have no other unit across."""
    return f"{position:.2f}%"


def text(
    words: str, *more: str, x: object, y: float, class_: str = "", anchor: str = "start", **attributes: object
) -> SafeString:
    """A line of text, never taken for markup, and spans that go on from it; its ink on paper follows from its class."""
    ink = {"chart-strong": "ink", "chart-label": "ink", "chart-faint": "ink-faint"}.get(class_, "ink-soft")
    given: dict[str, object] = {"fill": INKS[ink], "font_size": SIZE, "text_anchor": anchor} | attributes
    return element("text", escape(words), *more, class_=class_, x=x, y=y, **given)


def chart(
    *children: str, title: str, description: str, height: float, width: float | None = None, class_: str = ""
) -> SafeString:
    """A whole chart, fluid in width unless a width is given, with its name and description for who can't see it."""
    fluid = width is None
    return element(
        "svg",
        element("title", escape(title)),
        element("desc", escape(description)),
        *children,
        class_=f"chart chart--{'fluid' if fluid else 'fixed'} {class_}".strip(),
        role="img",
        aria_label=f"{title}. {description}",
        width="100%" if fluid else width,
        height=height,
        viewBox=None if fluid else f"0 0 {width:g} {height:g}",
        font_family=FONT,
        xmlns="http://www.w3.org/2000/svg",
    )


def absent(*, title: str, words: str) -> SafeString:
    """What stands where a chart would: the words, in the same place."""
    line = text(words, x=0, y=15.0, class_="chart-faint")
    return chart(line, title=title, description=words, height=22, class_="chart--absent")


def clip(words: str, limit: int) -> str:
    """The words, cut with an ellipsis where they would run past `limit` characters."""
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "\u2026"


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from `lower..upper` to positions `start..end`; values outside are clamped to the ends."""

    lower: float
    upper: float
    start: float = 0.5
    end: float = 99.5

    def __call__(self, value: float) -> float:
        if self.upper <= self.lower:
            return (self.start + self.end) / 2
        share = (min(max(value, self.lower), self.upper) - self.lower) / (self.upper - self.lower)
        return self.start + share * (self.end - self.start)


def step_for(span: float) -> float:
    """A round step (1, 2 or 5 times a power of ten) that goes about five times into `span`."""
    raw = span / 5
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(times * magnitude for times in (1, 2, 5, 10) if times * magnitude >= raw * 0.999)


def scale_over(
    values: Sequence[float], *, lower: float | None, upper: float | None, start: float = 0.5, end: float = 99.5
) -> Scale:
    """A scale that shows every value: the natural bounds where known, widened where a value lies beyond them.

    Without bounds it ends on round numbers with a little room, though shares get no room below 0 or above 1.
    """
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    step = step_for(span)
    bottom = round(math.floor((low - span * 0.12) / step) * step, 12)
    top = round(math.ceil((high + span * 0.12) / step) * step, 12)
    if low >= 0:
        bottom = max(bottom, 0.0)
    if low >= 0 and high <= 1:
        top = min(top, 1.0)
    return Scale(bottom if lower is None else min(lower, low), top if upper is None else max(upper, high), start, end)
