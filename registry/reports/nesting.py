"""Texts within texts, down to a depth that somebody can mean: whoever lays a page out goes down every level there is.

What is nested deeper loses its levels, never its words.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from markdown.extensions.fenced_code import FencedBlockPreprocessor

DEEPEST: Final = 24
INDENT: Final = 4
# A quotation or an item of a list, as many of which as anybody likes may begin one line.
MARKER: Final = r"(?:[ \t]*(?:>|[-*+](?=[ \t])|[0-9]{1,9}[.)](?=[ \t])))"
TOO_MANY: Final = re.compile(rf"^({MARKER}{{{DEEPEST}}}){MARKER}+", re.MULTILINE)
TOO_FAR: Final = re.compile(rf"^( {{{DEEPEST * INDENT}}}) +", re.MULTILINE)
# What the converter drops or rewrites before it looks for fences.
DROPPED: Final = str.maketrans("", "", "\x02\x03")
LINE_END: Final = re.compile(r"\r\n?")
FENCED: Final = FencedBlockPreprocessor.FENCED_BLOCK_RE
EMPTY: Final = frozenset({"br", "hr"})


def shallow_markdown(text: str) -> str:
    """The text with at most `DEEPEST` quotations and lists within one another; code between fences stays as it is."""
    # Tabs first, as the converter does: only so does it find the same fences.
    plain = LINE_END.sub("\n", text.translate(DROPPED)).expandtabs(INDENT)
    parts, end = [], 0
    for fenced in FENCED.finditer(plain):
        if fenced["attrs"]:
            break  # whether this opens anything depends on what stands in its braces
        parts += [_cut(plain[end : fenced.start()]), fenced[0]]
        end = fenced.end()
    return "".join([*parts, _cut(plain[end:])])


def _cut(text: str) -> str:
    return TOO_FAR.sub(r"\1", TOO_MANY.sub(r"\1", text))


def shallow_html(html: str) -> str:
    """Well-formed HTML with at most `DEEPEST` elements within one another."""
    shallow = _Shallow()
    shallow.feed(html)
    shallow.close()
    return "".join(shallow.parts)


class _Shallow(HTMLParser):
    """Passes everything on but the tags that are too deep."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An opening tag goes one level down."""
        if tag not in EMPTY:
            self.depth += 1
        if self.depth <= DEEPEST:
            self.parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """A closing tag comes back up."""
        if self.depth <= DEEPEST:
            self.parts.append(f"</{tag}>")
        else:
            self.parts.append(" ")
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        """Words stay."""
        self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        """So do characters with a name."""
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """And those with a number."""
        self.parts.append(f"&#{name};")
