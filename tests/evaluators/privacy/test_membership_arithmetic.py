"""Signals, thresholds and scores of membership attacks against theory and plain loops."""

import math
import tracemalloc
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from evaluators.arithmetic.ranks import delong
from evaluators.privacy import lira, rmia
from evaluators.privacy.separation import at_rate, curve, separation
from evaluators.privacy.signals import from_logit, from_loss, from_probability

PHI = NormalDist().cdf


def gaussian_means(*, n: int, d: int, s: float, trials: int, seed: int) -> tuple[float, float]:
    """Area and members found at .001 when a noisy mean of n rows is scored against rows in it and others."""
    rng = np.random.default_rng(seed)
    areas, found = [], []
    for _ in range(trials):
        rows = rng.standard_normal((n, d))
        mean = rows.mean(axis=0) + s * rng.standard_normal(d)
        # The score of a row outside is normal with the length of the mean, so it is drawn from that law.
        others = rng.standard_normal(5_000) * np.linalg.norm(mean)
        signal = np.concatenate([rows @ mean, others])
        member = np.arange(len(signal)) < n
        areas.append(delong(signal, member).auc or 0.0)
        item = at_rate(signal, member, 0.001)
        found.append(item["x"] / item["m"])
    return float(np.mean(areas)), float(np.mean(found))


@pytest.mark.verification
@pytest.mark.parametrize(
    ("d", "s", "area", "rate"),
    [(100, 0.0, 0.757, 0.0188), (400, 0.0, 0.923, 0.134), (100, 0.05, 0.7363, 0.0146)],
)
def test_gaussian_means_are_found_as_often_as_theory_says(d: int, s: float, area: float, rate: float) -> None:
    n = 100
    mu = math.sqrt(d / (n * (1 + n * s * s)))
    theory = PHI(mu / math.sqrt(2)), PHI(NormalDist().inv_cdf(0.001) + mu)
    ours = gaussian_means(n=n, d=d, s=s, trials=400, seed=15)
    assert ours[0] == pytest.approx(area, abs=0.006)
    assert ours[0] == pytest.approx(theory[0], abs=0.008)
    assert ours[1] == pytest.approx(rate, abs=max(0.0025, 0.06 * rate))


@pytest.mark.verification
def test_the_theory_of_gaussian_means() -> None:
    for d, s, area, rate in [(100, 0, 0.7602, 0.0183), (400, 0, 0.9214, 0.1378), (100, 0.05, 0.7365, 0.0141)]:
        mu = math.sqrt(d / (100 * (1 + 100 * s * s)))
        assert PHI(mu / math.sqrt(2)) == pytest.approx(area, abs=5e-5)
        assert PHI(NormalDist().inv_cdf(0.001) + mu) == pytest.approx(rate, abs=5e-5)


@pytest.mark.verification
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_sorted_rmia_scores_are_those_of_the_matrix_of_all_pairs(gamma: float) -> None:
    rng = np.random.default_rng(16)
    # Powers of two divide exactly, so that ties at gamma are ties in both forms.
    x, z = (2.0 ** rng.integers(-8, 8, 2_000) for _ in range(2))
    dense = (x[:, None] / z[None, :] >= gamma).mean(axis=1)
    assert (rmia.scores(x, z, gamma=gamma) == dense).all()


@pytest.mark.verification
def test_ml_privacy_meter_dense_matrix_is_not_needed_at_ten_thousand_rows() -> None:
    """A dense 10,000 by 10,000 matrix of doubles takes 800 MB; the sorted form stays within a few."""
    rng = np.random.default_rng(0)
    x, z = np.exp(rng.normal(size=10_000)), np.exp(rng.normal(size=10_000))
    tracemalloc.start()
    found = rmia.scores(x, z)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    rows = rng.choice(10_000, 300, replace=False)
    assert (found[rows] == (x[rows, None] >= z[None, :]).mean(axis=1)).all()


def test_memory_of_rmia_grows_with_the_rows_and_not_with_their_square() -> None:
    def peak(n: int) -> int:
        x = np.exp(np.random.default_rng(0).normal(size=n))
        tracemalloc.start()
        rmia.scores(x, x)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(200_000) < 12 * peak(20_000)


def test_rmia_scores_don_t_depend_on_the_order_of_either_side() -> None:
    rng = np.random.default_rng(2)
    x, z = np.exp(rng.normal(size=500)), np.exp(rng.normal(size=400))
    order = rng.permutation(500)
    assert (rmia.scores(x, z)[order] == rmia.scores(x[order], z[::-1])).all()


def test_rows_above_the_whole_population_are_told_apart_by_their_ratios() -> None:
    signal = rmia.ranked(np.array([5.0, 9.0, 1.0, 2.0]), np.array([1.0, 2.0]), gamma=1.0)
    assert signal[1] > signal[0] >= 1.0 > signal[2]


def test_the_interpolation_is_the_one_that_separates_the_held_out_model() -> None:
    """Where references outside know how hard each row is, dividing by them nearly whole is best."""
    rng = np.random.default_rng(3)
    hard = rng.random(4_000)
    member = rng.random(4_000) < 0.5
    target = np.clip(hard + 0.05 * member, 0, 1)
    assert rmia.tune(target, hard, member) >= 0.8


def test_lira_is_the_plain_loop() -> None:
    rng = np.random.default_rng(4)
    halves = rng.random((35, 20)) < 0.5
    inside = np.concatenate([halves, ~halves])
    values = rng.normal(size=inside.shape) + inside
    phi = rng.normal(size=20)
    found = lira.online(phi, values, inside)
    for row in range(20):
        ins, outs = values[inside[:, row], row], values[~inside[:, row], row]
        expected = stats.norm(ins.mean(), ins.std(ddof=1)).logpdf(phi[row])
        expected -= stats.norm(outs.mean(), outs.std(ddof=1)).logpdf(phi[row])
        assert found[row] == pytest.approx(expected, abs=1e-9)


def test_offline_lira_orders_rows_as_the_normal_law_does_where_that_is_not_flat() -> None:
    rng = np.random.default_rng(5)
    values, phi = rng.normal(size=(80, 50)), rng.normal(size=50)
    expected = stats.norm.cdf((phi - values.mean(axis=0)) / values.std(axis=0, ddof=1))
    assert (np.argsort(lira.offline(phi, values)) == np.argsort(expected)).all()


def test_below_64_reference_models_all_rows_share_one_spread() -> None:
    values = np.array([[0.0, 0.0], [2.0, 20.0]])
    found = lira.offline(np.array([2.0, 20.0]), values)
    assert found[1] == pytest.approx(10 * found[0])


def test_the_threshold_lets_in_the_rate_on_average_whatever_the_law() -> None:
    rng = np.random.default_rng(6)
    rates = []
    for _ in range(2_000):
        others = rng.exponential(size=999)
        item = at_rate(np.concatenate([[9.0], others]), np.arange(1_000) < 1, 0.01)
        rates.append(math.exp(-item["threshold"]))
    assert np.mean(rates) == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize(
    ("others", "rate", "rank"), [(998, 0.001, 0), (999, 0.001, 1), (1_999, 0.001, 2), (99, 0.01, 1)]
)
def test_a_low_rate_needs_enough_others(others: int, rate: float, rank: int) -> None:
    signal = np.arange(others + 10.0)
    assert at_rate(signal, signal >= others, rate)["rank"] == rank


def test_tied_scores_hide_no_member() -> None:
    """All 500 members and a fifth of 1,000 others share the highest score: a guess by lot finds 1/20 of them."""
    signal = np.concatenate([np.ones(500), np.ones(200), np.zeros(800)])
    item = at_rate(signal, np.arange(1_500) < 500, 0.01)
    assert item["x"] / item["m"] == pytest.approx(0.05)


def test_confidence_is_the_same_from_probability_loss_and_logit() -> None:
    p = np.array([0.01, 0.3, 0.5, 0.99, 0.999999])
    logit = np.log(p / (1 - p))
    assert from_probability(p).logit == pytest.approx(logit)
    assert from_loss(-np.log(p)).logit == pytest.approx(logit, rel=1e-9)
    assert from_logit(logit).probability == pytest.approx(p)


def test_probabilities_of_one_are_moved_and_counted() -> None:
    found = from_probability(np.array([1.0, 0.0, 0.5]))
    assert np.isfinite(found.logit).all()
    assert found.clipped == 2


def test_the_curve_is_drawn_from_the_lowest_rate_on() -> None:
    rng = np.random.default_rng(7)
    points = curve(rng.normal(size=3_000), np.arange(3_000) < 1_000)
    assert points[0]["x"] == pytest.approx(1 / 2_001)
    assert [p["y"] for p in points] == sorted(p["y"] for p in points)
    assert len(points) <= 48


def test_each_target_model_has_an_area_of_its_own() -> None:
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(12), 50)
    member = np.tile(np.arange(50) < 25, 12)
    found = separation(rng.normal(size=600) + member, member, rates=[0.1], cluster=cluster)
    assert len(found["by_model"]) == 12
    assert sum(model["hits"][0] for model in found["by_model"]) == found["tpr"][0]["x"]
