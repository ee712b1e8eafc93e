import numpy as np
import pytest

from evaluators.arithmetic.quantiles import order_interval


@pytest.mark.verification
def test_the_95th_percentile_of_200_values_lies_between_the_184th_and_the_197th() -> None:
    found = order_interval(200, 0.95, level=0.95)
    assert found is not None
    assert (found.low + 1, found.high + 1) == (184, 197)
    assert found.coverage == pytest.approx(0.967, abs=5e-4)


@pytest.mark.verification
def test_the_median_lies_between_the_40th_and_the_61st_of_100_values() -> None:
    found = [order_interval(n, 0.5, level=0.95) for n in (10, 100)]
    assert [(item.low + 1, item.high + 1) for item in found if item] == [(2, 9), (40, 61)]


def test_too_few_values_have_no_interval() -> None:
    assert order_interval(70, 0.95, level=0.95) is None
    assert order_interval(5, 0.5, level=0.95) is None
    assert order_interval(6, 0.5, level=0.95) is not None


@pytest.mark.statistics
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_skewed_values_are_covered_as_promised(share: float) -> None:
    rng, n = np.random.default_rng(0), 200
    truth = float(np.exp(np.quantile(rng.standard_normal(2_000_000), share)))
    found = order_interval(n, share, level=0.95)
    assert found is not None
    drawn = np.sort(np.exp(rng.standard_normal((4000, n))), axis=1)
    covered = np.mean((drawn[:, found.low] <= truth) & (truth <= drawn[:, found.high]))
    assert covered == pytest.approx(found.coverage, abs=0.012)
