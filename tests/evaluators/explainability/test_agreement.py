from pathlib import Path

import numpy as np
import pytest
import shap
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from evaluators import catalog
from evaluators.contract import Status
from evaluators.explainability import local
from evaluators.explainability.agreement import agreements, effective, exactness, gini, one_out, same_signs, three_ways
from evaluators.explainability.explainers import explain
from evaluators.explainability.shapley import exact
from evaluators.models.estimators import Estimator
from evaluators.models.opening import from_estimator
from tests.evaluators.explainability.cases import cancer, cancer_network, case, function_model, measured, saved
from tests.evaluators.reference import shapley_by_subsets


@pytest.mark.verification
def test_equal_values_have_no_gini_and_a_single_one_has_all_of_it() -> None:
    assert gini(np.full((1, 5), -2.0))[0] == pytest.approx(0, abs=1e-12)
    assert gini(np.eye(5)[:1])[0] == pytest.approx(1 - 1 / 5)
    assert effective(np.full((1, 5), -2.0))[0] == pytest.approx(5)
    assert effective(np.eye(5)[:1])[0] == pytest.approx(1)
    assert np.isnan(gini(np.zeros((1, 5)))[0])
    assert np.isnan(effective(np.zeros((1, 5)))[0])


@pytest.mark.verification
def test_identical_explainers_agree_and_opposite_ones_do_not() -> None:
    phi = np.random.default_rng(0).normal(size=(12, 6))
    same = agreements({"a": phi, "b": phi})
    assert same["explain.agreement"] == pytest.approx(np.ones(12))
    assert same["explain.agreement_sign"] == pytest.approx(np.ones(12))
    assert same_signs(phi, -phi) == pytest.approx(np.zeros(12))


@pytest.mark.verification
def test_three_ways_of_explaining_agree_on_a_linear_model() -> None:
    x, y = cancer()
    model = from_estimator(Estimator(LinearRegression().fit(x, y), tuple(f"f{i}" for i in range(30))))
    found = three_ways(case(model, x[:10], x[:100], kind="linear"), 0)
    for phi in found.values():
        assert phi == pytest.approx(found["linear"], abs=1e-5)


def test_a_plane_through_many_features_takes_as_many_neighbours_as_fit_into_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng, asked = np.random.default_rng(0), []
    weights, rows, background = rng.normal(size=300), rng.normal(size=(2, 300)), rng.normal(size=(20, 300))

    def linear(given: np.ndarray) -> np.ndarray:
        asked.append(len(given))
        return given @ weights

    monkeypatch.setattr(local, "MAX_CELLS", 300 * 900)
    phi, _ = local.local_linear(function_model(lambda given: given, 300), linear, background, rows, None, 0)
    assert phi == pytest.approx((rows - background.mean(axis=0)) * weights, abs=1e-5)
    assert asked == [900, 900, len(background)]


@pytest.mark.verification
def test_shap_kernel_drops_features_by_default_and_the_guard_here_would_see_it() -> None:
    """Which ten it keeps depends on the draws: the values are .118 to .166 off, 8 to 11 % of the largest."""
    x, y = cancer()
    fitted = LinearRegression().fit(x, y)
    truth = fitted.coef_ * (x[:5] - x[:100].mean(axis=0))
    kernel = shap.KernelExplainer(fitted.predict, x[:100])
    off = []
    for seed in range(3):
        np.random.seed(seed)
        dropped = kernel.shap_values(x[:5], silent=True)
        assert (np.count_nonzero(dropped, axis=1) <= 10).all()
        off.append(np.abs(dropped - truth).max())
    assert min(off) == pytest.approx(0.118, abs=5e-4)
    assert [min(off) / np.abs(truth).max(), max(off) / np.abs(truth).max()] == pytest.approx([0.08, 0.11], abs=0.005)
    full = kernel.shap_values(x[:5], silent=True, l1_reg=False)
    assert np.abs(full - truth).max() < 6e-14


@pytest.mark.verification
def test_shap_tree_rounds_boosting_to_single_precision_and_exactness_sees_it() -> None:
    x, y = cancer()
    boosting = HistGradientBoostingClassifier(max_iter=30, random_state=0)
    doubled, single = x[:, :8], x[:, :8].astype(np.float32).astype(np.float64)
    found = []
    for rows in (doubled, single):
        model = from_estimator(Estimator(boosting.fit(rows, y), tuple(f"f{i}" for i in range(8))))
        told = case(model, rows[:20], rows[:10], kind="tree", favourable="1")
        found.append(exactness(told, told.explain(told.rows, seed=0).phi)["distance"])
    assert found[0] > 1e-4
    assert found[1] < 1e-6


def test_our_two_enumerations_agree_and_so_does_the_exact_explainer() -> None:
    x, y = cancer()
    forest = RandomForestClassifier(10, random_state=0).fit(x[:, :6], y)

    def probability(rows: np.ndarray) -> np.ndarray:
        return forest.predict_proba(rows)[:, 1]

    fast, _ = exact(probability, x[:20, :6], x[30:34, :6])
    slow = [shapley_by_subsets(probability, x[:20, :6], row) for row in x[30:34, :6]]
    assert fast == pytest.approx(np.array(slow), abs=1e-9)
    told = explain(function_model(probability, 6), x[:20, :6], x[30:34, :6], kind="exact", favourable=None, seed=0)
    assert told.phi == pytest.approx(fast)
    assert told.gap < 1e-12


def test_taking_out_one_feature_of_a_linear_model_gives_its_value() -> None:
    w = np.array([1.0, -2.0, 0.0])
    x = np.random.default_rng(1).normal(size=(4, 3))
    told = case(function_model(lambda rows: rows @ w, 3), x, np.zeros((2, 3)), kind="permutation")
    assert one_out(told) == pytest.approx(x * w)


def test_many_features_are_not_enumerated() -> None:
    x, _ = cancer()
    told = case(cancer_network(), x[:12], x[:10], kind="gradient", favourable="1")
    assert "30 features" in exactness(told, np.zeros((12, 30)))["not_applicable"]


def test_an_evaluation_has_pairs_and_groups_and_comes_back_from_its_statistics(tmp_path: Path) -> None:
    found = measured("explain.agreement", saved(tmp_path, LogisticRegression()))
    assert found["explain.exactness", "overall"].value < 1e-6  # type: ignore[operator]
    assert found["explain.agreement", "pair=linear and plane"].value == pytest.approx(1)
    assert found["explain.agreement_sign", "g=ö"].status is Status.OK
    assert 1 <= found["explain.effective_features", "overall"].value <= 6  # type: ignore[operator]
    for key, reading in found.items():
        again = catalog.summarise(
            "explain.agreement", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)
