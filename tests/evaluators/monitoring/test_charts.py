from pathlib import Path

import numpy as np
import pytest

from evaluators.catalog import summarise
from evaluators.contract import Status, SubjectError
from evaluators.monitoring.charts import cusum, ewma, learn, shewhart, standardised
from evaluators.monitoring.drawing import shown_points
from evaluators.monitoring.run_length import (
    chance_of_a_signal,
    cusum_height,
    cusum_run_length,
    ewma_run_length,
    ewma_width,
    shewhart_run_length,
    shewhart_width,
)
from tests.evaluators.quality.making import reading, run

SHEWHART, CUSUM, EWMA = "chart.shewhart", "chart.cusum", "chart.ewma"
SHIFTS = (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3)
PUBLISHED = {
    4: (167.7, 74.2, 26.6, 13.3, 8.38, 4.75, 3.34, 2.19),
    5: (465.4, 139.5, 38.0, 17.05, 10.38, 5.75, 4.01, 2.57),
}


@pytest.mark.verification
def test_shewhart_run_lengths_are_the_published_ones() -> None:
    assert shewhart_run_length(3) == pytest.approx(370.398, abs=5e-4)
    assert shewhart_run_length(3, 1) == pytest.approx(43.895, abs=5e-4)
    assert shewhart_width(370.398) == pytest.approx(3, abs=1e-5)


@pytest.mark.verification
@pytest.mark.parametrize("h", [4, 5])
def test_cusum_run_lengths_are_the_published_ones(h: int) -> None:
    for shift, expected in zip(SHIFTS, PUBLISHED[h], strict=True):
        digits = 0.06 if expected >= 26 else 0.006 if expected < 13 else 0.06
        assert cusum_run_length(0.5, h, shift) == pytest.approx(expected, abs=digits)


@pytest.mark.verification
def test_ewma_run_lengths_are_the_published_ones() -> None:
    # Lucas and Saccucci 1990, table 3: λ = .1 with L = 2.814 and λ = .25 with L = 2.998 have 500 in control.
    assert ewma_run_length(0.1, 2.814) == pytest.approx(500, rel=0.005)
    assert ewma_run_length(0.25, 2.998) == pytest.approx(500, rel=0.005)
    assert ewma_run_length(0.1, 2.814, 1.0) == pytest.approx(10.3, abs=0.1)
    assert ewma_width(0.1, 500) == pytest.approx(2.814, abs=0.003)
    assert cusum_height(0.5, 465.4) == pytest.approx(5, abs=0.001)


@pytest.mark.statistics
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_simulated_charts_run_as_long_as_the_chain_says(shift: float) -> None:
    rng = np.random.default_rng(1)
    limits = {"h": 4.0, "width": ewma_width(0.1, 100)}
    expected = [cusum_run_length(0.5, 4.0, shift), ewma_run_length(0.1, limits["width"], shift)]
    lengths: list[list[int]] = [[], []]
    for _ in range(1500):
        z = rng.normal(shift, 1, 2500)
        charts = cusum(z, k=0.5, h=4.0), ewma(z, weight=0.1, width=limits["width"])
        for place, chart in zip(lengths, charts, strict=True):
            place.append(int(chart.signals.argmax()) + 1 if chart.signals.any() else len(z))
    for place, mean in zip(lengths, expected, strict=True):
        assert np.mean(place) == pytest.approx(mean, abs=3.5 * np.std(place) / np.sqrt(1500))


@pytest.mark.statistics
def test_correction_for_autocorrelation_keeps_the_run_length() -> None:
    rng = np.random.default_rng(2)
    corrected, naive = 0, 0
    for _ in range(60):
        noise = rng.normal(size=3000)
        series = np.empty(3000)
        series[0] = noise[0]
        for i in range(1, 3000):
            series[i] = 0.6 * series[i - 1] + noise[i]
        learnt = learn(series[:1000])
        corrected += int(shewhart(standardised(series[1000:], learnt), width=3).signals.sum())
        naive += int(cusum((series[1000:] - learnt.mean) / learnt.sd, k=0.5, h=5).signals.sum())
    assert corrected / (60 * 2000) == pytest.approx(1 / 370.4, rel=0.35)
    assert naive / (60 * 2000) > 10 / 465


def series(shift: float, *, seed: int = 0, n: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.r_[rng.normal(10, 2, 150), rng.normal(10 + 2 * shift, 2, n - 150)]


def test_a_series_that_moved_signals_and_one_that_did_not_stays_quiet(tmp_path: Path) -> None:
    facts = {"columns": {"feature": "x"}}
    params = {"reference_rows": 150, "run_length": 5000, "h": 9}
    moved = run("chart.control", tmp_path, {"x": series(1.5)}, params=params, **facts)
    assert all((reading(moved, metric).value or 0) > 5 for metric in (CUSUM, EWMA))
    assert reading(moved, CUSUM).detail["first"] <= 20
    still = run("chart.control", tmp_path, {"x": series(0.0)}, params=params, **facts)
    assert [reading(still, metric).value for metric in (SHEWHART, CUSUM, EWMA)] == [0, 0, 0]
    usual = run("chart.control", tmp_path, {"x": series(0.0)}, **facts)
    assert reading(usual, CUSUM).detail["run_length_in_control"] == pytest.approx(465.4, abs=0.1)
    assert [item.name for item in still.evidence] == ["control_chart", "control_chart_cusum", "control_chart_ewma"]
    assert {"title", "centre", "upper", "lower", "points", "draw"} == set(still.evidence[0].data)


def test_the_decision_limit_can_be_solved_for_a_run_length(tmp_path: Path) -> None:
    params = {"h": 0, "run_length": 200}
    found = run("chart.control", tmp_path, {"x": series(0.0)}, params=params, columns={"feature": "x"})
    for metric in (SHEWHART, CUSUM, EWMA):
        assert reading(found, metric).detail["run_length_in_control"] == pytest.approx(200, rel=1e-3)


def test_rows_are_put_in_the_order_of_time(tmp_path: Path) -> None:
    values = series(1.5)
    days = [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(300)]
    order = np.random.default_rng(0).permutation(300)
    facts = {"columns": {"feature": "x", "time": "day"}}
    found = [
        run("chart.control", tmp_path, {"x": values[rows], "day": [days[i] for i in rows]}, **facts)
        for rows in (np.arange(300), order)
    ]
    assert [item.value for item in found[0].readings] == [item.value for item in found[1].readings]


def test_a_series_without_control_is_not_judged(tmp_path: Path) -> None:
    facts = {"columns": {"feature": "x"}}
    short = run("chart.control", tmp_path, {"x": list(range(60))}, **facts)
    assert {item.status for item in short.readings} == {Status.INSUFFICIENT_DATA}
    assert "none is left to watch: set reference_rows below 60" in short.readings[0].reason
    few = run("chart.control", tmp_path, {"x": list(range(40))}, **facts)
    assert few.readings[0].reason == "40 rows in control, fewer than 50"
    constant = run("chart.control", tmp_path, {"x": [3] * 200}, **facts)
    assert "doesn't vary" in constant.readings[0].reason
    with pytest.raises(SubjectError, match="1 absent values"):
        run("chart.control", tmp_path, {"x": [1, "", 3]}, **facts)
    with pytest.raises(SubjectError, match="row 2, column 'x': 'b' is not a number"):
        run("chart.control", tmp_path, {"x": [1, "b", 3, "a"]}, **facts)
    with pytest.raises(SubjectError, match="column 'x' holds no value"):
        run("chart.control", tmp_path, {"x": ["nan", "nan"]}, **facts)
    with pytest.raises(SubjectError, match="as score, nor as feature"):
        run("chart.control", tmp_path, {"x": [1, 2]})


def test_a_reference_file_sets_the_limits_and_readings_come_back(tmp_path: Path) -> None:
    facts = {"columns": {"feature": "x"}}
    found = run("chart.control", tmp_path, {"x": series(1.5)[150:]}, reference={"x": series(0.0)[:150]}, **facts)
    for item in found.readings:
        assert (item.value or 0) >= 1
        again = summarise("chart.control", item.statistics, params={}, level=0.95, seed=0)
        assert next(o for o in again if o.metric == item.metric).p_value == item.p_value


def test_long_charts_are_thinned_and_keep_their_signals() -> None:
    signals = np.zeros(100_000, dtype=bool)
    signals[[7, 50_001]] = True
    chosen = shown_points(signals)
    assert len(chosen) <= 200
    assert {7, 50_001} <= set(chosen)


def test_the_chance_of_a_false_alarm_grows_with_the_window() -> None:
    assert chance_of_a_signal(1, 370.4) == pytest.approx(1 / 370.4, rel=0.01)
    assert chance_of_a_signal(10_000, 370.4) > 0.999


def test_what_the_p_value_of_a_chart_is_stands_beside_it(tmp_path: Path) -> None:
    rows = np.random.default_rng(8).normal(size=300)
    rows[200:] += 4
    found = run("chart.control", tmp_path, {"x": rows.tolist()}, columns={"score": "x"})
    for one in found.readings:
        assert one.value > 0  # type: ignore[operator]
        assert one.p_value == one.detail["false_alarm"] == chance_of_a_signal(200, one.detail["run_length_in_control"])
        assert "any signal in as many points in control" in one.detail["p_value_is"]
