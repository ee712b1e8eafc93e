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


@pytest.mark.statistics
def test_p_values_of_three_groups_are_uniform_under_the_null() -> None:
    rng = np.random.default_rng(11)
    m = np.array([300, 120, 60])
    p_values = [conditional_p(rng.binomial(m, 0.3), m, rng=rng, replicates=199) for _ in range(1500)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.065
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


@pytest.mark.statistics
def test_the_conditional_test_keeps_its_level_where_a_joint_shuffle_does_not() -> None:
    """Equal true positive rates, different base rates and false positive rates."""
    rng = np.random.default_rng(12)
    conditional, joint = 0, 0
    for _ in range(400):
        counts = np.stack([table_of(rng, 300, 0.5, 0.1), table_of(rng, 100, 0.15, 0.5)])
        x, m = rate(counts, "tpr")
        if (m == 0).any():
            continue
        conditional += conditional_p(x, m, rng=rng) <= 0.05
        joint += joint_p(counts, "tpr", rng=rng, replicates=199) <= 0.05
    assert conditional / 400 <= 0.065
    assert joint / 400 >= 0.12


def table_of(rng: np.random.Generator, rows: int, base: float, fpr: float) -> np.ndarray:
    cells = [(1 - base) * (1 - fpr), (1 - base) * fpr, base * 0.2, base * 0.8]
    return rng.multinomial(rows, cells).reshape(2, 2)
