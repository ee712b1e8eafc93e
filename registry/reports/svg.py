"""The little that charts need of SVG: escaped elements, linear scales, and the inks that paper gets.

Elements carry presentation attributes with the inks of the light theme, so that a chart prints as it stands; the
style sheet overrides them by class on a screen. There are no ids, no style attributes and no references, so a page
may hold any number of charts under a policy that allows no inline style.
"""

from __future__ import annotations

import re
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


def line(
    class_: str, ends: tuple[object, float, object, float], *, ink: str, width: float, **more: object
) -> SafeString:
    """A line from x1, y1 to x2, y2."""
    x1, y1, x2, y2 = ends
    return element("line", class_=class_, x1=x1, y1=y1, x2=x2, y2=y2, stroke=INKS[ink], stroke_width=width, **more)


def dot(
    class_: str, x: object, y: float, radius: float, *, ink: str, edge: str = "surface", **more: object
) -> SafeString:
    """A filled circle with an edge that sets it off from what lies under it."""
    given: dict[str, object] = {"fill": INKS[ink], "stroke": INKS[edge], "stroke_width": 1.2} | more
    return element("circle", class_=class_, cx=x, cy=y, r=radius, **given)


def box(
    class_: str, corner: tuple[object, float], size: tuple[object, float], *, ink: str, **more: object
) -> SafeString:
    """A filled rectangle from its upper left corner."""
    return element(
        "rect", class_=class_, x=corner[0], y=corner[1], width=size[0], height=size[1], fill=INKS[ink], **more
    )


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
