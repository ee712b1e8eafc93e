"""The shared arithmetic against independent libraries, on hundreds of random tables, empty cells included."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from evaluators.arithmetic.counts import RATES, rate, tally
from evaluators.arithmetic.intervals import clopper_pearson, newcombe, wilson
from evaluators.arithmetic.permutation import conditional_p, holm
from evaluators.arithmetic.ranks import delong
from evaluators.monitoring import transport
from evaluators.monitoring.laws import benjamini_hochberg, cramers_v, jensen_shannon
from evaluators.uncertainty.moments import SMALLEST_PROBABILITY, measure_moments

pytestmark = pytest.mark.verification
THEIRS = {
    "selection_rate": fairlearn.selection_rate,
    "tpr": fairlearn.true_positive_rate,
    "fpr": fairlearn.false_positive_rate,
    "fnr": fairlearn.false_negative_rate,
}


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(6, 40), st.floats(0.05, 0.95))
def test_rates_of_sparse_tables_equal_fairlearns_but_for_nothing_out_of_nothing(
    seed: int, groups: int, n: int, base: float
) -> None:
    rng = np.random.default_rng(seed)
    group, label = rng.integers(0, groups, n), (rng.random(n) < base).astype(int)
    said = (rng.random(n) < base).astype(int)
    counts = tally(group, label, said, groups=groups)
    for name, theirs in THEIRS.items():
        x, m = rate(counts, name)
        for g in np.unique(group):
            mine = group == g
            value = theirs(label[mine], said[mine], pos_label=1)
            if m[g]:
                assert x[g] / m[g] == pytest.approx(value, abs=1e-12)
            else:
                assert value == 0  # where ours has no value


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_cells_equal_scikit_learns_confusion_matrix(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    label, said = rng.integers(0, 2, n), rng.integers(0, 2, n)
    counts = tally(np.zeros(n, dtype=int), label, said, groups=1)[0]
    assert (counts == confusion_matrix(label, said, labels=[0, 1])).all()
    if 0 < label.sum() < n:
        recalls = [rate(counts[None], name) for name in ("tpr", "fpr")]
        ours = (recalls[0][0] / recalls[0][1] + 1 - recalls[1][0] / recalls[1][1]) / 2
        assert ours[0] == pytest.approx(balanced_accuracy_score(label, said))


@settings(max_examples=250, deadline=None)
@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_intervals_of_one_rate_equal_statsmodels(m: int, share: float, level: float) -> None:
    x = round(m * share)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "beta")):
        low, high = proportion_confint(x, m, alpha=1 - level, method=method)
        low, high = (0.0 if np.isnan(low) else low), (1.0 if np.isnan(high) else high)
        assert ours(x, m, level=level) == pytest.approx((low, high), abs=1e-9)


@settings(max_examples=250, deadline=None)
@given(st.integers(1, 200), st.floats(0, 1), st.integers(1, 200), st.floats(0, 1))
def test_intervals_of_a_difference_equal_statsmodels(m1: int, share1: float, m2: int, share2: float) -> None:
    x1, x2 = round(m1 * share1), round(m2 * share2)
    theirs = confint_proportions_2indep(x1, m1, x2, m2, method="newcomb", compare="diff", alpha=0.05)
    assert newcombe(x1, m1, x2, m2, level=0.95) == pytest.approx(theirs, abs=1e-9)


@settings(max_examples=250, deadline=None)
@given(st.integers(1, 30), st.floats(0, 1), st.integers(1, 30), st.floats(0, 1))
def test_conditional_p_equals_summing_scipys_hypergeometric_law(m1: int, share1: float, m2: int, share2: float) -> None:
    x = np.array([round(m1 * share1), round(m2 * share2)])
    law = stats.hypergeom(m1 + m2, int(x.sum()), m1)
    possible = np.arange(max(0, x.sum() - m2), min(m1, x.sum()) + 1)
    gaps = np.abs(possible / m1 - (x.sum() - possible) / m2)
    expected = law.pmf(possible)[gaps >= abs(x[0] / m1 - x[1] / m2) - 1e-12].sum()
    ours = conditional_p(x, np.array([m1, m2]), rng=np.random.default_rng(0))
    assert ours == pytest.approx(min(1.0, expected), abs=1e-9)


@pytest.fixture(scope="module")
def frozen() -> Iterator[None]:
    """statsmodels collects garbage in every call, which takes longer than the tests unless there is little of it."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@settings(max_examples=250, deadline=None)
@given(
    st.lists(
        st.sampled_from([0.0, 1e-300, 0.001, 0.01, 0.05, 1.0]) | st.floats(0, 1, allow_subnormal=False),
        min_size=1,
        max_size=30,
    )
)
def test_adjusted_p_values_equal_statsmodels_ties_nought_and_one_included(frozen: None, p_values: list[float]) -> None:
    for ours, method in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        theirs = multipletests(p_values, method=method)[1]
        assert ours(p_values) == pytest.approx(theirs.tolist(), rel=1e-12, abs=0)
    assert benjamini_hochberg(p_values) == pytest.approx(stats.false_discovery_control(p_values).tolist(), rel=1e-12)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(1, 16))
def test_scores_of_probabilities_equal_scikit_learns(seed: int, n: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    p, y = np.round(rng.beta(0.5, 0.5, n), digits), rng.random(n) < 0.4
    found = measure_moments(p, y)
    assert found["squared_error"][0] / n == pytest.approx(brier_score_loss(y, p, pos_label=True), abs=1e-12)
    whole = np.clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    assert found["log_loss"][0] / n == pytest.approx(log_loss(y, whole, labels=[False, True]), rel=1e-9)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(2, 5))
def test_shares_of_classes_equal_scikit_learns_recall_precision_and_f1(seed: int, n: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    label, said = rng.integers(0, classes, n), rng.integers(0, classes, n)
    cells = tally(np.zeros(n, dtype=int), label, said, groups=1, classes=classes)[0]
    right, asked, told = np.diag(cells), cells.sum(axis=1), cells.sum(axis=0)
    for base, theirs in ((asked, recall_score), (told, precision_score), ((asked + told) / 2, f1_score)):
        value = theirs(label, said, labels=range(classes), average=None, zero_division=np.nan)
        with np.errstate(invalid="ignore"):
            assert right / base == pytest.approx(value, nan_ok=True)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=8))
def test_distances_of_sparse_counts_equal_scipys(cells: list[tuple[int, int]]) -> None:
    reference, current = np.array(cells).T
    assume(reference.sum() and current.sum())
    used = (reference + current) > 0
    found = jensen_shannon(reference, current, level=0.95)
    assert found.value == pytest.approx(float(jensenshannon(reference, current, base=2)), abs=1e-7)
    if used.sum() > 1:
        expected = stats.chi2_contingency(np.stack([reference, current])[:, used], correction=False)
        v = cramers_v(reference, current, level=0.95)
        assert (v.value**2 * sum(map(sum, cells)), v.p_value) == pytest.approx((expected.statistic, expected.pvalue))


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(2, 60), st.integers(0, 3))
def test_distances_of_values_equal_scipys_ties_included(seed: int, n: int, m: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(0, 1, n).round(digits), rng.normal(0.3, 1.2, m).round(digits)
    assume(reference.std() > 0)
    expected = stats.wasserstein_distance(reference, current) / reference.std()
    assert transport.measure(reference, current).value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.integers(0, 2))
def test_the_area_under_the_curve_equals_scikit_learns(seed: int, n: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    label = np.concatenate([[True, False], rng.random(n) < 0.4])
    score = np.round(rng.normal(0, 1, n + 2), digits)
    assert delong(score, label).auc == pytest.approx(roc_auc_score(label, score), abs=1e-12)


def test_every_rate_of_the_counts_is_a_share_of_its_base() -> None:
    assert all(set(one.hits) <= set(one.base) for one in RATES.values())
