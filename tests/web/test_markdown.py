"""Texts that people write in Markdown can do nothing in the page, whatever they try."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.template import engines

from registry.reports.prose import ATTRIBUTES, SCHEMES, TAGS, render_markdown

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'",
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    '![x" onerror="alert(1)](y)',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/admin/?x=1)",
    '[x](https://a.example "title" onmouseover="alert(1)")',
    "[x](https://a.example '\" onmouseover=\"alert(1)')",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    '<a href="https://a.example" onclick="alert(1)" style="position:fixed" id=main class=button target=_blank>x</a>',
    '<a xlink:href="javascript:alert(1)">x</a>',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--><img src=x onerror=alert(1)>">',
    '<math href="javascript:alert(1)">x</math>',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<style>body{background:url(//evil.example)}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.example/>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<body onload=alert(1)>",
    "<template><script>alert(1)</script></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<textarea></textarea><script>alert(1)</script>",
    "<title></title><script>alert(1)</script>",
    '<!--<img src="--><img src=x onerror=alert(1)>">',
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php alert(1) ?>",
    "<p hx-get=/admin hx-trigger=load>x</p>",
    "<p hx-on:click='alert(1)' data-hx-get=/x>x</p>",
    '```"><script>alert(1)</script>\nx\n```',
    "``` {.x onclick=alert(1)}\nx\n```",
    "    <script>alert(1)</script>",
    "`<script>alert(1)</script>`",
    "# <script>alert(1)</script>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "> <script>alert(1)</script>",
    "{% load x %}{{ request }}<script>alert(1)</script>",
    "\x00<script>alert(1)</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\u202e<script>alert(1)</script>",
    "<" * 500 + "script>alert(1)",
    "[" * 300 + "x](javascript:alert(1))",
]


class Page(HTMLParser):
    """What a browser would make of it: elements, their attributes and where their links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_acts_survives(payload: str) -> None:
    for text in (payload, f"Before {payload} after", f"- one\n- {payload}", f"**{payload}**"):
        for tag, attributes in Page(render_markdown(text)).elements:
            assert tag in TAGS
            assert set(attributes) <= ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
            assert urlsplit(attributes.get("href", "https://x")).scheme in SCHEMES


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 60


def test_what_people_need_survives() -> None:
    text = (
        "# Use\n\nA **person** decides.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "[study](https://a.example/x?y=1&z=2), [mail](mailto:a@b.example)"
    )
    html = render_markdown(text)
    tags = [tag for tag, _ in Page(html).elements]
    assert {"h3", "strong", "ul", "li", "table", "td", "a"} <= set(tags)
    assert "h1" not in tags
    links = [attributes for tag, attributes in Page(html).elements if tag == "a"]
    assert [link["href"] for link in links] == ["https://a.example/x?y=1&z=2", "mailto:a@b.example"]
    assert all({"nofollow", "noopener"} <= set(link["rel"].split()) for link in links)


@pytest.mark.parametrize("nothing", [None, "", "  \n ", 0])
def test_nothing_gives_nothing(nothing: object) -> None:
    assert render_markdown(nothing) == ""


def test_the_filter_of_the_templates_is_this_very_function() -> None:
    shown = (
        engines["django"].from_string("{% load assay %}{{ text|markdown }}").render({"text": "*x* <script>1</script>"})
    )
    assert shown == "<p><em>x</em> </p>"
