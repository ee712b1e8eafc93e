"""However deep somebody nests a text, the page and the PDF come out, with every word of it."""

import io
import re
from html.parser import HTMLParser

import pypdf
import pytest

from registry.reports.nesting import DEEPEST, EMPTY
from registry.reports.pdf import to_pdf
from registry.reports.prose import render_markdown

MANY = 5000
DEEP = {
    "elements": "<b>" * MANY + "word" + "</b>" * MANY,
    "quotations in HTML": "<blockquote>" * MANY + "word" + "</blockquote>" * MANY,
    "lists in HTML": "<ul><li>" * MANY + "word" + "</li></ul>" * MANY,
    "tables in HTML": "<table><tr><td>" * MANY + "word" + "</td></tr></table>" * MANY,
    "never closed": "<ol><li><em>" * MANY + "word",
    "quotations": "> " * MANY + "word",
    "quotations without spaces": ">" * MANY + "word",
    "lists on one line": "- " * MANY + "word",
    "numbered lists on one line": "1. " * MANY + "word",
    "lists in quotations": "> - " * MANY + "word",
    "lists by indentation": "\n".join(" " * (4 * level) + "- word" for level in range(300)),
    "lists by tabs": "\n".join("\t" * level + "- word" for level in range(500)),
    "quotations line by line": "\n".join("> " * level + "- word" for level in range(300)),
    "emphasis": "*" * MANY + "word" + "*" * MANY,
    "links": "[" * MANY + "word" + "](https://a.example)" * MANY,
}


class Depth(HTMLParser):
    """How many elements stand within one another at most, and whether each that opens is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.deepest, self.open = 0, []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in EMPTY:
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", DEEP)
def test_nothing_is_nested_deeper_than_a_page_can_be_laid_out(name: str) -> None:
    html = render_markdown(DEEP[name])
    seen = Depth(html)
    assert seen.deepest <= DEEPEST
    assert seen.open == []
    assert html.count("word") == DEEP[name].count("word")


FAR = f"{'> ' * 30}quoted\n{' ' * 120}far\n"


@pytest.mark.parametrize("opening", ["```", "~~~", "``` python", "```\tpython", "``\x02`sql"])
def test_code_between_fences_stays_as_it_was(opening: str) -> None:
    fence = opening[0] * 3
    html = render_markdown(f"Before\n\n{opening}\n{FAR}{fence}\n\n{FAR}\n{opening}\n{FAR}{fence}\n")
    assert html.count(f"<code>{FAR.replace('>', '&gt;')}</code>") == 2
    assert html.count("<blockquote>") <= DEEPEST
    assert html.count("quoted") == 3


@pytest.mark.parametrize("opening", ["``` {.python}", "``` {a} b}", "````", "```\n```\n```", " ```"])
def test_what_only_looks_like_a_fence_hides_nothing_that_is_too_deep(opening: str) -> None:
    text = f"{opening}\n{'> ' * MANY}word\n```\n{'> ' * MANY}word\n```\n{'> ' * MANY}word\n"
    html = render_markdown(text)
    assert Depth(html).deepest <= DEEPEST
    assert html.count("word") == 3


def test_all_of_it_together_is_printed() -> None:
    written = {name: render_markdown(text) for name, text in DEEP.items() if name != "links"}
    page = "".join(
        f"<table><tbody><tr><th>{name}</th><td>{html}</td></tr></tbody></table>" for name, html in written.items()
    )
    reader = pypdf.PdfReader(io.BytesIO(to_pdf(f"<html><body>{page}</body></html>")))
    words = " ".join(sheet.extract_text() for sheet in reader.pages)
    for name in written:
        assert name in " ".join(words.split())


def test_what_somebody_can_mean_stays_as_it_was() -> None:
    text = "> - one\n>     - two\n>         1. three\n\n<b>a &amp; b &#60; c</b>\n\n    code <b>\n"
    html = render_markdown(text)
    assert [len(re.findall(f"<{tag}>", html)) for tag in ("blockquote", "ul", "ol", "pre")] == [1, 2, 1, 1]
    assert "<b>a &amp; b &lt; c</b>" in html
    assert "code &lt;b&gt;" in html
