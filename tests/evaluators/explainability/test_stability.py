from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from evaluators import catalog
from evaluators.arithmetic.quantiles import order_interval, quantile, smallest_sample
from evaluators.contract import Status
from evaluators.explainability.stability import seed_agreement
from evaluators.explainability.wobble import instability, joined, looked_around, pairwise_agreement, spearman
from tests.evaluators.explainability.cases import at_random, cancer, case, function_model, measured, saved


@pytest.mark.verification
def test_weight_times_value_moves_exactly_as_the_input() -> None:
    rng = np.random.default_rng(0)
    w, rows = rng.normal(size=6), rng.normal(size=(30, 6))
    steps = 0.05 * rng.standard_normal((30, 5, 6))
    found = [looked_around(lambda x: x * w, lambda x: x @ w, rows[i], steps[i]) for i in (slice(0, 9), slice(9, 30))]
    assert instability(joined(found))[0] == pytest.approx(np.ones(30), abs=1e-9)


@pytest.mark.verification
def test_one_proportional_feature_moves_exactly_as_the_output() -> None:
    rng = np.random.default_rng(1)
    rows, steps = rng.uniform(1, 2, (30, 1)), 0.01 * rng.standard_normal((30, 5, 1))
    _, ros = instability(looked_around(lambda x: 3 * x, lambda x: 3 * x[:, 0], rows, steps))
    assert ros == pytest.approx(np.ones(30), abs=1e-9)


def test_the_smallest_sample_is_the_first_whose_percentile_is_bounded() -> None:
    assert smallest_sample(0.95, level=0.95) == 72
    assert order_interval(72, 0.95, level=0.95) is not None
    assert order_interval(71, 0.95, level=0.95) is None
    assert quantile(np.arange(1, 201), 0.95) == 190


def test_rank_correlation_agrees_with_an_independent_library() -> None:
    rng = np.random.default_rng(3)
    a, b = np.round(rng.normal(size=(5, 12)), 1), rng.normal(size=(5, 12))
    expected = [stats.spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)]
    assert spearman(a, b) == pytest.approx(expected)
    assert np.isnan(spearman(np.ones((1, 4)), b[:1, :4])[0])


@pytest.mark.verification
def test_an_explainer_that_does_not_draw_agrees_with_itself() -> None:
    phi = np.random.default_rng(4).normal(size=(20, 8))
    assert pairwise_agreement([phi, phi.copy(), 2 * phi]) == pytest.approx(np.ones(20))
    assert np.abs(pairwise_agreement([at_random(phi, seed) for seed in range(5)])).mean() < 0.25


def test_too_few_evaluations_show_as_disagreement_between_seeds() -> None:
    rng = np.random.default_rng(5)
    w = rng.normal(size=8)
    steady = case(function_model(lambda x: x @ w, 8), rng.normal(size=(20, 8)), np.zeros((5, 8)), kind="permutation")
    assert seed_agreement(steady, 3, 0) == pytest.approx(np.ones(20), abs=1e-9)


def test_an_evaluation_comes_back_from_its_statistics(tmp_path: Path) -> None:
    found = measured("explain.stability", saved(tmp_path, LogisticRegression()), {"neighbours": 2, "seeds": 3})
    ris = found["explain.stability.ris", "overall"]
    assert ris.status is Status.OK
    assert ris.low <= ris.value <= ris.high  # type: ignore[operator]
    # Noise agrees at less than a quarter; the seed follows from the bytes of the model file, which differ each time.
    assert found["explain.seed_stability", "overall"].low > 0.5  # type: ignore[operator]
    for key, reading in found.items():
        again = catalog.summarise(
            "explain.stability", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)


def test_flat_surroundings_have_no_ratio_to_the_output_and_few_rows_no_percentile(tmp_path: Path) -> None:
    found = measured("explain.stability", saved(tmp_path, DecisionTreeClassifier(max_depth=1), rows=60), {"step": 1e-6})
    ros = found["explain.stability.ros", "overall"]
    assert (ros.status, ros.value) == (Status.INSUFFICIENT_DATA, None)
    assert ros.detail["undefined_rows"] == 60
    assert "it takes 72" in found["explain.stability.ris", "overall"].reason


def test_all_neighbours_are_explained_in_one_call() -> None:
    calls = []

    def explain(rows: np.ndarray) -> np.ndarray:
        calls.append(len(rows))
        return rows

    x, _ = cancer()
    looked_around(explain, lambda rows: rows[:, 0], x[:10], np.full((10, 4, 30), 0.1))
    assert calls == [50]
