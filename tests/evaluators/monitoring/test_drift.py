import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from evaluators.catalog import summarise
from evaluators.contract import Status, SubjectError
from evaluators.monitoring import transport
from evaluators.monitoring.bins import in_quantiles
from evaluators.monitoring.laws import (
    benjamini_hochberg,
    cramers_v,
    jensen_shannon,
    noncentral_interval,
    psi,
    psi_value,
)
from tests.evaluators.nulls import null_rate
from tests.evaluators.quality.making import reading, run

PSI, KS, CHI2, WASSERSTEIN, JS = "drift.psi", "drift.ks", "drift.chi2", "drift.wasserstein", "drift.js"


def floored(reference: np.ndarray, current: np.ndarray) -> np.ndarray:
    """The stability index as it is often computed: empty cells set to 1e-4."""
    p, q = (np.maximum(c / c.sum(axis=1, keepdims=True), 1e-4) for c in (reference, current))
    return ((p - q) * np.log(p / q)).sum(axis=1)


@pytest.mark.verification
def test_evidently_calls_drift_in_a_third_of_small_equal_windows_and_the_law_says_so() -> None:
    rng = np.random.default_rng(0)
    for n, mean in ((200, 0.0926), (1000, 0.0181)):
        values = floored(*(rng.multinomial(n, np.full(10, 0.1), size=20_000) for _ in range(2)))
        assert values.mean() == pytest.approx(mean, rel=0.02)
        if n == 200:
            assert (values > 0.1).mean() == pytest.approx(0.374, abs=0.015)
            assert np.quantile(values, 0.95) == pytest.approx(0.173, abs=0.005)
    assert stats.chi2.sf(0.1 / 0.01, 9) == pytest.approx(0.351, abs=0.001)
    assert stats.chi2.ppf(0.95, 9) * 0.01 == pytest.approx(0.169, abs=0.001)


@pytest.mark.verification
@pytest.mark.parametrize(("n", "m", "mean"), [(200, 200, 0.0873), (5000, 500, 0.0197)])
def test_with_bins_of_the_reference_and_a_half_in_each_the_test_keeps_its_level(n: int, m: int, mean: float) -> None:
    rng = np.random.default_rng(1)
    values = []
    for _ in range(4000):
        cells = in_quantiles(rng.normal(size=n), rng.normal(size=m))
        values.append(psi_value(cells.reference, cells.current))
    p = stats.chi2.sf(np.array(values) / (1 / n + 1 / m), 9)
    assert np.mean(values) == pytest.approx(mean, rel=0.03)
    assert 0.035 <= (p < 0.05).mean() <= 0.06
    assert psi(cells.reference, cells.current, level=0.95).p_value == pytest.approx(p[-1])
    if n == 200:
        assert (np.array(values) > 0.1).mean() == pytest.approx(0.325, abs=0.03)


@pytest.mark.statistics
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3, 1.0])
def test_the_interval_covers_the_index_of_the_populations(shift: float) -> None:
    rng = np.random.default_rng(int(shift * 10))
    edges = np.r_[-np.inf, stats.norm.ppf(np.linspace(0, 1, 11)[1:-1]), np.inf]
    p, q = np.full(10, 0.1), np.diff(stats.norm.cdf(edges - shift))
    true, hits = float(((p - q) * np.log(p / q)).sum()), 0
    for _ in range(600):
        found = psi(rng.multinomial(1000, p), rng.multinomial(1000, q), level=0.95)
        hits += found.low <= true <= found.high
    assert hits / 600 >= 0.93


def psi_p(first: np.ndarray, second: np.ndarray, _: np.random.Generator) -> float:
    cells = in_quantiles(first, second)
    return psi(cells.reference, cells.current, level=0.95).p_value


def jensen_shannon_p(first: np.ndarray, second: np.ndarray, _: np.random.Generator) -> float:
    cells = in_quantiles(first, second)
    return jensen_shannon(cells.reference, cells.current, level=0.95).p_value


def cramers_v_p(first: np.ndarray, second: np.ndarray, _: np.random.Generator) -> float:
    cells = in_quantiles(first, second)
    return cramers_v(cells.reference, cells.current, level=0.95).p_value


def transport_p(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> float:
    return transport.judge(transport.measure(first, second), level=0.95, rng=rng).p_value


@pytest.mark.statistics
@pytest.mark.parametrize("p_value", [psi_p, jensen_shannon_p, cramers_v_p, transport_p])
def test_p_values_are_uniform_when_nothing_has_changed(p_value: Callable[..., float]) -> None:
    found: list[float] = []

    def is_change(rng: np.random.Generator) -> bool:
        found.append(p_value(rng.normal(size=800), rng.normal(size=600), rng))
        return found[-1] <= 0.05

    assert null_rate(is_change, seed=5) <= 0.055
    assert stats.kstest(found, "uniform").pvalue > 0.001


@pytest.mark.verification
def test_distances_and_tests_equal_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        reference, current = rng.multinomial(300, rng.dirichlet(np.ones(6))), rng.multinomial(200, np.full(6, 1 / 6))
        found = jensen_shannon(reference, current, level=0.95)
        assert found.value == pytest.approx(jensenshannon(reference, current, base=2), abs=1e-9)
        assert found.low <= found.value <= found.high
        table = np.stack([reference, current])[:, (reference + current) > 0]
        expected = stats.chi2_contingency(table, correction=False)
        v = cramers_v(reference, current, level=0.95)
        assert (v.value**2 * 500, v.p_value) == pytest.approx((expected.statistic, expected.pvalue))
        first, second = rng.normal(size=50).round(1), rng.normal(0.3, 1.2, size=70).round(1)
        grid = transport.measure(first, second)
        assert grid.value == pytest.approx(stats.wasserstein_distance(first, second) / first.std())


@pytest.mark.verification
def test_adjusted_p_values_equal_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 50):
        values = (rng.random(size) ** 3).tolist()
        assert benjamini_hochberg(values) == pytest.approx(stats.false_discovery_control(values).tolist())


def test_noncentral_bounds_put_the_statistic_at_the_tails() -> None:
    for statistic in (9.0, 60.0, 1500.0):
        low, high = noncentral_interval(statistic, 9, level=0.95)
        assert stats.ncx2.cdf(statistic, 9, high) == pytest.approx(0.025, abs=1e-6)
        if low:
            assert stats.ncx2.sf(statistic, 9, low) == pytest.approx(0.025, abs=1e-6)
    assert noncentral_interval(1999.0, 9, level=0.95) == pytest.approx(
        noncentral_interval(2001.0, 9, level=0.95), rel=0.01
    )


def windows(shift: float = 0.0, n: int = 3000) -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(0)
    reference = {"a": rng.normal(size=n), "b": rng.normal(size=n), "town": rng.choice(["x", "y", "z"], n)}
    current = {"a": rng.normal(shift, 1, n), "b": rng.normal(size=n), "town": rng.choice(["x", "y", "z"], n)}
    return reference, current


def test_a_window_that_moved_fails_and_one_that_did_not_passes(tmp_path: Path) -> None:
    for shift, moved in ((0.0, False), (0.8, True)):
        reference, current = windows(shift)
        found = run("drift.distribution", tmp_path, current, reference=reference)
        for metric, limit in ((PSI, 0.1), (KS, 0.12), (WASSERSTEIN, 0.2), (JS, 0.15)):
            worst = reading(found, metric, "worst")
            assert (worst.low or 0) > limit if moved else (worst.high or 9) <= limit
            assert ((worst.p_value or 0) < 0.01) is moved
            assert not moved or worst.detail["column"] == "a"
        assert (reading(found, CHI2, "worst").p_value or 0) > 0.01
        assert (reading(found, PSI, "column=b").high or 9) < 0.1


def test_categories_that_change_are_found(tmp_path: Path) -> None:
    table = {"town": ["x"] * 50 + ["y"] * 50 + ["new"] * 20}
    found = run("drift.distribution", tmp_path, table, reference={"town": ["x"] * 60 + ["y"] * 60})
    assert (reading(found, CHI2, "worst").p_value or 1) < 1e-3
    assert reading(found, KS, "worst").status is Status.NOT_APPLICABLE


def test_absent_numbers_are_a_cell_of_their_own(tmp_path: Path) -> None:
    reference = {"a": list(range(100))}
    table = {"a": [value if value % 2 else "" for value in range(100)]}
    found = run("drift.distribution", tmp_path, table, reference=reference)
    assert (reading(found, PSI, "worst").low or 0) > 0.5
    rows = found.evidence[1].data["rows"]
    assert rows[-1] == ["(absent)", 0.0, 0.5]


def test_rows_without_a_value_narrow_no_interval_of_the_values(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    windows = [[f"{value:.6f}" for value in rng.normal(size=20)] + [""] * 1980 for _ in range(2)]
    found = run("drift.distribution", tmp_path, {"a": windows[0]}, reference={"a": windows[1]})
    distance = reading(found, KS, "column=a")
    assert distance.low == 0.0
    assert (distance.high or 0) > 0.8


def test_small_windows_and_strangers_are_not_compared(tmp_path: Path) -> None:
    found = run("drift.distribution", tmp_path, {"a": list(range(12))}, reference={"a": list(range(100))})
    assert reading(found, PSI, "worst").status is Status.INSUFFICIENT_DATA
    with pytest.raises(SubjectError, match="share no column"):
        run("drift.distribution", tmp_path, {"a": [1]}, reference={"b": [1]})
    with pytest.raises(SubjectError, match="reference"):
        run("drift.distribution", tmp_path, {"a": [1]})


@pytest.mark.parametrize("law", [psi, jensen_shannon, cramers_v])
def test_neither_one_value_nor_equal_counts_are_certainty_that_nothing_moved(law: Any) -> None:
    """With 30 rows in each window, a value that a tenth of the rows now have is not seen in one of 24 windows."""
    for counts in ([30], [30, 0], [15, 15], [10, 10, 10]):
        few, many = (law(np.array(counts) * times, np.array(counts) * times, level=0.95) for times in (1, 100))
        assert few.value == few.low == 0.0
        assert few.p_value == 1.0
        assert few.high > 0.2
        assert 0 < many.high < few.high / 9


@pytest.mark.parametrize(("before", "now"), [(1.0, 0.96), (0.5, 0.52), (0.9, 0.95)])
def test_the_true_change_lies_above_the_interval_no_more_often_than_promised(before: float, now: float) -> None:
    n = 40
    expected = np.array([[before, 1 - before], [now, 1 - now]]) * n
    true = np.sqrt(stats.chi2_contingency(expected, correction=False).statistic / (2 * n))
    missed = 0.0
    for a, b in itertools.product(range(n + 1), repeat=2):
        chance = stats.binom.pmf(a, n, before) * stats.binom.pmf(b, n, now)
        if chance > 1e-6:
            missed += chance * (cramers_v(np.array([a, n - a]), np.array([b, n - b]), level=0.95).high < true)
    assert missed <= 0.025


def test_a_constant_column_has_no_drift(tmp_path: Path) -> None:
    found = run("drift.distribution", tmp_path, {"a": [5] * 50}, reference={"a": [5] * 60})
    assert reading(found, KS, "worst").value == reading(found, WASSERSTEIN, "worst").value == 0
    assert reading(found, PSI, "worst").value == pytest.approx(0, abs=0.01)


def test_readings_come_back_from_their_statistics(tmp_path: Path) -> None:
    reference, current = windows(0.2, 200)
    found = run("drift.distribution", tmp_path, current, reference=reference)
    for item in found.readings:
        again = summarise("drift.distribution", item.statistics, params={}, level=0.95, seed=found.seed)
        other = next(o for o in again if (o.metric, o.slice) == (item.metric, item.slice))
        assert (other.value, other.low, other.high, other.p_value) == (item.value, item.low, item.high, item.p_value)


def test_the_index_of_equal_counts_is_zero() -> None:
    assert psi_value(np.array([5, 0, 5]), np.array([5, 0, 5])) == 0


@pytest.mark.parametrize("shares", [[0.67, 0.33, 0.0, 0.0], [0.34, 0.62, 0.02, 0.02]])
def test_a_column_of_few_values_has_moved_when_it_has_and_not_when_it_has_not(shares: list[float]) -> None:
    rng = np.random.default_rng(4)
    values = np.arange(4.0)
    lows, p = [], []
    for _ in range(40):
        first, second = (rng.choice(values, 1_000, p=shares) for _ in range(2))
        found = transport.judge(transport.measure(first, second), level=0.95, rng=rng)
        lows.append(found.low)
        p.append(found.p_value)
    assert sum(low > 0 for low in lows) <= 4
    assert min(p) < 0.5
    moved = transport.judge(transport.measure(first, rng.choice(values, 1_000, p=shares[::-1])), level=0.95, rng=rng)
    assert moved.low > 0
    assert moved.p_value < 0.01


def test_values_of_few_rows_and_what_is_personal_are_not_named(tmp_path: Path) -> None:
    people = [f"Person {i}" for i in range(40)]
    columns = {"who": [*people, *["jane@example.org"] * 10, *["shop"] * 10], "x": list(range(60))}
    found = run("drift.distribution", tmp_path, columns, reference=columns)
    told = json.dumps([vars(item) for item in found.evidence] + [one.as_dict() for one in found.readings])
    assert "Person" not in told
    assert "jane" not in told
    assert "shop" in told
    assert "xxxx@xxxxxxx.xxx" in told
