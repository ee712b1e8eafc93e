"""One way to write numbers for people, in the gate's sentences as on the pages; fields keep every digit."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.gates.numbers import against, exact, percentage, plain
from registry.gates.thresholds import judge_threshold
from registry.reports.figures import format_number
from registry.reports.wording import asked_words
from tests.gates.samples import MEASURED, NOW, THRESHOLD

LIMITED = replace(THRESHOLD, slice="overall", direction="at_most", limit=0.001)


def found(*, limit: float = 0.001, **measured: float) -> str:
    return judge_threshold(replace(LIMITED, limit=limit), replace(MEASURED, **measured), now=NOW).found_text


def test_a_very_small_number_is_written_as_on_the_pages_and_kept_whole_in_the_fields() -> None:
    measured = replace(MEASURED, value=1.92e-16, low=1.9e-16, high=2e-16)
    said = judge_threshold(LIMITED, measured, now=NOW)
    assert said.found_text == "less than 0.000001, 95% interval less than 0.000001"
    assert format_number(1.92e-16) in said.found_text
    assert (said.detail["value"], said.detail["high"]) == (1.92e-16, 2e-16)


@pytest.mark.parametrize(
    ("measured", "limit", "text"),
    [
        ({"value": 0.688, "low": 0.61, "high": 0.765}, 0.8, "0.688, 95% interval 0.61 to 0.765"),
        ({"value": 0.8, "low": 0.79996, "high": 0.81}, 0.8, "0.80, 95% interval 0.79996 to 0.81"),
        ({"value": 0.4, "low": 1e-9, "high": 0.5}, 0.8, "0.40, 95% interval less than 0.000001 to 0.50"),
        ({"value": 2.0, "low": 2.0, "high": 2.0}, 2, "2, 95% interval 2 to 2"),
        ({"value": 1e7, "low": 9e6, "high": 1.1e7}, 2, "10,000,000, 95% interval 9,000,000 to 11,000,000"),
        ({"value": 0.5, "low": 0.4, "high": 0.6, "level": 0.975}, 0.8, "0.50, 97.5% interval 0.40 to 0.60"),
        ({"value": 0.5, "low": 0.4, "high": 0.6, "level": 0.9999}, 0.8, "0.50, 99.99% interval 0.40 to 0.60"),
    ],
)
def test_what_was_found_is_told_apart_from_the_limit(measured: dict[str, float], limit: float, text: str) -> None:
    assert found(limit=limit, **measured) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [(0.8, "0.80"), (0.001, "0.001"), (0.00001, "0.00001"), (2, "2"), (0.12345, "0.12345"), (-1, "\u22121")],
)
def test_a_limit_is_written_with_the_digits_it_was_chosen_with(limit: float, text: str) -> None:
    asked = replace(LIMITED, limit=limit)
    said = judge_threshold(asked, replace(MEASURED, value=limit + 2, low=limit + 1, high=limit + 3), now=NOW)
    assert said.asked.endswith(f"upper bound ≤ {text}")
    assert said.unblock.endswith(f"bound is ≤ {text}.")
    assert asked_words(said).endswith(f"at most {text}")


def test_a_band_that_is_missed_is_written_with_both_its_numbers() -> None:
    band = replace(LIMITED, direction="within", limit=0.3, tolerance=0.05)
    said = judge_threshold(band, replace(MEASURED, value=0.5, low=0.4, high=0.6), now=NOW)
    assert said.unblock == (
        "The whole interval misses the limit: change the model until all of it lies within 0.30 ± 0.05."
    )


@given(st.floats(-1e12, 1e12, allow_nan=False), st.floats(-1e12, 1e12, allow_nan=False))
def test_nothing_is_written_scientifically(number: float, limit: float) -> None:
    for text in (plain(number), exact(number), against(number, limit), percentage(number)):
        assert re.fullmatch(r"(less than )?\u2212?[0-9][0-9,]*(\.[0-9]+)?", text)
