import pytest

from registry.cards.limits import MAX_COLUMNS, MAX_POINTERS, MAX_ROWS, Problem
from registry.cards.pointers import Pointer, full_path, parse_pointers
from registry.cards.rows import parse_rows

LABEL_COLUMNS = ("annotators", "instructions", "agreement", "tools")


def test_a_row_may_hold_text_numbers_truth_values_and_gaps():
    rows = [{"group": "women", "n": 812, "rate": 0.71, "judged": True, "note": None}]
    assert parse_rows(rows, columns=()) == tuple(rows)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "a list"),
        ([], "a list"),
        ([[]], "row 1"),
        ([{}], "row 1"),
        ([{"a": None, "b": ""}], "row 1 is empty"),
        ([{"a": 1}, {"a": {}}], "row 2, column a"),
        ([{"a": float("nan")}], "finite"),
        ([{"a": float("inf")}], "finite"),
        ([{"a": 2**53}], "finite"),
        ([{"a": "x\x07"}], "U+0007"),
        ([{"a": "x" * 2001}], "limit is 2,000"),
        ([{"<script>": 1}], "plain name"),
        ([{"": 1}], "plain name"),
        ([{f"c{i}": 1 for i in range(MAX_COLUMNS + 1)}], "limit is 30"),
        ([{"a": 1}] * (MAX_ROWS + 1), "limit is 500"),
    ],
)
def test_rows_that_do_not_fit_are_refused_with_their_place(content, said):
    with pytest.raises(Problem) as refused:
        parse_rows(content, columns=())
    assert said in str(refused.value)


def test_named_columns_are_the_only_ones_allowed():
    assert parse_rows([{"tools": "a form"}], columns=LABEL_COLUMNS)
    with pytest.raises(Problem, match="annotators, instructions, agreement, tools"):
        parse_rows([{"mood": "good"}], columns=LABEL_COLUMNS)


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("user_features.datasheet.collection", "data.user_features.datasheet.collection"),
        ("data.user_features.datasheet.collection", "data.user_features.datasheet.collection"),
        ("topic_tags.dag_card.data.*.datasheet.collection", "data.topic_tags.dag_card.data.*.datasheet.collection"),
        ("*.uses", "data.*.uses"),
    ],
)
def test_pointers_are_kept_in_their_full_form(written, full):
    assert full_path(written) == full


@pytest.mark.parametrize("path", ["", "data", "data.x", "x", "a..b", "a.b c", "a.**", "a/b.c", ".a.b", "a." * 20 + "b"])
def test_what_is_no_pointer_is_refused(path):
    with pytest.raises(Problem, match="no pointer"):
        full_path(path)


def test_pairs_and_objects_are_both_read():
    expected = (Pointer("data.a.datasheet.uses", "why"),)
    assert parse_pointers([["a.datasheet.uses", "why"]]) == expected
    assert parse_pointers([{"pointer": "a.datasheet.uses", "comment": "why"}]) == expected
    assert parse_pointers([{"pointer": "a.datasheet.uses"}]) == (Pointer("data.a.datasheet.uses"),)


@pytest.mark.parametrize(
    "content",
    [
        [],
        "a.datasheet.uses",
        ["a.datasheet.uses"],
        [{"pointer": "a.datasheet.uses", "resolved": "anything"}],
        [["a.datasheet.uses", "", "third"]],
        [[1, ""]],
        [["a.datasheet.uses", ""], ["data.a.datasheet.uses", ""]],
        [[f"a{i}.datasheet.uses", ""] for i in range(MAX_POINTERS + 1)],
    ],
)
def test_pointer_lists_that_do_not_fit_are_refused(content):
    with pytest.raises(Problem):
        parse_pointers(content)
