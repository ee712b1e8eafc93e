"""An interval is judged in three values, on its bounds alone."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.gates.thresholds import judge_interval, judge_threshold, rows_needed
from registry.gates.values import Outcome
from tests.gates.samples import MEASURED, NOW, THRESHOLD

P, F, U = Outcome.PASSED, Outcome.FAILED, Outcome.UNDECIDED
finite = st.floats(-1e6, 1e6, allow_nan=False)
directions = st.sampled_from(["at_least", "at_most", "within"])


@pytest.mark.parametrize(
    ("direction", "low", "high", "outcome"),
    [
        ("at_least", 0.9, 0.95, P),
        ("at_least", 0.8, 0.8, P),
        ("at_least", 0.8, 0.9, P),
        ("at_least", 0.7999999, 0.9, U),
        ("at_least", 0.7, 0.8, U),
        ("at_least", 0.7, 0.7999999, F),
        ("at_least", 0.1, 0.2, F),
        ("at_most", 0.1, 0.2, P),
        ("at_most", 0.7, 0.8, P),
        ("at_most", 0.7, 0.8000001, U),
        ("at_most", 0.8, 0.9, U),
        ("at_most", 0.8000001, 0.9, F),
        ("within", 0.75, 0.85, P),
        ("within", 0.7, 0.9, P),
        ("within", 0.69, 0.8, U),
        ("within", 0.8, 0.91, U),
        ("within", 0.1, 2.0, U),
        ("within", 0.91, 0.95, F),
        ("within", 0.1, 0.69, F),
    ],
)
def test_the_table_of_judgements(direction: str, low: float, high: float, outcome: Outcome) -> None:
    threshold = replace(THRESHOLD, direction=direction, limit=0.8, tolerance=0.1)
    # 0.8 + 0.1 isn't 0.9 in binary; the band is what the arithmetic of both judges makes of it.
    high = min(high, 0.8 + 0.1) if high == 0.9 and direction == "within" else high
    low = max(low, 0.8 - 0.1) if low == 0.7 and direction == "within" else low
    assert judge_interval(threshold, low=low, high=high) is outcome


@pytest.mark.parametrize(("low", "high"), [(0.75, 0.9), (0.1, 0.25)])
def test_an_interval_that_touches_a_band_from_outside_is_undecided(low: float, high: float) -> None:
    """The band from .25 to .75, whose ends binary numbers hold exactly."""
    threshold = replace(THRESHOLD, direction="within", limit=0.5, tolerance=0.25)
    assert judge_interval(threshold, low=low, high=high) is U


@given(directions, finite, st.floats(0, 1e3), finite, finite)
def test_exactly_one_judgement_holds(direction: str, limit: float, tolerance: float, a: float, b: float) -> None:
    threshold = replace(THRESHOLD, direction=direction, limit=limit, tolerance=tolerance)
    low, high = sorted((a, b))
    outcome = judge_interval(threshold, low=low, high=high)
    passes_everywhere = all(
        judge_interval(threshold, low=point, high=point) is P for point in (low, (low + high) / 2, high)
    )
    if outcome is P:
        assert passes_everywhere
    if outcome is F:
        assert judge_interval(threshold, low=low, high=low) is F
        assert judge_interval(threshold, low=high, high=high) is F


@given(directions, finite, st.floats(0, 1e3), finite, finite, st.floats(0, 1), st.floats(0, 1))
def test_a_narrower_interval_never_turns_a_yes_into_a_no(
    direction: str, limit: float, tolerance: float, a: float, b: float, cut: float, keep: float
) -> None:
    threshold = replace(THRESHOLD, direction=direction, limit=limit, tolerance=tolerance)
    low, high = sorted((a, b))
    inner_low = low + (high - low) * cut * 0.5
    inner_high = max(inner_low, high - (high - low) * keep * 0.5)
    before = judge_interval(threshold, low=low, high=high)
    after = judge_interval(threshold, low=inner_low, high=inner_high)
    assert before is U or after is before


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("bound", ["low", "high"])
@pytest.mark.parametrize("direction", ["at_least", "at_most", "within"])
def test_what_is_not_a_number_is_undecided(bad: float | None, bound: str, direction: str) -> None:
    threshold = replace(THRESHOLD, direction=direction)
    said = judge_threshold(threshold, replace(MEASURED, **{bound: bad}), now=NOW)
    assert said.outcome is U
    assert not said.is_met


@pytest.mark.parametrize("status", ["insufficient_data", "not_applicable", "error", "", "OK"])
def test_only_ok_is_judged(status: str) -> None:
    assert judge_threshold(THRESHOLD, replace(MEASURED, status=status), now=NOW).outcome is U


def test_a_value_of_zero_is_a_value() -> None:
    threshold = replace(THRESHOLD, direction="at_most", limit=0.0)
    assert judge_threshold(threshold, replace(MEASURED, value=0.0, low=0.0, high=0.0), now=NOW).outcome is P


def test_a_point_estimate_alone_never_passes() -> None:
    assert judge_threshold(THRESHOLD, replace(MEASURED, value=0.99, low=0.7, high=1.0), now=NOW).outcome is U


def test_nothing_measured_is_undecided_and_says_what_to_run() -> None:
    said = judge_threshold(THRESHOLD, None, now=NOW)
    assert (said.outcome, said.found, said.unblock) == (U, "0", "Run fairness.group.")


@pytest.mark.parametrize(
    ("direction", "low", "value", "high", "needed"),
    [
        ("at_least", 0.65, 0.9, 1.0, 6_300),
        ("at_least", 0.5, 0.9, 1.0, 17_000),
        ("at_most", 0.4, 0.5, 0.95, 2_300),
        ("at_most", 0.4, 0.7, 0.9, 4_000),
        ("at_most", -1.0, -0.5, 1.0, 1_400),
        ("within", 0.5, 0.76, 0.8, 19_000),
        ("within", 0.75, 0.8, 1.0, 4_000),
        ("within", 0.65, 0.85, 1.0, 16_000),
    ],
)
def test_the_rows_needed_shrink_the_interval_to_the_limit(
    direction: str, low: float, value: float, high: float, needed: int
) -> None:
    threshold = replace(THRESHOLD, direction=direction, tolerance=0.1 if direction == "within" else 0.0)
    straddling = replace(MEASURED, value=value, low=low, high=high)
    said = judge_threshold(threshold, straddling, now=NOW)
    assert (said.outcome, said.detail["needed_n"]) == (U, needed)
    assert said.unblock == f"About {needed:,} rows instead of 1,000 would settle it if the estimate holds."


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"n": 2_500_000}, 10_000_000),
        ({"n": 7_901_235, "low": -0.125}, None),
        ({"n": 45}, 180),
        ({"n": 46}, 190),
        ({"n": 2, "low": -0.5}, 5),
        ({"n": 0}, None),
        ({"n": None}, None),
        ({"value": None}, None),
        ({"value": 0.0}, None),
        ({"value": -0.5}, None),
        ({"value": 0.5}, 900),
    ],
)
def test_rows_are_told_to_two_digits_and_only_when_they_would_help(
    changes: dict[str, float | None], needed: int | None
) -> None:
    measured: dict[str, Any] = {"value": 1.0, "low": -1.0, "high": 2.0, "n": 100} | changes
    assert rows_needed(replace(THRESHOLD, limit=0.0), **measured) == needed
    said = judge_threshold(replace(THRESHOLD, limit=0.0), replace(MEASURED, **measured), now=NOW)
    assert said.detail["needed_n"] == needed
    hopeless = "The estimate is not clear of the limit: more rows alone will hardly help, a better model would."
    assert (said.unblock == hopeless) is (needed is None)
