"""Markdown written by people, made into HTML that can do nothing.

The converter's output passes an allow-list: no script, style, SVG, MathML, image, id or class; links lead to http,
https or mail only, open without a referrer, and lend nothing to where they lead.
"""

from __future__ import annotations

from typing import Final

import markdown
import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

from registry.reports.nesting import shallow_html, shallow_markdown

TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "dl",
        "dt",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
DROPPED_WITH_CONTENT: Final = frozenset(
    {"script", "style", "svg", "math", "template", "noscript", "iframe", "title", "textarea"}
)
ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
SCHEMES: Final = frozenset({"http", "https", "mailto"})
LONGEST: Final = 200_000
# Finding the end of a link takes the longer, the more brackets there are; beyond this many they are only brackets.
MOST_BRACKETS: Final = 500
SPANS: Final = ("colspan", "rowspan")
WIDEST: Final = 100
EXTENSIONS: Final = (
    "markdown.extensions.tables",
    "markdown.extensions.fenced_code",
    "markdown.extensions.sane_lists",
    "markdown.extensions.def_list",
)


def _kept(_tag: str, name: str, value: str) -> str | None:
    """An address only where its scheme is written out; a relative one could be read as something else later. A span
    only of a size that somebody can mean: whoever lays out a table makes room for every cell it promises."""
    if name in SPANS:
        return value if value.isascii() and value.isdigit() and len(value) < 4 and int(value) <= WIDEST else None
    return value if name != "href" or value.partition(":")[0].lower() in SCHEMES else None


def _converted(written: str) -> str:
    """What the converter makes of a text; of one that leads it too deep, its paragraphs with nothing converted."""
    source = shallow_markdown(written)
    if source.count("[") > MOST_BRACKETS:
        source = source.replace("[", "&#91;")
    try:
        return str(markdown.markdown(source, extensions=list(EXTENSIONS), output_format="html"))
    except RecursionError:
        return str(linebreaks(written, autoescape=True))


def render_markdown(source: object) -> SafeString:
    """Safe HTML for a text in Markdown; nothing for nothing. Headings start at the third level, below the page's."""
    written = str(source or "").replace("\x00", "")[:LONGEST]
    if not written.strip():
        return SafeString("")
    html = _converted(written)
    for level in (2, 1):
        html = html.replace(f"<h{level}>", "<h3>").replace(f"</h{level}>", "</h3>")
    clean = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes=ATTRIBUTES,
        url_schemes=set(SCHEMES),
        attribute_filter=_kept,
        link_rel="nofollow noopener noreferrer",
        strip_comments=True,
    )
    return mark_safe(shallow_html(clean))  # noqa: S308 (the allow-list has just been applied)
