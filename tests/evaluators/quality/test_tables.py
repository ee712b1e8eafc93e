from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evaluators.catalog import summarise
from evaluators.contract import ParameterError, Status, SubjectError
from evaluators.data.quality import far_out
from evaluators.data.shares import chi_squared, distance
from tests.evaluators.quality.making import reading, run

SHARES, SMALLEST = "data.representation", "data.representation.min_share"


def test_planted_findings_are_counted_exactly(tmp_path: Path) -> None:
    table: dict[str, list[Any]] = {
        "a": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 1e6],
        "b": ["x"] * 10,
        "c": ["", "NaN", "n", "n", "m", "m", "m", "m", "m", "m"],
        "d": [1, 2, 3, 4, 5, 6, 7, 8, "unknown", 10],
    }
    found = run("data.quality", tmp_path, table)
    assert reading(found, "data.missing").value == pytest.approx(2 / 40)
    assert reading(found, "data.missing").detail["columns"] == {"c": 2}
    assert reading(found, "data.constant").detail["columns"] == ["b"]
    assert reading(found, "data.outlier").detail["columns"] == {"a": 1}
    assert reading(found, "data.type_drift").detail["findings"] == [{"column": "d", "what": "1 values are no numbers"}]
    assert reading(found, "data.schema").status is Status.NOT_APPLICABLE


def test_a_reference_says_which_columns_and_types_are_expected(tmp_path: Path) -> None:
    reference = {"a": [1, 2], "b": ["x", "y"], "c": [1, 2]}
    found = run("data.quality", tmp_path, {"a": ["1,5", "2,5"], "b": ["x", "y"], "d": [1, 2]}, reference=reference)
    assert reading(found, "data.schema").value == 2
    assert reading(found, "data.type_drift").detail["findings"] == [
        {"column": "a", "what": "is text, in the reference number"}
    ]
    same = run("data.quality", tmp_path, reference, reference=reference)
    assert [reading(same, name).value for name in ("data.schema", "data.type_drift")] == [0, 0]


def test_declared_features_that_are_missing_are_counted(tmp_path: Path) -> None:
    found = run("data.quality", tmp_path, {"a": [1, 2]}, features=["a", "b"])
    assert reading(found, "data.schema").detail["findings"] == [{"column": "b", "what": "is missing"}]


def test_far_out_does_not_depend_on_scale_and_place() -> None:
    values = np.r_[np.random.default_rng(0).normal(size=500), 40.0, np.nan]
    found = far_out(values, distance=5)
    assert np.flatnonzero(found).tolist() == [500]
    assert np.array_equal(found, far_out(values * 1e6 - 3e9, distance=5))
    assert far_out(np.r_[np.zeros(99), 1.0], distance=5).sum() == 1
    assert not far_out(np.zeros(9), distance=5).any()
    assert not far_out(np.array([1.0, 1e9]), distance=5).any()


@pytest.mark.verification
def test_the_chi_squared_test_equals_scipy() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        counts = rng.multinomial(300, rng.dirichlet(np.ones(4)))
        shares = rng.dirichlet(np.ones(4) * 5)
        expected = stats.chisquare(counts, shares * 300)
        assert chi_squared(counts, shares, None) == pytest.approx((expected.statistic, expected.pvalue))
        other = rng.multinomial(200, shares) + 1
        both = stats.chi2_contingency([counts + 1, other], correction=False)
        found = chi_squared(counts + 1, other / other.sum(), int(other.sum()))
        assert found == pytest.approx((both.statistic, both.pvalue))


def test_a_group_that_only_one_of_two_tables_holds_is_a_group_of_both() -> None:
    for counts, other in (([50, 50, 20], [50, 50, 0]), ([50, 50, 0], [50, 40, 30])):
        both = stats.chi2_contingency([counts, other], correction=False)
        shares = np.array(other) / sum(other)
        assert chi_squared(np.array(counts), shares, sum(other)) == pytest.approx((both.statistic, both.pvalue))
    absent = chi_squared(np.array([60, 60, 0]), np.array([0.5, 0.5, 0.0]), 100)
    assert absent == chi_squared(np.array([60, 60]), np.array([0.5, 0.5]), 100)
    assert chi_squared(np.array([60, 0]), np.array([1.0, 0.0]), None) == (0.0, None)


@pytest.mark.statistics
@pytest.mark.parametrize("n", [60, 500, 5000])
def test_the_band_covers_the_distance_at_least_as_often_as_stated(n: int) -> None:
    rng = np.random.default_rng(n)
    reference = np.array([0.5, 0.3, 0.15, 0.05])
    for true in (reference, np.array([0.4, 0.3, 0.2, 0.1])):
        target = np.abs(true - reference).sum() / 2
        hits = 0
        for _ in range(400):
            found = distance(rng.multinomial(n, true), reference, reference_n=None, level=0.95, rng=rng)
            hits += found.low <= target <= found.high
        assert hits / 400 >= 0.93


def test_shares_far_from_the_reference_fail_and_equal_ones_pass(tmp_path: Path) -> None:
    facts = {"columns": {"group": ["g"], "label": "y"}, "favourable": "1"}
    params = {"shares": ["a=0.5", "b=0.3", "c=0.2"]}
    fair = {"g": ["a"] * 5000 + ["b"] * 3000 + ["c"] * 2000, "y": [0, 1] * 5000}
    skewed = {"g": ["a"] * 9000 + ["b"] * 1000, "y": [0, 1] * 5000}
    good = run("data.representation", tmp_path, fair, params=params, **facts)
    bad = run("data.representation", tmp_path, skewed, params=params, **facts)
    assert reading(good, SHARES).value == 0
    assert (reading(good, SHARES).high or 1) < 0.05
    assert reading(bad, SHARES).value == pytest.approx(0.4)
    assert (reading(bad, SHARES).low or 0) > 0.35
    assert reading(bad, SHARES).detail["unseen"] == ["c"]
    assert reading(bad, SMALLEST).value == 0
    assert reading(good, SMALLEST).value == 0.2
    assert reading(good, "data.representation.label_rate", "group=a").value == 0.5


def test_a_reference_file_gives_the_shares_and_absent_values_are_counted_per_group(tmp_path: Path) -> None:
    table = {"g": ["a", "b"] * 50, "x": ["", 1, 2, 3] * 25}
    facts: dict[str, Any] = {"columns": {"group": ["g"]}, "features": ["x"]}
    found = run("data.representation", tmp_path, table, reference={"g": ["a", "b", "b", "b"] * 25}, **facts)
    assert reading(found, SHARES).value == pytest.approx(0.25)
    assert reading(found, "data.representation.missing_rate", "group=a").value == 0.5
    assert reading(found, "data.representation.missing_rate", "group=b").value == 0
    assert reading(found, "data.representation.label_rate").status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("shares", [["a=0.5"], ["a=half", "b=0.5"], ["a=0.5", "a=0.5"], ["=1"]])
def test_shares_that_make_no_sense_are_refused(shares: list[str], tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        run("data.representation", tmp_path, {"g": ["a"] * 20}, params={"shares": shares}, columns={"group": ["g"]})


def test_ten_thousand_groups_are_not_listed(tmp_path: Path) -> None:
    found = run("data.representation", tmp_path, {"g": list(range(10_000))}, columns={"group": ["g"]})
    assert {item.status for item in found.readings} == {Status.INSUFFICIENT_DATA}


def test_an_outcome_that_never_occurs_is_refused(tmp_path: Path) -> None:
    facts: dict[str, Any] = {"columns": {"group": ["g"], "label": "y"}, "favourable": "yes"}
    with pytest.raises(SubjectError, match="never occurs"):
        run("data.representation", tmp_path, {"g": ["a"] * 20, "y": [0, 1] * 10}, **facts)


@pytest.mark.parametrize("evaluator", ["data.quality", "data.representation"])
def test_readings_come_back_from_their_statistics(evaluator: str, tmp_path: Path) -> None:
    table = {"g": ["a", "b"] * 50, "x": ["", 1, 2, 3] * 25}
    found = run(evaluator, tmp_path, table, reference=table, columns={"group": ["g"]}, features=["x"])
    for item in found.readings:
        again = summarise(evaluator, item.statistics, params={}, level=0.95, seed=found.seed or 0)
        other = next(o for o in again if (o.metric, o.slice) == (item.metric, item.slice))
        assert (other.value, other.low, other.high) == (item.value, item.low, item.high)
