"""Counts in words, and one thing isn't many."""

import pytest

from evaluators.counting import how_many, too_few
from evaluators.support import family, rate_reading


@pytest.mark.parametrize(
    ("n", "things", "words"),
    [
        (0, "rows", "0 rows"),
        (1, "rows", "1 row"),
        (1.2, "effective rows", "1 effective row"),
        (1, "rows of class 'cats'", "1 row of class 'cats'"),
        (1, "attacked rows right at first", "1 attacked row right at first"),
        (1_200, "texts", "1,200 texts"),
    ],
)
def test_one_thing_is_named_in_the_singular(n: float, things: str, words: str) -> None:
    assert how_many(n, things) == words


def test_enough_is_no_reason() -> None:
    assert too_few(9, 10) == "9 rows, fewer than 10"
    assert too_few(9.7, 10, "effective rows") == "9 effective rows, fewer than 10"
    assert too_few(10, 10) == ""


def test_readings_and_groups_left_out_say_so_of_one_row() -> None:
    reading = rate_reading("m", "overall", 1, 1, level=0.95, among="rows predicted favourable", statistics={})
    assert reading.reason == "1 row predicted favourable, fewer than 10"
    assert family(["a"], [1], minimum=30).excluded[0]["reason"] == "1 row, fewer than 30"


@pytest.mark.parametrize(("sizes", "words"), [([40, 1, 2], "1 of 3"), ([1, 2], "none of 2")])
def test_a_single_group_that_is_large_enough_is_said_to_be_one(sizes: list[int], words: str) -> None:
    assert family("abc"[: len(sizes)], sizes, minimum=30).shortage == f"{words} groups is large enough to be compared"
