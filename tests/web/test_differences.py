"""The words that only one of two texts has are marked, and nothing else is changed about either."""

import re
import time

import pytest
from django.utils.safestring import mark_safe

from registry.reports.differences import mark_words
from registry.reports.prose import render_markdown


def seen(marked: str) -> str:
    return re.sub(r'<span class="visually-hidden">.*?</span>', "", marked)


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [
        ("one two three", "one 2 three", "one <del>two</del> three", "one <ins>2</ins> three"),
        ("a b c d", "a d", "a <del>b c</del> d", "a d"),
        ("", "new", "", "<ins>new</ins>"),
        ("0.80, far", "0.85, far", "<del>0.80</del>, far", "<ins>0.85</ins>, far"),
        ("<script>x", "<script>y", "&lt;script&gt;<del>x</del>", "&lt;script&gt;<ins>y</ins>"),
        ("same", "same", "same", "same"),
    ],
)
def test_only_words_that_differ_are_marked(before: str, after: str, gone: str, come: str) -> None:
    assert tuple(map(seen, mark_words(before, after))) == (gone, come)


def test_a_mark_never_crosses_a_tag() -> None:
    before, after = (
        render_markdown(each) for each in ("Read *this now* or **never**.", "Say [nothing](https://e.org).")
    )
    gone, come = mark_words(before, after)
    for marked, tag in ((seen(gone), "del"), (seen(come), "ins")):
        assert all("<" not in inside for inside in re.findall(rf"<{tag}>(.*?)</{tag}>", marked))
    assert seen(gone).startswith("<p><del>Read</del> <em><del>this now</del></em>")


def test_a_text_brings_no_marks_of_its_own() -> None:
    assert mark_words(render_markdown("a <ins>b</ins>"), render_markdown("a <del>b</del>")) == ("<p>a b</p>",) * 2


def test_a_link_that_leads_elsewhere_is_marked() -> None:
    _, come = mark_words(
        render_markdown("[the paper](https://a.org) says"), render_markdown("[the paper](https://b.org) says")
    )
    assert "<ins>the paper</ins></a> says" in seen(come)


def test_the_same_words_in_another_shape_are_marked_whole() -> None:
    assert seen(mark_words(mark_safe("<p>a</p>"), mark_safe("<h3>a</h3>"))[1]) == "<h3><ins>a</ins></h3>"


def test_what_is_marked_is_also_said() -> None:
    gone, come = mark_words("old", "new")
    assert "[taken out: </span>old" in gone
    assert "[put in: </span>new" in come


def test_long_texts_are_compared_in_bounded_time() -> None:
    start = time.monotonic()
    mark_words("a b " * 20_000, "b a a " * 20_000)
    assert time.monotonic() - start < 5
