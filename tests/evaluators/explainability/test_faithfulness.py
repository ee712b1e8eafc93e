from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evaluators import catalog
from evaluators.contract import Status
from evaluators.explainability import shapley
from evaluators.explainability.averages import row_readings, row_statistics
from evaluators.explainability.faithfulness import Faithfulness, row_values
from evaluators.explainability.masking import (
    against_random,
    area,
    by_value,
    curves,
    faithfulness,
    pearson,
    prediction_gaps,
    top_mask,
)
from evaluators.explainability.shapley import exact, masked_means, subsets
from evaluators.parameters import complete
from tests.evaluators.explainability.cases import at_random, cancer, case, function_model, measured, saved

D = 7
W = np.random.default_rng(0).normal(size=D)
X = np.random.default_rng(1).normal(size=(9, D))
BACKGROUND = np.random.default_rng(2).normal(size=(5, D))
PHI = (X - BACKGROUND.mean(axis=0)) * W


def linear(rows: np.ndarray) -> np.ndarray:
    return rows @ W


@pytest.mark.verification
def test_the_deletion_area_of_a_linear_model_is_its_closed_form() -> None:
    removed, added = curves(linear, BACKGROUND, X, by_value(PHI))
    base = linear(BACKGROUND).mean()
    ordered = -np.sort(-PHI, axis=1)
    k = np.arange(D)
    expected = PHI.sum(axis=1) - (ordered * (D - k - 0.5) / D).sum(axis=1)
    assert area(removed) - base == pytest.approx(expected, abs=1e-12)
    assert area(added) - base == pytest.approx((ordered * (D - k - 0.5) / D).sum(axis=1), abs=1e-12)


@pytest.mark.verification
def test_a_random_order_leaves_half_of_what_the_values_add_up_to() -> None:
    rng = np.random.default_rng(3)
    areas = [
        area(curves(linear, BACKGROUND, X, rng.permuted(np.tile(np.arange(D), (9, 1)), axis=1))[0]) for _ in range(4000)
    ]
    base = linear(BACKGROUND).mean()
    assert np.mean(areas, axis=0) - base == pytest.approx(PHI.sum(axis=1) / 2, abs=4 * np.std(areas) / np.sqrt(4000))


@pytest.mark.verification
def test_the_change_under_noise_is_the_mean_of_a_folded_normal() -> None:
    noise = np.random.default_rng(4).standard_normal((200_000, D))
    pgi, pgu = prediction_gaps(linear, X, PHI, top=3, scale=np.full(D, 0.3), noise=noise)
    important = top_mask(PHI, 3)
    for mask, found in ((important, pgi), (~important, pgu)):
        norms = np.array([np.linalg.norm(W[row]) for row in mask])
        assert found == pytest.approx(0.3 * norms * np.sqrt(2 / np.pi), rel=5e-3)


@pytest.mark.verification
def test_exact_values_of_a_linear_model_correlate_perfectly() -> None:
    found = faithfulness(linear, BACKGROUND, X, PHI, subsets=40, rng=np.random.default_rng(5))
    assert found == pytest.approx(np.ones(9), abs=1e-12)


def test_openxai_top_k_mask_keeps_k_features_here() -> None:
    """An older mask kept k - 1 of them."""
    for k in (1, 3, D):
        assert (top_mask(PHI, k).sum(axis=1) == k).all()
    assert top_mask(np.zeros((1, 4)), 2).tolist() == [[True, True, False, False]]


def test_quantus_loops_over_samples_and_here_one_call_answers_for_many() -> None:
    calls = []

    def counted(rows: np.ndarray) -> np.ndarray:
        calls.append(len(rows))
        return linear(rows)

    curves(counted, BACKGROUND, X, by_value(PHI))
    assert calls == [9 * (D + 1) * 5] * 2
    calls.clear()
    prediction_gaps(counted, X, PHI, top=3, scale=np.ones(D), noise=np.zeros((100, D)))
    assert calls == [9, 900, 900]


def test_all_subsets_in_one_batch_equal_the_plain_sum() -> None:
    def bent(rows: np.ndarray) -> np.ndarray:
        return rows[:, 0] * rows[:, 1] + np.abs(rows[:, 2])

    phi, base = exact(bent, BACKGROUND[:, :3], X[:, :3])
    assert phi.sum(axis=1) + base == pytest.approx(bent(X[:, :3]))
    alone = masked_means(bent, BACKGROUND[:, :3], X[:, :3], subsets(3))
    assert alone[:, 0] == pytest.approx(np.full(9, base))
    assert alone[:, -1] == pytest.approx(bent(X[:, :3]))


@pytest.mark.parametrize("cells", [5 * D * 3, 5 * D * 2**D * 2])
def test_masks_that_do_not_fit_into_memory_at_once_are_tried_in_parts(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def watched(rows: np.ndarray) -> np.ndarray:
        sizes.append(rows.size)
        return linear(rows)

    whole = masked_means(linear, BACKGROUND, X, subsets(D))
    monkeypatch.setattr(shapley, "MAX_CELLS", cells)
    assert masked_means(watched, BACKGROUND, X, subsets(D)) == pytest.approx(whole, abs=1e-12)
    assert max(sizes) <= cells


def judged(kind: str, phi: np.ndarray | None = None) -> dict:
    x, _ = cancer()
    slopes = np.random.default_rng(7).normal(size=(10, 3))
    model = function_model(lambda rows: np.tanh(rows @ slopes).prod(axis=1) + np.tanh(rows @ slopes[:, 0]), 10)
    told = case(model, x[:80, :10], x[200:215, :10], kind="permutation")
    found = told.explain(told.rows, seed=0).phi if phi is None else phi
    params = complete(Faithfulness.parameters, {"draws": 50, "orders": 5})
    values, _ = row_values(told, found, params, 1)
    statistics = row_statistics(values, told.codes, told.names, told.facts())
    return {reading.metric: reading for reading in row_readings(statistics, level=0.95, seed=1)}


def test_a_random_explainer_fails_where_shapley_values_pass() -> None:
    """The twin knows nothing of the model; no interval of it lies on the good side of 0."""
    clean, twin = judged("tree"), judged("random", at_random(np.zeros((80, 10))))
    assert clean["explain.faithfulness.deletion_auc"].high < 0
    assert clean["explain.faithfulness.insertion_auc"].low > 0
    assert clean["explain.pgi_minus_pgu"].low > 0
    assert clean["explain.faithfulness_corr"].low > 0.5
    assert not twin["explain.faithfulness.deletion_auc"].high < 0
    assert not twin["explain.faithfulness.insertion_auc"].low > 0
    assert not twin["explain.pgi_minus_pgu"].low > 0
    assert twin["explain.faithfulness_corr"].high < 0.5


def test_constant_predictions_have_no_correlation_and_say_so(tmp_path: Path) -> None:
    told = case(function_model(lambda rows: np.zeros(len(rows)), D), X, BACKGROUND, kind="permutation")
    phi = told.explain(X, seed=0).phi
    assert (phi == 0).all()
    related = faithfulness(told.function, BACKGROUND, X, phi, subsets=10, rng=np.random.default_rng(0))
    assert np.isnan(related).all()
    found = row_readings(row_statistics({"m": related}, told.codes, (), {}), level=0.95, seed=0)
    assert (found[0].status, found[0].value) == (Status.INSUFFICIENT_DATA, None)
    assert found[0].reason == "no row has a value"


def test_correlation_is_undefined_without_variation_and_exact_with_it() -> None:
    a, b = np.array([[1.0, 2, 3], [1, 1, 1]]), np.array([[2.0, 4, 6], [1, 2, 3]])
    found = pearson(a, b)
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1])


def test_an_evaluation_has_groups_curves_and_comes_back_from_its_statistics(tmp_path: Path) -> None:
    found = measured("explain.faithfulness", saved(tmp_path, LogisticRegression()), {"rows": 60})
    overall = found["explain.faithfulness.deletion_auc", "overall"]
    assert overall.status is Status.OK
    assert overall.detail["explainer"] == "linear"
    assert found["explain.faithfulness_corr", "overall"].value == pytest.approx(1)
    assert ("explain.pgi", "g=ö") in found
    for key, reading in found.items():
        again = catalog.summarise(
            "explain.faithfulness", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)


def test_equal_seeds_give_equal_bits() -> None:
    runs = [
        against_random(linear, BACKGROUND, X, PHI, orders=3, rng=np.random.default_rng(9))[0]["deletion"] for _ in "12"
    ]
    assert (runs[0] == runs[1]).all()


@pytest.mark.statistics
def test_redrawn_rows_cover_the_mean() -> None:
    rng = np.random.default_rng(6)
    inside = []
    for _ in range(600):
        values = rng.exponential(size=100)
        found = row_readings(row_statistics({"m": values}, np.zeros(100, int), (), {}), level=0.95, seed=1)[0]
        inside.append(found.low <= 1 <= found.high)  # type: ignore[operator]
    assert 0.915 <= np.mean(inside) <= 0.97
