"""The shared arithmetic against independent libraries, on hundreds of random tables, empty cells included."""

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from evaluators.arithmetic.counts import RATES, rate, tally
from evaluators.arithmetic.intervals import clopper_pearson, newcombe, wilson
from evaluators.arithmetic.permutation import conditional_p, holm
from evaluators.arithmetic.ranks import delong

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


def test_holm_equals_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 12, 60, 200):  # theirs takes a quarter of a second each
        p_values = np.round(rng.random(size), 2)
        assert holm(p_values.tolist()) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.integers(0, 2))
def test_the_area_under_the_curve_equals_scikit_learns(seed: int, n: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    label = np.concatenate([[True, False], rng.random(n) < 0.4])
    score = np.round(rng.normal(0, 1, n + 2), digits)
    assert delong(score, label).auc == pytest.approx(roc_auc_score(label, score), abs=1e-12)


def test_every_rate_of_the_counts_is_a_share_of_its_base() -> None:
    assert all(set(one.hits) <= set(one.base) for one in RATES.values())
