import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluators.arithmetic.intervals import (
    clopper_pearson,
    minimum_detectable_gap,
    newcombe,
    paired_difference,
    rate_interval,
    wilson,
)

pytestmark = pytest.mark.verification


def test_wilson_on_published_cases() -> None:
    assert wilson(9, 10, level=0.95) == pytest.approx((0.5958, 0.9821), abs=5e-5)
    assert wilson(0, 20, level=0.95) == pytest.approx((0, 0.1611), abs=5e-5)


def test_clopper_pearson_on_a_published_case() -> None:
    assert clopper_pearson(9, 10, level=0.95) == pytest.approx((0.5550, 0.9975), abs=5e-5)


def test_newcombe_on_the_published_case() -> None:
    assert newcombe(56, 70, 48, 80, level=0.95) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@given(m=st.integers(1, 500), share=st.floats(0, 1))
def test_an_interval_holds_its_estimate_and_stays_a_proportion(interval, m: int, share: float) -> None:
    x = round(share * m)
    low, high = interval(x, m, level=0.95)
    assert 0 <= low <= x / m <= high <= 1
    assert low < high


@given(m=st.integers(1, 200), share=st.floats(0, 1))
def test_relabelling_success_as_failure_mirrors_the_interval(m: int, share: float) -> None:
    x = round(share * m)
    low, high = clopper_pearson(x, m, level=0.9)
    other_low, other_high = clopper_pearson(m - x, m, level=0.9)
    assert (low, high) == pytest.approx((1 - other_high, 1 - other_low), abs=1e-9)


def test_small_denominators_get_the_exact_interval() -> None:
    assert rate_interval(5, 29, level=0.95)[1] == "clopper-pearson"
    assert rate_interval(5, 30, level=0.95)[1] == "wilson"


def test_clopper_pearson_covers_at_least_its_level_exactly() -> None:
    m, p = 25, 0.07
    covered = sum(
        math.comb(m, x) * p**x * (1 - p) ** (m - x)
        for x in range(m + 1)
        if clopper_pearson(x, m, level=0.95)[0] <= p <= clopper_pearson(x, m, level=0.95)[1]
    )
    assert covered >= 0.95


def test_the_minimum_detectable_gap_has_eighty_percent_power() -> None:
    assert minimum_detectable_gap(0.3, 500, 500) == pytest.approx(0.081, abs=5e-4)
    rng = np.random.default_rng(3)
    gap = minimum_detectable_gap(0.3, 500, 500)
    first, second = rng.binomial(500, 0.3 + gap / 2, 20_000) / 500, rng.binomial(500, 0.3 - gap / 2, 20_000) / 500
    standard_error = np.sqrt(first * (1 - first) / 500 + second * (1 - second) / 500)
    assert np.mean((first - second) / standard_error > 1.96) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("n", "gain"), [(50, 0.05), (200, 0.02), (500, 0.01), (5_000, 0.001)])
def test_a_paired_difference_of_few_rows_is_rarely_larger_than_its_upper_end(n: int, gain: float) -> None:
    """A normal interval misses in up to one sample of ten here, and always upwards."""
    chances = [stats.binom.pmf(x, n, gain) for x in range(min(n, 200) + 1)]
    ends = [paired_difference(x, 0, n, level=0.95) for x in range(min(n, 200) + 1)]
    assert sum(p for p, (_, high) in zip(chances, ends, strict=True) if high < gain) <= 0.025
    assert sum(p for p, (low, _) in zip(chances, ends, strict=True) if low > gain) <= 0.025


@given(n=st.integers(10, 500), gained=st.floats(0, 1), lost=st.floats(0, 1))
def test_a_paired_difference_is_mirrored_when_the_sides_change_places(n: int, gained: float, lost: float) -> None:
    up, down = round(gained * n / 2), round(lost * n / 2)
    low, high = paired_difference(up, down, n, level=0.95)
    assert paired_difference(down, up, n, level=0.95) == pytest.approx((-high, -low))
    assert -1 <= low <= (up - down) / n <= high <= 1
