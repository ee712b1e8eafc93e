"""Single published figures that no other test asserts, each from the data it was published for."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import StandardScaler

from evaluators.arithmetic.blocks import binomial_block
from evaluators.arithmetic.counts import rate
from evaluators.arithmetic.ratios import contrasts
from evaluators.arithmetic.simultaneous import gap
from evaluators.explainability.faithfulness import prediction_gaps
from evaluators.libraries import library
from evaluators.uncertainty.ece import ece
from evaluators.uncertainty.moments import measure_moments
from tests.evaluators.arithmetic.test_counts import compas_counts
from tests.evaluators.arithmetic.test_permutation import A_AND_B
from tests.evaluators.data import german

pytestmark = pytest.mark.verification
ACCURACY = {
    "African-American": 0.6383, "Caucasian": 0.6699, "Hispanic": 0.6609, "Other": 0.6658, "Asian": 0.8438,
    "Native American": 0.7778,
}  # fmt: skip
EVERYBODY = {"fpr": 0.3235, "fnr": 0.3740, "ppv": 0.6135, "npv": 0.6880, "selection_rate": 0.4598, "accuracy": 0.6537}


def test_compas_as_a_whole_and_its_accuracy_by_race() -> None:
    table = compas_counts()
    for name, published in EVERYBODY.items():
        x, m = rate(table.counts.sum(axis=0, keepdims=True), name)
        assert x[0] / m[0] == pytest.approx(published, abs=5e-5)
    x, m = rate(table.counts, "accuracy")
    for race, published in ACCURACY.items():
        i = table.values.index((race,))
        assert x[i] / m[i] == pytest.approx(published, abs=5e-5)


def test_compas_likelihood_ratios_of_everybody() -> None:
    fnr, fpr = (rate(compas_counts().counts.sum(axis=0, keepdims=True), name) for name in ("fnr", "fpr"))
    missed, alarmed = fnr[0][0] / fnr[1][0], fpr[0][0] / fpr[1][0]
    assert (1 - missed) / alarmed == pytest.approx(1.94, abs=5e-3)
    assert missed / (1 - alarmed) == pytest.approx(0.55, abs=5e-3)


@pytest.mark.parametrize(
    ("name", "difference", "is_failed"),
    [("fpr", 0.2139, True), ("fnr", -0.1974, True), ("ppv", 0.0384, False), ("npv", -0.0614, False)],
)
def test_compas_gaps_and_what_a_limit_of_a_tenth_says(name: str, difference: float, is_failed: bool) -> None:
    table = compas_counts()
    rows = [table.values.index((race,)) for race in ("African-American", "Caucasian")]
    x, m = rate(table.counts[rows], name)
    assert -np.diff(x / m)[0] == pytest.approx(difference, abs=1e-4)
    found = gap([binomial_block(x, m, replicates=20_000, rng=np.random.default_rng(0))], level=0.95)
    assert (found.low > 0.10) == is_failed
    if name == "ppv":
        assert np.min(x / m) / np.max(x / m) == pytest.approx(0.939, abs=5e-4)
    if name == "npv":
        assert (found.low, found.high) == pytest.approx((0.029, 0.094), abs=1e-3)


@pytest.mark.parametrize(
    ("column", "is_privileged", "sizes", "difference", "ratio"),
    [
        (12, lambda value: int(value) > 25, (810, 190), -0.149448, 0.794826),
        (12, lambda value: int(value) >= 25, (851, 149), -0.128550, 0.821248),
        (8, lambda value: value not in ("A92", "A95"), (690, 310), None, 0.8966),
    ],
    ids=["above 25", "from 25 on", "men"],
)
def test_german_credit_differences_and_ratios(
    column: int, is_privileged, sizes: tuple[int, int], difference: float | None, ratio: float
) -> None:
    inside = np.array([is_privileged(row[column]) for row in german()])
    good = np.array([row[20] == "1" for row in german()])
    x, m = (np.array([found[inside].sum(), found[~inside].sum()]) for found in (good, np.ones_like(good)))
    assert tuple(m.tolist()) == sizes
    assert x[1] / m[1] / (x[0] / m[0]) == pytest.approx(ratio, abs=5e-5 if difference is None else 5e-7)
    if difference is not None:
        assert x[1] / m[1] - x[0] / m[0] == pytest.approx(difference, abs=5e-7)
    block = binomial_block(x, m, replicates=50_000, rng=np.random.default_rng(1))
    if sizes == (810, 190):
        found, at = gap([block], level=0.95), contrasts(block, 0.8, level=0.95)
        assert found.low < 0.10 < found.high
        assert not at.is_reached
        assert not at.is_missed


@pytest.mark.parametrize(
    ("name", "difference", "sd"),
    [("selection_rate", -0.1, 0.160128), ("tpr", 0.305556, 0.250833), ("fpr", -0.386364, 0.213495)],
)
def test_gaps_of_the_small_table_and_their_spread_under_shuffling(name: str, difference: float, sd: float) -> None:
    x, m = rate(A_AND_B, name)
    assert x[0] / m[0] - x[1] / m[1] == pytest.approx(difference, abs=5e-7)
    total, size = A_AND_B.sum(axis=0).ravel(), int(A_AND_B[0].sum())
    law = stats.multivariate_hypergeom(total, size)
    cells = np.stack(np.meshgrid(*(np.arange(count + 1) for count in total), indexing="ij"), axis=-1).reshape(-1, 4)
    cells = cells[(cells.sum(axis=1) == size)]
    chance = law.pmf(cells)
    first, second = (rate(part.reshape(-1, 2, 2), name) for part in (cells, total - cells))
    defined = (first[1] > 0) & (second[1] > 0)
    if name == "tpr":
        assert chance[~defined].sum() == pytest.approx(2.57e-8, rel=0.01)
    gaps = first[0][defined] / first[1][defined] - second[0][defined] / second[1][defined]
    weights = chance[defined] / chance[defined].sum()
    assert np.sqrt((weights * (gaps - (weights * gaps).sum()) ** 2).sum()) == pytest.approx(sd, abs=5e-7)


def test_shap_tree_refuses_boosting_on_double_precision_with_thirty_features() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    x = StandardScaler().fit_transform(x)
    shap = library("shap")
    whole = HistGradientBoostingClassifier(max_iter=50, random_state=0).fit(x, y)
    with pytest.raises(shap.utils._exceptions.ExplainerError, match="dditivity"):
        shap.TreeExplainer(whole, x[:100]).shap_values(x, check_additivity=True)


def test_the_change_under_noise_is_the_folded_normals_mean() -> None:
    """Weights whose norm over the three most important features is 2.5315 and a spread of .3."""
    w = np.array([2.0, -1.2, 1.0, 0.1, 0.05])
    w[:3] *= 0.60594 / (0.3 * np.sqrt(2 / np.pi)) / np.linalg.norm(w[:3])
    noise = np.random.default_rng(4).standard_normal((400_000, 5))
    phi = np.array([[3.0, -2.0, 1.0, 0.1, 0.0]])
    found, _ = prediction_gaps(lambda rows: rows @ w, np.zeros((1, 5)), phi, top=3, scale=np.full(5, 0.3), noise=noise)
    assert found[0] == pytest.approx(0.60594, abs=0.0015)


def test_raw_calibration_error_of_many_rows_and_where_a_limit_of_five_hundredths_fails_perfect_models() -> None:
    rng = np.random.default_rng(28)

    def raw(n: int, times: int) -> np.ndarray:
        found = []
        for _ in range(times):
            p = rng.beta(5, 2, n)
            bins = measure_moments(p, rng.random(n) < p)["bins"]
            found.append(ece(bins, level=0.95, rng=rng, replicates=20).raw)
        return np.array(found)

    many = raw(100_000, 60)
    assert many.mean() == pytest.approx(0.0035, rel=0.08)
    assert np.quantile(many, 0.95) == pytest.approx(0.005, abs=8e-4)
    assert raw(350, 100).mean() > 0.05 > raw(550, 100).mean()


def test_the_ninety_fifth_point_of_the_stability_index_at_a_thousand_rows() -> None:
    assert stats.chi2.ppf(0.95, 9) * (1 / 1000 + 1 / 1000) == pytest.approx(0.0338, abs=5e-5)
    for n, m, mean in ((200, 200, 0.090), (5000, 500, 0.0198)):
        assert 9 * (1 / n + 1 / m) == pytest.approx(mean, abs=5e-5)
