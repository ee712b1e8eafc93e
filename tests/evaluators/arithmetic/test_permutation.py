import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluators.arithmetic.counts import rate
from evaluators.arithmetic.permutation import conditional_p, holm, joint_p

A_AND_B = np.array([[[9, 3], [2, 6]], [[4, 7], [5, 4]]])


@pytest.mark.verification
@pytest.mark.parametrize(
    ("name", "joint", "conditional"),
    [("selection_rate", 0.752371, 0.752371), ("tpr", 0.254710, 0.334842), ("fpr", 0.085605, 0.099533)],
)
def test_exact_p_values_of_a_small_table(name: str, joint: float, conditional: float) -> None:
    rng = np.random.default_rng(0)
    assert joint_p(A_AND_B, name, rng=rng) == pytest.approx(joint, abs=5e-7)
    assert conditional_p(*rate(A_AND_B, name), rng=rng) == pytest.approx(conditional, abs=5e-7)


@pytest.mark.verification
def test_exact_p_values_of_published_data() -> None:
    rng = np.random.default_rng(0)
    ppv = conditional_p(np.array([1369, 505]), np.array([2174, 854]), rng=rng)
    age = conditional_p(np.array([590, 110]), np.array([810, 190]), rng=rng)
    assert ppv == pytest.approx(0.05083, abs=5e-6)
    assert age == pytest.approx(7.4e-5, abs=5e-7)


def test_drawing_agrees_with_enumerating() -> None:
    rng = np.random.default_rng(1)
    assert joint_p(A_AND_B * 40, "fpr", rng=rng, replicates=500) == pytest.approx(1 / 501)
    enumerated = joint_p(A_AND_B, "fpr", rng=rng)
    assert enumerated == pytest.approx(drawn_joint_p(A_AND_B, "fpr", rng), abs=0.01)


def drawn_joint_p(counts: np.ndarray, name: str, rng: np.random.Generator) -> float:
    """The joint test by shuffling rows, one by one."""
    cells = np.repeat([0, 1, 2, 3], counts.sum(axis=0).ravel())
    size = counts[0].sum()
    observed = gap_of(counts, name)
    extreme = 0
    for _ in range(4000):
        shuffled = rng.permutation(cells)
        tables = np.stack([np.bincount(part, minlength=4) for part in (shuffled[:size], shuffled[size:])])
        found = gap_of(tables.reshape(2, 2, 2), name)
        extreme += found is None or found >= observed - 1e-12
    return extreme / 4000


def gap_of(counts: np.ndarray, name: str) -> float | None:
    x, m = rate(counts, name)
    return None if (m == 0).any() else float(abs(x[0] / m[0] - x[1] / m[1]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 1)), min_size=2, max_size=6), st.integers(0, 9))
def test_a_p_value_is_never_zero_nor_above_one(groups: list, seed: int) -> None:
    m = np.array([size for size, _ in groups])
    x = np.array([round(size * share) for size, share in groups])
    assert 0 < conditional_p(x, m, rng=np.random.default_rng(seed), replicates=200) <= 1


def test_groups_without_any_difference_are_never_significant() -> None:
    assert conditional_p(np.array([5, 5]), np.array([10, 10]), rng=np.random.default_rng(0)) == pytest.approx(1)
    assert conditional_p(np.array([0, 0, 0]), np.array([9, 9, 9]), rng=np.random.default_rng(0)) == 1.0


def test_names_and_order_of_groups_do_not_matter() -> None:
    x, m = np.array([30, 50, 20]), np.array([100, 120, 90])
    first = conditional_p(x, m, rng=np.random.default_rng(5))
    assert first == conditional_p(x[[2, 0, 1]], m[[2, 0, 1]], rng=np.random.default_rng(5))


def test_an_undefined_observed_gap_is_never_significant() -> None:
    counts = np.array([[[3, 2], [0, 0]], [[1, 1], [2, 2]]])
    assert joint_p(counts, "tpr", rng=np.random.default_rng(0)) == 1.0


def test_holm_is_monotone_and_keeps_the_order_given() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.verification
@pytest.mark.statistics
def test_p_values_of_three_groups_are_uniform_under_the_null() -> None:
    rng, runs = np.random.default_rng(11), 3000
    m = np.array([300, 120, 60])
    p_values = [conditional_p(rng.binomial(m, 0.3), m, rng=rng, replicates=199) for _ in range(runs)]
    rejected = np.mean(np.array(p_values) <= 0.05)
    assert rejected <= 0.055
    assert rejected == pytest.approx(0.047, abs=monte_carlo(0.047, runs))
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


@pytest.mark.verification
@pytest.mark.statistics
def test_which_rows_are_shuffled_decides_how_often_equal_rates_are_told_apart() -> None:
    """Equal true positive rates, other base rates and false positive rates: all rows shuffled and the plain gap, all
    rows and the gap in units of each replicate's own error, which is refused too, and only the rows that count."""
    rng, runs = np.random.default_rng(12), 2000
    rejected = {"joint": 0, "studentised": 0, "conditional": 0}
    for _ in range(runs):
        counts = np.stack([table_of(rng, 300, 0.5, 0.1), table_of(rng, 100, 0.15, 0.5)])
        rejected["joint"] += joint_p(counts, "tpr", rng=rng, replicates=999) <= 0.05
        rejected["studentised"] += studentised_joint_p(counts, "tpr", rng) <= 0.05
        rejected["conditional"] += conditional_p(*rate(counts, "tpr"), rng=rng) <= 0.05
    for name, published in (("joint", 0.194), ("studentised", 0.077), ("conditional", 0.031)):
        assert rejected[name] / runs == pytest.approx(published, abs=monte_carlo(published, runs))


def monte_carlo(share: float, runs: int) -> float:
    """Three standard deviations of a share found in as many simulations."""
    return float(3 * np.sqrt(share * (1 - share) / runs))


def table_of(rng: np.random.Generator, rows: int, base: float, fpr: float) -> np.ndarray:
    cells = [(1 - base) * (1 - fpr), (1 - base) * fpr, base * 0.2, base * 0.8]
    return rng.multinomial(rows, cells).reshape(2, 2)


def studentised_joint_p(counts: np.ndarray, name: str, rng: np.random.Generator) -> float:
    """All rows shuffled, and every gap set against its own replicate's error."""
    total, size = counts.sum(axis=0).ravel(), int(counts[0].sum())
    drawn = rng.multivariate_hypergeometric(total, size, size=999, method="marginals")
    tables = np.concatenate([counts[:1].reshape(1, 4), drawn])
    pairs = np.stack([tables, total - tables], axis=1).reshape(-1, 2, 2, 2)
    x, m = (part.reshape(-1, 2) for part in rate(pairs.reshape(-1, 2, 2), name))
    q = (x + 0.5) / (m + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(x[:, 0] / m[:, 0] - x[:, 1] / m[:, 1]) / np.sqrt((q * (1 - q) / m).sum(axis=1))
    return float((1 + np.count_nonzero(~(t[1:] < t[0] - 1e-12))) / 1000)
