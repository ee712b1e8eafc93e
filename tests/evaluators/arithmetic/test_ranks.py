import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.arithmetic.ranks import binned_auc, delong, midranks
from tests.evaluators.data import compas
from tests.evaluators.reference import auc_and_variance_by_pairs

pytestmark = pytest.mark.verification


def test_delong_equals_the_variance_of_all_pairs_ties_included() -> None:
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(0.5, 1, 60).round(1), rng.normal(0, 1, 90).round(1)
    found = delong(np.concatenate([positive, negative]), np.arange(150) < 60)
    auc, variance = auc_and_variance_by_pairs(positive, negative)
    assert found.auc == pytest.approx(auc, abs=1e-12)
    assert found.variance == pytest.approx(variance, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 30), st.integers(0, 2))
def test_delong_equals_all_pairs_on_random_scores(seed: int, n1: int, n0: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    score = rng.normal(0, 1, n1 + n0).round(digits)
    label = rng.permutation(np.arange(n1 + n0) < n1)
    found = delong(score, label)
    auc, variance = auc_and_variance_by_pairs(score[label], score[~label])
    assert (found.auc, found.variance) == pytest.approx((auc, variance), abs=1e-12)


def test_compas_ranks_as_published() -> None:
    data = compas()
    score, label = data["decile"].astype(float), data["label"] == 1
    assert delong(score, label).auc == pytest.approx(0.70217, abs=5e-6)
    for race, auc in (("African-American", 0.69183), ("Caucasian", 0.69315)):
        mine = data["race"] == race
        assert delong(score[mine], label[mine]).auc == pytest.approx(auc, abs=5e-6)


def test_the_scale_of_scores_does_not_matter() -> None:
    score, label = np.linspace(20, 120, 15), np.array([0, 1] * 7 + [1]) == 1
    assert delong(score, label).auc == pytest.approx(0.625)
    assert delong(score / 1000, label).auc == pytest.approx(0.625)


def test_a_histogram_misses_the_area_by_less_than_its_bound() -> None:
    rng = np.random.default_rng(4)
    label = rng.random(20_000) < 0.3
    score = rng.normal(label * 0.8, 1)
    exact = delong(score, label).auc
    assert exact is not None
    for bins in (16, 128, 1024):
        found, bound = binned_auc(score, label, bins=bins)
        assert abs(found - exact) <= bound + 1e-12


def test_one_outcome_alone_has_no_area() -> None:
    found = delong(np.array([0.1, 0.2]), np.array([True, True]))
    assert found.auc is None
    assert found.variance is None


def test_one_positive_has_an_area_but_no_variance() -> None:
    found = delong(np.array([0.1, 0.2, 0.3]), np.array([True, False, False]))
    assert found.auc == 0.0
    assert found.variance is None


def test_perfect_separation_is_not_certainty() -> None:
    found = delong(np.arange(40.0), np.arange(40) >= 20)
    assert found.auc == 1.0
    assert found.variance == 0.0
    bound = 1 - 1.959964 * np.sqrt(found.bounded_variance(0.95))
    assert bound == pytest.approx(0.025 ** (1 / 20), abs=1e-6)


def test_tied_values_share_their_mean_rank() -> None:
    assert midranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]
