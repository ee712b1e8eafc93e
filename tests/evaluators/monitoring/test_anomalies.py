import csv
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from evaluators.catalog import summarise
from evaluators.contract import Status
from evaluators.monitoring.esd import generalised_esd, remainder
from evaluators.monitoring.pelt import breaks, noise, penalty
from tests.evaluators.data import package_file
from tests.evaluators.nulls import null_rate
from tests.evaluators.quality.making import reading, run

ROSNER = [
    *(-0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70),
    *(1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40),
    *(2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01),
]
R = [3.119, 2.943, 3.179, 2.810, 2.816, 2.848, 2.279, 2.310, 2.102, 2.067]
CRITICAL = [3.159, 3.151, 3.144, 3.136, 3.128, 3.120, 3.112, 3.103, 3.094, 3.085]


def nile() -> np.ndarray:
    with package_file("statsmodels", "datasets", "nile", "nile.csv").open(newline="") as handle:
        return np.array([float(row[1]) for row in list(csv.reader(handle))[1:]])


def carbon_dioxide() -> np.ndarray:
    """Monthly means of the weekly series, gaps interpolated."""
    with package_file("statsmodels", "datasets", "co2", "co2.csv").open(newline="") as handle:
        rows = list(csv.reader(handle))[1:]
    months: dict[str, list[float]] = {}
    for day, value in rows:
        values = months.setdefault(day[:6], [])
        if value.strip():
            values.append(float(value))
    means = np.array([np.mean(values) if values else np.nan for values in months.values()])
    known = np.flatnonzero(np.isfinite(means))
    return np.interp(np.arange(len(means)), known, means[known])


@pytest.mark.verification
def test_rosners_values_have_three_outliers_although_the_second_alone_does_not_pass() -> None:
    found = generalised_esd(np.array(ROSNER), most=10)
    assert found.statistics == pytest.approx(R, abs=6e-4)
    assert found.critical == pytest.approx(CRITICAL, abs=6e-4)
    assert found.statistics[1] < found.critical[1]
    assert found.count == 3


@pytest.mark.verification
def test_spikes_in_a_seasonal_series_come_first() -> None:
    pytest.importorskip("statsmodels")
    values = carbon_dioxide()
    assert len(values) == 526
    plain = generalised_esd(remainder(values, period=12), most=10)
    assert plain.count == 8
    values[100] += 3
    values[300] -= 3
    found = generalised_esd(remainder(values, period=12), most=10)
    assert set(found.places[:2].tolist()) == {100, 300}


@pytest.mark.statistics
def test_false_outliers_are_found_as_rarely_as_stated() -> None:
    alarms = null_rate(lambda rng: generalised_esd(rng.normal(size=100), most=10).count > 0, seed=0)
    assert 0.03 <= alarms <= 0.055


def by_trying(values: np.ndarray, price: float, most: int = 3) -> list[int]:
    """The best segmentation by trying all."""
    n = len(values)
    best, found = np.inf, []
    for count in range(most + 1):
        for ends in combinations(range(2, n - 1), count):
            edges = [0, *ends, n]
            if min(np.diff(edges)) < 2:
                continue
            parts = [values[a:b] for a, b in zip(edges, edges[1:], strict=False)]
            cost = sum(float(((part - part.mean()) ** 2).sum()) for part in parts) + price * count
            if cost < best - 1e-9:
                best, found = cost, list(ends)
    return found


@pytest.mark.verification
def test_the_nile_changes_once_after_1898() -> None:
    values = nile()
    assert breaks(values, price=penalty(values)) == [28]
    for sigma in (values.std(), np.diff(values).std() / np.sqrt(2), noise(values)):
        assert breaks(values, price=2 * sigma**2 * np.log(100)) == [28]
    assert (values[:28].mean(), values[28:].mean()) == pytest.approx((1097.75, 849.97), abs=0.005)
    ruptures = pytest.importorskip("ruptures")
    theirs = ruptures.Pelt(model="l2", jump=1).fit(values).predict(pen=penalty(values))
    assert theirs == [28, 100]


@pytest.mark.verification
def test_segments_equal_those_of_trying_all_and_of_ruptures() -> None:
    ruptures = pytest.importorskip("ruptures")
    rng = np.random.default_rng(0)
    for i in range(25):
        values = np.repeat(rng.normal(0, 3, 4), 5) + rng.normal(size=20)
        price = float(rng.uniform(2, 12))
        found = breaks(values, price=price)
        if len(found) <= 3:
            assert found == by_trying(values, price), i
    for _ in range(5):
        values = np.repeat(rng.normal(0, 2, 6), rng.integers(3, 15, 6))
        values = values + rng.normal(size=len(values))
        theirs = ruptures.Dynp(model="l2", jump=1, min_size=2).fit(values)
        found = breaks(values, price=6.0)
        if found:
            assert [*found, len(values)] == theirs.predict(n_bkps=len(found))


def test_outliers_of_a_column_are_counted_and_the_clean_twin_has_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=200)
    facts = {"columns": {"feature": "x"}}
    clean = reading(run("anomaly.series", tmp_path, {"x": values}, **facts), "anomaly.stl_gesd")
    values[[20, 150]] = 9, -8
    spiked = reading(run("anomaly.series", tmp_path, {"x": values}, **facts), "anomaly.stl_gesd")
    assert (clean.value, spiked.value) == (0, 2)
    assert spiked.detail["points"] == [21, 151]


def test_a_season_is_taken_away_first(tmp_path: Path) -> None:
    pytest.importorskip("statsmodels")
    rng = np.random.default_rng(0)
    values = 20 * np.sin(np.arange(240) * 2 * np.pi / 12) + np.arange(240) + rng.normal(size=240)
    values[77] += 12
    params = {"period": 12}
    found = run("anomaly.series", tmp_path, {"x": values}, params=params, columns={"feature": "x"})
    assert 78 in reading(found, "anomaly.stl_gesd").detail["points"]
    blind = run("anomaly.series", tmp_path, {"x": values}, columns={"feature": "x"})
    assert reading(blind, "anomaly.stl_gesd").value == 0


def test_changes_of_a_mean_are_counted_with_their_places(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = np.r_[rng.normal(0, 1, 60), rng.normal(4, 1, 60)]
    facts = {"columns": {"feature": "x"}}
    found = run("change.mean", tmp_path, {"x": values}, **facts)
    item = reading(found, "change.pelt")
    assert item.value == 1
    assert [segment[:2] for segment in item.detail["segments"]] == [[1, 60], [61, 120]]
    assert [evidence.data["draw"] for evidence in found.evidence] == ["table", "curve"]
    still = run("change.mean", tmp_path, {"x": np.random.default_rng(5).normal(size=120)}, **facts)
    assert reading(still, "change.pelt").value == 0
    exact = run("change.mean", tmp_path, {"x": [1] * 20 + [2] * 20}, **facts)
    assert reading(exact, "change.pelt").value == 1


@pytest.mark.parametrize("evaluator", ["anomaly.series", "change.mean"])
def test_short_series_are_not_judged_and_readings_come_back(evaluator: str, tmp_path: Path) -> None:
    facts = {"columns": {"feature": "x"}}
    short = run(evaluator, tmp_path, {"x": [1, 2, 3]}, **facts)
    assert short.readings[0].status is Status.INSUFFICIENT_DATA
    found = run(evaluator, tmp_path, {"x": np.random.default_rng(0).normal(size=50)}, **facts).readings[0]
    again = summarise(evaluator, found.statistics, params={}, level=0.95, seed=0)[0]
    assert (again.value, again.low, again.high) == (found.value, found.low, found.high)
