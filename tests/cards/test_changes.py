import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cards.changes import Change, compare_revisions

REVISIONS = st.dictionaries(
    st.sampled_from("abcdef"), st.sampled_from([{"text": "x"}, {"text": "y"}, {"unknown": "x"}])
)


def test_each_kind_of_change_is_told_with_what_it_was_and_is():
    before = {"a": {"text": "1"}, "b": {"text": "2"}, "c": {"text": "3"}}
    after = {"b": {"text": "2"}, "c": {"unknown": "3"}, "d": {"text": "4"}}
    assert compare_revisions(before, after) == (
        Change(key="a", kind="removed", before={"text": "1"}, after=None),
        Change(key="c", kind="changed", before={"text": "3"}, after={"unknown": "3"}),
        Change(key="d", kind="added", before=None, after={"text": "4"}),
    )


def test_changes_come_in_the_order_of_the_schema_and_strangers_last():
    changes = compare_revisions({}, {"z": 1, "m": 1, "a": 1, "old": 1}, order=["z", "a", "never"])
    assert [change.key for change in changes] == ["z", "a", "m", "old"]


@pytest.mark.parametrize(("one", "other", "same"), [(1, 1.0, True), (1, True, False), ([1, 2], [2, 1], False)])
def test_values_are_the_same_when_their_canonical_json_is(one, other, same):
    assert (compare_revisions({"k": one}, {"k": other}) == ()) is same


@given(REVISIONS, REVISIONS)
def test_applying_the_changes_gives_the_later_revision(before, after):
    rebuilt = dict(before)
    for change in compare_revisions(before, after):
        if change.kind == "removed":
            del rebuilt[change.key]
        else:
            rebuilt[change.key] = change.after
    assert rebuilt == after


@given(REVISIONS)
def test_a_revision_does_not_differ_from_itself(revision):
    assert compare_revisions(revision, dict(revision)) == ()
