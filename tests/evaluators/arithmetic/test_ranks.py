import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

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


def test_worse_order_never_gives_a_tighter_bound_than_none_out_of_order() -> None:
    """One pair of 900 the wrong way round: DeLong's variance all but vanishes, the bound must not."""
    label, score = np.arange(60) >= 30, np.arange(60.0)
    perfect = delong(score, label)
    score[[29, 30]] = score[[30, 29]]
    turned = delong(score, label)
    assert turned.auc == pytest.approx(899 / 900)
    assert turned.interval(0.95)[0] <= perfect.interval(0.95)[0] == pytest.approx(0.025 ** (1 / 30))
    assert turned.bounded_variance(0.95) >= 400 * (turned.variance or 0)
    mirrored = delong(-score, label)
    assert mirrored.interval(0.95) == pytest.approx([1 - end for end in reversed(turned.interval(0.95))])


def test_far_from_the_ends_the_interval_is_delongs() -> None:
    rng = np.random.default_rng(4)
    label = np.arange(800) < 400
    found = delong(rng.normal(size=800) + 0.1 * label, label)
    half = 1.959964 * np.sqrt(found.variance or 0)
    assert found.interval(0.95) == pytest.approx(((found.auc or 0) - half, (found.auc or 0) + half), abs=5e-4)


def law(name: str, auc: float, size: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scores of positives and negatives whose true AUC is known."""
    if name == "normal":
        return rng.normal(stats.norm.ppf(auc) * 2**0.5, 1, size[0]), rng.normal(size=size[1])
    if name == "exponential":
        return rng.exponential(auc / (1 - auc), size[0]), rng.exponential(1, size[1])
    # Most positives are above every negative, and the others below all of them.
    return np.where(rng.random(size[0]) < auc, 1.0, -1.0) + rng.random(size[0]) / 9, rng.random(size[1]) / 9


@pytest.mark.statistics
@pytest.mark.parametrize("name", ["normal", "exponential", "split"])
@pytest.mark.parametrize("size", [(30, 30), (30, 300), (100, 100), (300, 300)])
@pytest.mark.parametrize("auc", [0.8, 0.95, 0.98, 0.99, 0.995, 0.999])
def test_the_interval_covers_near_perfect_separation(name: str, size: tuple[int, int], auc: float) -> None:
    """DeLong's own covers .66 to .95 of these."""
    rng, label = np.random.default_rng(7), np.arange(sum(size)) < size[0]
    ends = np.array([delong(np.concatenate(law(name, auc, size, rng)), label).interval(0.95) for _ in range(1_000)])
    covered = ((ends[:, 0] <= auc) & (auc <= ends[:, 1])).mean()
    assert covered >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 1_000)
