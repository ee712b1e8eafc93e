import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from evaluators.catalog import summarise
from evaluators.contract import Status
from evaluators.monitoring import mmd
from evaluators.monitoring.mmd import bandwidth, kernel, permutation_test, statistics
from tests.evaluators.quality.making import reading, run

MMD = "drift.mmd"


def by_loop(similar: np.ndarray, members: np.ndarray) -> float:
    """The statistic from the rows and columns of the kernel that belong to each window."""
    first, second = np.flatnonzero(members), np.flatnonzero(members == 0)
    n, m = len(first), len(second)
    inside = similar[np.ix_(first, first)].sum() / (n * (n - 1))
    outside = similar[np.ix_(second, second)].sum() / (m * (m - 1))
    return float(inside + outside - 2 * similar[np.ix_(first, second)].mean())


@pytest.mark.verification
def test_the_product_of_matrices_equals_the_loop() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 32))
    similar = kernel(rows[:150], rows[150:], bandwidth(rows[:150]))
    chosen = np.stack([rng.permutation(400) < 150 for _ in range(50)], axis=1).astype(float)
    expected = [by_loop(similar, column) for column in chosen.T]
    assert statistics(similar, chosen, 150, 250) == pytest.approx(expected, abs=1e-12)


@pytest.mark.verification
def test_the_bandwidth_is_the_median_of_the_reference_alone() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 5))
    distances = [((a - b) ** 2).sum() for i, a in enumerate(rows) for b in rows[:i]]
    assert bandwidth(rows) == pytest.approx(np.median(distances))
    assert bandwidth(np.ones((10, 2))) == 1


def test_evidently_and_alibi_detect_can_report_a_p_value_of_zero_and_ours_is_at_least_one_in_b_plus_one() -> None:
    rng = np.random.default_rng(0)
    value, p = permutation_test(rng.normal(size=(80, 3)), rng.normal(4, 1, (80, 3)), permutations=199, rng=rng)
    assert value > 0.3
    assert p == 1 / 200


def test_alibi_detect_gathers_a_matrix_per_permutation_and_ours_holds_one_block() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(300, 8)), rng.normal(size=(300, 8))
    similar = kernel(first, second, bandwidth(first))
    members = np.stack([rng.permutation(600) < 300 for _ in range(200)], axis=1).astype(float)
    tracemalloc.start()
    found = statistics(similar, members, 300, 300)
    assert tracemalloc.get_traced_memory()[1] < similar.nbytes
    tracemalloc.stop()
    assert found[:20] == pytest.approx([by_loop(similar, column) for column in members.T[:20]])


@pytest.mark.statistics
def test_p_values_are_uniform_under_the_null_and_a_shift_is_found() -> None:
    rng = np.random.default_rng(3)
    null = [
        permutation_test(rng.normal(size=(60, 4)), rng.normal(size=(50, 4)), permutations=199, rng=rng)[1]
        for _ in range(2000)
    ]
    assert stats.kstest(null, "uniform").pvalue > 0.001
    assert np.mean(np.array(null) <= 0.05) <= 0.055
    moved = [
        permutation_test(rng.normal(size=(100, 4)), rng.normal(0.4, 1, (100, 4)), permutations=199, rng=rng)[1]
        for _ in range(100)
    ]
    assert np.mean(np.array(moved) <= 0.05) >= 0.8


def test_a_change_of_correlation_is_seen_where_no_single_column_moves(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    reference = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 600)
    current = rng.multivariate_normal([0, 0], [[1, -0.9], [-0.9, 1]], 600)
    tables = [{"a": part[:, 0], "b": part[:, 1]} for part in (reference, current)]
    moved = reading(run("drift.joint", tmp_path, tables[1], reference=tables[0]), MMD)
    alone = run("drift.distribution", tmp_path, tables[1], reference=tables[0])
    assert (moved.p_value or 1) < 0.01
    assert (reading(alone, "drift.ks", "worst").p_value or 0) > 0.01
    still = reading(run("drift.joint", tmp_path, tables[0], reference=tables[0]), MMD)
    assert (still.p_value or 0) > 0.05


def test_words_are_left_out_and_small_windows_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = {"w": rng.choice(["a", "b"], 60)}
    found = reading(run("drift.joint", tmp_path, words, reference=words), MMD)
    assert found.status is Status.NOT_APPLICABLE
    small = {"x": rng.normal(size=20)}
    assert reading(run("drift.joint", tmp_path, small, reference=small), MMD).status is Status.INSUFFICIENT_DATA


def test_rows_are_drawn_with_the_seed_and_readings_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table, reference = {"x": rng.normal(size=3000)}, {"x": rng.normal(size=2000)}
    found = [
        run("drift.joint", tmp_path, table, reference=reference, params={"rows": 200, "permutations": 99})
        for _ in range(2)
    ]
    first, second = (reading(one, MMD) for one in found)
    assert (first.value, first.p_value) == (second.value, second.p_value)
    assert first.detail["rows"] == [200, 200]
    again = summarise("drift.joint", first.statistics, params={}, level=0.95, seed=0)[0]
    assert (again.value, again.p_value) == (first.value, first.p_value)


def test_as_many_rows_are_drawn_as_the_window_has_also_where_two_draws_are_equal() -> None:
    drawn = np.random.default_rng(6).random((40, 300), dtype=np.float32)
    for places in (drawn, np.round(drawn, 2)):
        chosen = mmd._lowest(places, 120).T > 0
        assert (chosen.sum(axis=1) == 120).all()
        assert (np.where(chosen, places, 0).max(axis=1) <= np.where(chosen, 1, places).min(axis=1)).all()
