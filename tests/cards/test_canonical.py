import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cards.canonical import NotCanonical, canonical_bytes, digest

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé😀", max_size=3), inner, max_size=4),
    max_leaves=12,
)


def test_the_digest_is_the_sha256_of_the_canonical_form():
    assert canonical_bytes({"b": 1, "a": [1.0, True, None, "é\n"]}) == '{"a":[1,true,null,"é\\n"],"b":1}'.encode()
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_keys_are_ordered_by_utf16_units_as_the_standard_says():
    assert canonical_bytes({"\ufb33": 1, "😀": 2}) == '{"😀":2,"\ufb33":1}'.encode()


@given(JSON)
def test_the_order_in_which_keys_were_written_changes_nothing(value):
    text = json.dumps(value)
    reversed_keys = json.loads(text, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert canonical_bytes(reversed_keys) == canonical_bytes(value)


@given(JSON)
def test_canonical_json_reads_back_as_the_value(value):
    assert json.loads(canonical_bytes(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, "\ud800", {"\ud800": 1}, {1: 2}, b"x", {1, 2}, object()])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(NotCanonical):
        digest(value)


def test_endless_depth_is_refused():
    value: list = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(NotCanonical, match="deep"):
        canonical_bytes(value)
