from typing import Any

import numpy as np
import pytest

from evaluators.arithmetic.counts import GroupCounts
from evaluators.arithmetic.intervals import joint_level, wilson
from evaluators.performance.recalls import mean_interval
from evaluators.performance.shares import balanced_readings

UNEVEN = [0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.0, 1.0, 1.0]
DIGITS = [1, 1, 1, 0.97, 0.97, 0.91, 1, 0.96, 0.84, 0.97]


def table(counts: Any, groups: int = 1) -> GroupCounts:
    """Wrong and right rows by group and class."""
    cells = np.asarray(counts, dtype=np.int64)
    names = tuple(str(k) for k in range(cells.shape[1]))
    return GroupCounts(("g",), tuple((str(i),) for i in range(groups)), cells, names)


def test_ten_classes_with_few_errors_do_not_draw_the_lower_end_down() -> None:
    """It lay six standard errors below the mean, since every class was drawn by two rows towards a half."""
    right = np.array([30, 30, 30, 29, 29, 27, 30, 29, 25, 29])
    low, high = mean_interval(right, np.full(10, 30), level=0.95)
    assert (low, high) == pytest.approx((0.926, 0.980), abs=0.006)


def test_one_share_is_given_wilsons_interval_and_half_a_row() -> None:
    found, bare = mean_interval(np.array([70]), np.array([100]), level=0.95), wilson(70, 100, level=0.95)
    assert bare[0] - 0.01 < found[0] < bare[0]
    assert bare[1] < found[1] < bare[1] + 0.01


def test_ends_are_mirrored_and_keep_within_0_and_1() -> None:
    x, m = np.array([3, 0, 17]), np.array([10, 12, 40])
    low, high = mean_interval(x, m, level=0.95)
    assert mean_interval(m - x, m, level=0.95) == pytest.approx((1 - high, 1 - low))
    assert mean_interval(m, m, level=0.95)[1] == 1.0
    assert 0.5 < mean_interval(m, m, level=0.95)[0] < 1.0
    assert mean_interval(0 * m, m, level=0.95)[0] == 0.0
    assert mean_interval(np.array([1, 0]), np.array([1, 1]), level=0.95)[0] >= 0.0


def test_the_order_of_classes_changes_nothing_and_more_rows_narrow() -> None:
    x, m = np.array([9, 200, 31]), np.array([10, 300, 33])
    assert mean_interval(x[::-1], m[::-1], level=0.9) == pytest.approx(mean_interval(x, m, level=0.9))
    narrow, wide = (mean_interval(x * k, m * k, level=0.95) for k in (10, 1))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_the_worst_group_has_the_interval_of_each_at_a_joint_level() -> None:
    cells = [[[20, 80], [5, 95]], [[30, 70], [25, 75]]]
    worst = balanced_readings(table(cells, 2), minimum=30, level=0.95, seed=1)[-1]
    each = mean_interval(np.array([70, 75]), np.array([100, 100]), level=joint_level(0.95, 2))
    assert (worst.low, worst.high, worst.value) == (pytest.approx(each[0]), pytest.approx(each[1]), 0.725)
    assert worst.detail["lowest"] == "g=1"


@pytest.mark.statistics
@pytest.mark.parametrize(
    ("rates", "rows"),
    [
        (DIGITS, [30] * 10),
        (DIGITS, [60] * 10),
        ([0.97] * 10, [60] * 10),
        ([0.85] * 10, [60] * 10),
        (UNEVEN, [10, 300] * 5),
        ([0.9, 0.8], [100, 100]),
        ([0.99, 0.95], [100, 100]),
        ([0.97, 0.25], [600, 80]),
        ([0.8, 0.99, 0.99], [10, 40, 300]),
        ([0.7] * 30, [10] * 30),
        ([0.5] * 3, [10] * 3),
        ([0.99] * 30, [100] * 30),
    ],
)
def test_neither_end_is_missed_more_often_than_it_may(rates: list[float], rows: list[int]) -> None:
    rng, m, truth = np.random.default_rng(7), np.array(rows), float(np.mean(rates))
    found = np.array([mean_interval(rng.binomial(m, rates), m, level=0.95) for _ in range(2000)])
    assert np.mean(truth > found[:, 1] + 1e-9) <= 0.04
    assert np.mean(truth < found[:, 0] - 1e-9) <= 0.035


@pytest.mark.statistics
def test_the_worst_groups_interval_covers() -> None:
    rng, m = np.random.default_rng(8), np.array([[60] * 10, [100] * 10, [40] * 10])
    rates = np.array([[0.9] * 10, DIGITS, [0.88] * 10])
    above = below = 0
    for _ in range(600):
        right = rng.binomial(m, rates)
        worst = balanced_readings(table(np.stack([m - right, right], axis=2), 3), minimum=30, level=0.95, seed=1)[-1]
        assert worst.low is not None
        assert worst.high is not None
        above, below = above + (worst.high < 0.88), below + (worst.low > 0.88)
    assert above / 600 <= 0.05
    assert below / 600 <= 0.035
