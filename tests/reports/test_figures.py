"""Numbers are written for people: three significant digits, never scientific, never a zero for nothing."""

from __future__ import annotations

import math

import pytest

from registry.reports.figures import format_against, format_interval, format_limit, format_number


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.65234, "", "0.652"),
        (0.8, "", "0.80"),
        (0.034, "", "0.034"),
        (1.0, "ratio", "1.00"),
        (0.70834, "rate", "70.8%"),
        (1.0, "rate", "100%"),
        (0.0, "rate", "0%"),
        (0, "", "0"),
        (0.0, "", "0"),
        (1989, "", "1,989"),
        (12345.6, "", "12,346"),
        (0.0000123, "", "0.0000123"),
        (1e-9, "", "less than 0.000001"),
        (-0.25, "", "\u22120.25"),
        (3.14159, "bits", "3.14\u00a0bits"),
        (None, "rate", "not measured"),
        (math.nan, "", "not measured"),
        (math.inf, "", "not measured"),
        (True, "", "not measured"),
        ("abc", "", "not measured"),
    ],
)
def test_a_number_is_written_as_people_read_it(value: object, unit: str, said: str) -> None:
    assert format_number(value, unit) == said


@pytest.mark.parametrize("exponent", range(-12, 16))
def test_no_number_is_ever_written_in_powers_of_ten(exponent: int) -> None:
    assert "e" not in format_number(1.2345 * 10.0**exponent).replace("less than", "")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.57, 0.75, "0.57 \u2013 0.75, 95%"),
        (0.57, None, "at least 0.57, 95%"),
        (None, 0.75, "at most 0.75, 95%"),
        (None, math.nan, "not measured"),
    ],
)
def test_an_interval_says_its_ends_and_its_level(low: object, high: object, said: str) -> None:
    assert format_interval(low, high, level=0.95) == said


def test_a_value_is_written_so_that_it_can_be_told_from_its_limit() -> None:
    assert format_against(0.79996, 0.8) == "0.79996"
    assert format_against(0.8, 0.8) == "0.80"
    assert format_against(0.65, 0.8) == "0.65"


def test_an_interval_is_told_from_the_limit_that_it_is_judged_by() -> None:
    assert format_interval(0.79996, 0.95, level=0.95, limit=0.8) == "0.79996 \u2013 0.95, 95%"
    assert format_interval(0.0999996, None, unit="rate", limit=0.1) == "at least 9.99996%"


@pytest.mark.parametrize(
    ("limit", "unit", "said"),
    [
        (0.8, "", "0.80"),
        (0.1234, "", "0.1234"),
        (0.1234, "rate", "12.34%"),
        (2, "count", "2"),
        (None, "", "not measured"),
    ],
)
def test_a_limit_keeps_the_digits_it_was_chosen_with(limit: object, unit: str, said: str) -> None:
    assert format_limit(limit, unit) == said
