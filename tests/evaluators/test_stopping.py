"""Why a measurement may not look at its result before it decides to go on, nor be repeated until it pleases."""

import inspect

import numpy as np
import pytest
from scipy.special import betaincinv

from evaluators.budget import Budget

LIMIT = 0.05


def upper(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The upper end of the exact interval of x in n."""
    return betaincinv(x + 1, n - x, 0.975)


@pytest.mark.verification
def test_looking_every_hundred_rows_passes_far_more_often_than_it_may() -> None:
    """At a true rate exactly on the limit: 14.3 % of looked-at runs pass at some moment, 2.6 % at the end."""
    rng, looks = np.random.default_rng(0), np.arange(100, 5001, 100)
    seen = rng.binomial(100, LIMIT, size=(4000, len(looks))).cumsum(axis=1)
    passes = upper(seen, looks) <= LIMIT
    assert passes.any(axis=1).mean() == pytest.approx(0.143, abs=0.018)
    assert passes[:, -1].mean() == pytest.approx(0.026, abs=0.008)


@pytest.mark.verification
def test_ten_tries_of_a_borderline_metric_pass_once_in_five() -> None:
    at_least_once = 1 - 0.975**10
    assert at_least_once == pytest.approx(0.22, abs=0.005)


def test_a_stop_rule_is_never_shown_a_result() -> None:
    assert set(inspect.signature(Budget.parts).parameters) == {"self", "total", "size"}
    assert set(inspect.signature(Budget).parameters) == {"seconds", "done", "is_exhausted", "started"}


@pytest.mark.verification
@pytest.mark.parametrize(("size", "share"), [(1, 0.368), (3, 0.050), (5, 0.0067), (10, 0.00004)])
def test_a_small_group_is_missing_from_a_share_of_resamples(size: int, share: float) -> None:
    assert (1 - size / 1500) ** 1500 == pytest.approx(share, rel=0.04, abs=6e-6)
