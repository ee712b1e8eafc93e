import numpy as np
import pytest

from evaluators.arithmetic.blocks import binomial_block
from evaluators.fairness.spread import (
    cohort_interval,
    cohort_sd,
    debiased_variance,
    differential_epsilon,
    epsilon_interval,
    weighted_cohort_sd,
    wider_outcome,
)

EQUAL = np.array([200, 500, 1000, 80, 300])


@pytest.mark.verification
def test_the_debiased_variance_of_equal_groups_averages_to_nothing() -> None:
    rng = np.random.default_rng(8)
    drawn = [rng.binomial(EQUAL, 0.3) for _ in range(4000)]
    assert np.mean([debiased_variance(x, EQUAL) for x in drawn]) == pytest.approx(0, abs=6e-5)
    assert np.mean([np.std(x / EQUAL, ddof=1) for x in drawn]) == pytest.approx(0.0292, abs=0.0008)
    weights = EQUAL / EQUAL.sum()
    assert np.mean([debiased_variance(x, EQUAL, weights=weights) for x in drawn]) == pytest.approx(0, abs=6e-5)


def test_groups_of_one_size_spread_alike_with_weights_and_without() -> None:
    x, m = np.array([20, 35, 50, 80]), np.full(4, 100)
    assert weighted_cohort_sd(x, m) == pytest.approx(cohort_sd(x, m)) != 0
    # A tiny group that differs counts as a group, and hardly as people.
    x, m = np.array([500, 500, 35]), np.array([1000, 1000, 40])
    assert weighted_cohort_sd(x, m) < cohort_sd(x, m) / 2


@pytest.mark.verification
def test_epsilon_takes_the_worse_of_both_outcomes() -> None:
    assert differential_epsilon(np.array([30, 24]), np.array([100, 100])) == pytest.approx(0.2151, abs=5e-5)
    assert differential_epsilon(np.array([70, 76]), np.array([100, 100])) == pytest.approx(0.2151, abs=5e-5)


def test_epsilon_is_the_same_whichever_outcome_is_called_favourable() -> None:
    rng, m = np.random.default_rng(0), np.array([300, 200, 100])
    x = rng.binomial(m, 0.4)
    first, second = (
        epsilon_interval(binomial_block(hits, m, replicates=20_000, rng=np.random.default_rng(1)), level=0.95)
        for hits in (x, m - x)
    )
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=0.01)


@pytest.mark.verification
@pytest.mark.statistics
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.1])
def test_the_interval_of_the_spread_covers_it(spread: float) -> None:
    """Published: in 95 to 98 of a hundred."""
    rng, m = np.random.default_rng(9), np.array([200, 500, 1000, 80, 300, 400, 250, 600])
    covered = 0
    for _ in range(1500):
        rates = np.clip(rng.normal(0.3, spread, len(m)), 0.01, 0.99)
        low, high = cohort_interval(rng.binomial(m, rates), m, level=0.95)
        covered += low <= spread <= high
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / 1500) <= covered / 1500 <= 0.98 + 3 * np.sqrt(0.98 * 0.02 / 1500)


def test_equal_rates_have_no_spread() -> None:
    m = np.array([100, 100, 100])
    x = np.array([30, 30, 30])
    assert cohort_sd(x, m) == 0.0
    assert cohort_interval(x, m, level=0.95)[0] == 0.0


def test_the_outcome_whose_shares_differ_most_is_named() -> None:
    x, m = np.array([90, 80]), np.array([100, 100])
    assert wider_outcome(x, m) == "unfavourable"
    assert wider_outcome(m - x, m) == "favourable"
