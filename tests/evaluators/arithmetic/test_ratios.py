import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluators.arithmetic.blocks import Block, binomial_block
from evaluators.arithmetic.ratios import contrasts, ratio_interval
from evaluators.arithmetic.simultaneous import gap, log_ratio
from tests.evaluators.data import german


def block(x: list[int], m: list[int], *, replicates: int = 200_000, seed: int = 0) -> Block:
    return binomial_block(np.array(x), np.array(m), replicates=replicates, rng=np.random.default_rng(seed))


@pytest.mark.verification
def test_compas_low_risk_misses_four_fifths() -> None:
    drawn = block([1522, 1600], [3696, 2454])
    logs = log_ratio(drawn, level=0.95)
    assert (logs.low, logs.high) == pytest.approx((0.602, 0.663), abs=0.002)
    at = contrasts(drawn, 0.8, level=0.95)
    assert (np.nanmin(at.low), np.nanmin(at.high)) == pytest.approx((-0.132, -0.087), abs=0.002)
    assert at.is_missed
    assert not at.is_reached
    assert ratio_interval(drawn, level=0.95).high < 0.8


def credit(privileged: list[bool]) -> tuple[list[int], list[int]]:
    good = [row[20] == "1" for row in german()]
    m = [sum(privileged), len(privileged) - sum(privileged)]
    x = [sum(g and p for g, p in zip(good, privileged, strict=True))]
    return [*x, sum(good) - x[0]], m


@pytest.mark.verification
def test_german_credit_by_age_is_undecided_although_the_estimate_is_below_four_fifths() -> None:
    x, m = credit([int(row[12]) > 25 for row in german()])
    assert (x, m) == ([590, 110], [810, 190])
    drawn = block(x, m)
    logs = log_ratio(drawn, level=0.95)
    assert (logs.low, logs.high) == pytest.approx((0.699, 0.902), abs=0.002)
    at = contrasts(drawn, 0.8, level=0.95)
    assert (np.nanmin(at.low), np.nanmin(at.high)) == pytest.approx((-0.081, 0.072), abs=0.002)
    assert not at.is_reached
    assert not at.is_missed
    found = ratio_interval(drawn, level=0.95)
    assert found.low < 0.8 <= found.high
    difference = gap([drawn], level=0.95)
    assert (difference.low, difference.high) == pytest.approx((0.073, 0.226), abs=0.002)


@pytest.mark.verification
def test_german_credit_by_sex_reaches_four_fifths() -> None:
    x, m = credit([row[8] not in ("A92", "A95") for row in german()])
    assert (x, m) == ([499, 201], [690, 310])
    drawn = block(x, m)
    logs = log_ratio(drawn, level=0.95)
    assert (logs.low, logs.high) == pytest.approx((0.816, 0.984), abs=0.002)
    assert contrasts(drawn, 0.8, level=0.95).is_reached
    assert ratio_interval(drawn, level=0.95).low >= 0.8


@pytest.mark.verification
def test_compas_predictive_value_reaches_four_fifths() -> None:
    drawn = block([1369, 505], [2174, 854])
    logs = log_ratio(drawn, level=0.95)
    assert (logs.low, logs.high) == pytest.approx((0.880, 1.0), abs=0.002)
    assert ratio_interval(drawn, level=0.95).low >= 0.8


tables = st.lists(st.tuples(st.integers(30, 3000), st.floats(0, 1)), min_size=2, max_size=6)


@settings(max_examples=150, deadline=None)
@given(tables, st.floats(0, 1), st.sampled_from([0.8, 0.9, 0.95, 0.99]), st.integers(0, 9))
def test_the_stored_interval_gives_the_same_judgement_as_the_contrasts(
    groups: list, limit: float, level: float, seed: int
) -> None:
    m = [size for size, _ in groups]
    x = [round(size * share) for size, share in groups]
    drawn = block(x, m, replicates=1000, seed=seed)
    found = ratio_interval(drawn, level=level)
    assume(min(abs(limit - found.low), abs(limit - found.high)) > 1e-6)
    at = contrasts(drawn, limit, level=level)
    assert (found.low >= limit) == at.is_reached
    assert (found.high < limit) == at.is_missed


@settings(max_examples=60, deadline=None)
@given(tables)
def test_the_interval_is_ordered_and_within_zero_and_one(groups: list) -> None:
    m = [size for size, _ in groups]
    found = ratio_interval(block([round(s * p) for s, p in groups], m, replicates=500), level=0.95)
    assert 0 <= found.low <= found.high <= 1
