from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn

from evaluators import catalog
from evaluators.contract import Reading, Status
from evaluators.evaluate import evaluate
from evaluators.uncertainty.ece import brier_parts, ece, reliability
from evaluators.uncertainty.goodness import hosmer_lemeshow, spiegelhalter
from evaluators.uncertainty.means import bounded_interval
from evaluators.uncertainty.moments import measure_moments
from tests.evaluators.data import subject, write_csv
from tests.evaluators.nulls import null_rate

COLUMNS = {"label": "y", "score": "s", "group": "g"}
FACTS = {"columns": COLUMNS, "favourable": "1", "score_kind": "probability"}


def measured(tmp_path: Path, data: dict[str, Any], **facts: Any) -> dict[tuple[str, str], Reading]:
    found = evaluate("calibration.binary", subject(write_csv(tmp_path / "p.csv", data), **(FACTS | facts)))
    return {(reading.metric, reading.slice): reading for reading in found.readings}


def calibrated(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    p = rng.beta(5, 2, n)
    return p, rng.random(n) < p


@pytest.fixture
def table(tmp_path: Path) -> dict[tuple[str, str], Reading]:
    rng = np.random.default_rng(1)
    p, y = calibrated(rng, 3000)
    return measured(tmp_path, {"y": y.astype(int), "s": p, "g": rng.choice(["a", "b"], 3000)})


@pytest.mark.verification
@pytest.mark.parametrize(("n", "mean", "high"), [(200, 0.0756, 0.108), (1000, 0.0344, 0.047), (10_000, 0.0108, 0.015)])
def test_the_raw_error_of_a_perfect_model_depends_on_the_sample_size(n: int, mean: float, high: float) -> None:
    rng = np.random.default_rng(28)
    found = [ece(measure_moments(*calibrated(rng, n))["bins"], level=0.95, rng=rng, replicates=200) for _ in range(200)]
    raw = np.array([one.raw for one in found])
    assert raw.mean() == pytest.approx(mean, rel=0.05)
    assert np.quantile(raw, 0.95) == pytest.approx(high, rel=0.12)
    assert abs(np.mean([one.debiased for one in found])) <= 3 * raw.std() / np.sqrt(200) + 1e-3


@pytest.mark.verification
@pytest.mark.statistics
def test_the_resampled_null_keeps_its_level_and_the_band_its_coverage() -> None:
    rng = np.random.default_rng(29)
    found = [
        ece(measure_moments(*calibrated(rng, 500))["bins"], level=0.95, rng=rng, replicates=400) for _ in range(1500)
    ]
    assert np.mean([one.p_value <= 0.05 for one in found]) == pytest.approx(0.05, abs=0.018)
    assert np.mean([one.low <= 0 for one in found]) >= 0.92

    def is_miscalibrated(rng: np.random.Generator) -> bool:
        bins = measure_moments(*calibrated(rng, 500))["bins"]
        return ece(bins, level=0.95, rng=rng, replicates=399).p_value <= 0.05

    assert null_rate(is_miscalibrated, seed=29) <= 0.055
    assert np.mean([one.high for one in found]) == pytest.approx(0.116, abs=0.004)


@pytest.mark.verification
def test_a_miscalibrated_model_is_found_out() -> None:
    rng = np.random.default_rng(30)
    p, y = calibrated(rng, 5000)
    sharpened = p**2 / (p**2 + (1 - p) ** 2)
    found = ece(measure_moments(sharpened, y)["bins"], level=0.95, rng=rng)
    assert found.low > 0.05
    assert found.p_value < 0.001


@pytest.mark.verification
def test_brier_adds_up_only_with_its_within_bin_terms() -> None:
    rng = np.random.default_rng(31)
    p, y = calibrated(rng, 5000)
    parts = brier_parts(measure_moments(p, y))
    three = parts["reliability"] - parts["resolution"] + parts["uncertainty"]
    score = float(np.mean((p - y) ** 2))
    assert three + parts["within_bin_variance"] - 2 * parts["within_bin_covariance"] == pytest.approx(score, abs=1e-12)
    assert 1e-5 < abs(three - score) < 5e-3


@pytest.mark.verification
def test_a_constant_probability_scores_the_variance_of_the_outcome(tmp_path: Path) -> None:
    found = measured(tmp_path, {"y": [1, 1, 1, 0] * 50, "s": [0.75] * 200, "g": ["a"] * 200})
    brier = found["calib.brier", "overall"]
    assert brier.value == pytest.approx(0.75 * 0.25)
    assert brier.detail["skill"] == pytest.approx(0, abs=1e-12)


@pytest.mark.verification
@pytest.mark.statistics
def test_spiegelhalters_z_is_standard_normal_under_calibration() -> None:
    rng = np.random.default_rng(32)
    z = []
    for _ in range(3000):
        p = rng.beta(2, 3, 500)
        found = spiegelhalter(tuple(measure_moments(p, rng.random(500) < p)["spiegelhalter"]))
        assert found is not None
        z.append(found[0])
    assert np.std(z) == pytest.approx(1, abs=0.04)
    assert stats.kstest(z, "norm").pvalue > 0.001


@pytest.mark.verification
@pytest.mark.statistics
def test_hosmer_lemeshow_has_ten_degrees_of_freedom_for_an_external_model() -> None:
    rng = np.random.default_rng(33)
    values = []
    for _ in range(2000):
        p = rng.beta(2, 3, 1000)
        found = hosmer_lemeshow(measure_moments(p, rng.random(1000) < p)["risk_groups"])
        assert found is not None
        assert found[1] == 10
        values.append(found[0])
    assert np.mean(values) == pytest.approx(10, abs=0.35)
    assert stats.kstest(values, "chi2", args=(10,)).pvalue > 0.001


def test_scores_agree_with_an_independent_library(table: dict[tuple[str, str], Reading], tmp_path: Path) -> None:
    rng = np.random.default_rng(34)
    p, y = calibrated(rng, 400)
    found = measured(tmp_path, {"y": y.astype(int), "s": [repr(float(v)) for v in p], "g": ["a"] * 400})
    assert found["calib.brier", "overall"].value == pytest.approx(sklearn.brier_score_loss(y, p))
    assert found["calib.logloss", "overall"].value == pytest.approx(sklearn.log_loss(y, p))


def test_equal_probabilities_are_never_parted_by_row_order() -> None:
    p, y = np.array([0.2, 0.4, 0.4, 0.4, 0.9] * 40), np.array([0, 1, 0, 0, 1] * 40) == 1
    order = np.random.default_rng(0).permutation(200)
    first, second = (measure_moments(p[o], y[o])["risk_groups"] for o in (np.arange(200), order))
    assert first["n"] == second["n"] == [40, 120, 40]
    assert first["y"] == second["y"]


def test_worst_group_and_gap_are_read(table: dict[tuple[str, str], Reading]) -> None:
    worst, gap = table["calib.ece15_debiased", "worst"], table["fairness.calibration_parity", "overall"]
    assert worst.status is gap.status is Status.OK
    assert worst.detail["highest"] in ("g=a", "g=b")
    assert gap.low == 0.0


def test_the_reliability_table_is_part_of_the_reading(table: dict[tuple[str, str], Reading]) -> None:
    rows = table["calib.ece15_debiased", "overall"].detail["bins"]
    assert sum(row["n"] for row in rows) == 3000
    assert all(row["low"] <= row["observed"] <= row["high"] for row in rows)
    assert reliability(measure_moments(np.array([1.0]), np.array([True]))["bins"], level=0.95)[0]["to"] == 1.0


@pytest.mark.parametrize("kind", ["margin", "label", None])
def test_what_is_not_declared_as_probability_is_not_applicable(tmp_path: Path, kind: str | None) -> None:
    found = measured(tmp_path, {"y": [1, 0], "s": [0.3, 0.4], "g": ["a", "a"]}, score_kind=kind)
    assert {reading.status for reading in found.values()} == {Status.NOT_APPLICABLE}
    said = f"is declared as {kind}" if kind else "was declared without its kind"
    assert all(reading.reason.endswith(f"the score {said}") for reading in found.values())


def test_logits_are_probabilities_on_another_scale(tmp_path: Path) -> None:
    rng = np.random.default_rng(36)
    p, y = calibrated(rng, 300)
    data = {"y": y.astype(int), "g": ["a"] * 300}
    first = measured(tmp_path, data | {"s": p})
    second = measured(tmp_path, data | {"s": np.log(p / (1 - p))}, score_kind="logit")
    assert first["calib.brier", "overall"].value == pytest.approx(second["calib.brier", "overall"].value)


def test_certain_probabilities_leave_the_tests_without_variance(tmp_path: Path) -> None:
    found = measured(tmp_path, {"y": [1, 0] * 50, "s": [1, 0] * 50, "g": ["a"] * 100})
    assert found["calib.spiegelhalter_z", "overall"].status is Status.INSUFFICIENT_DATA
    assert found["calib.hosmer_lemeshow", "overall"].status is Status.INSUFFICIENT_DATA
    brier = found["calib.brier", "overall"]
    assert (brier.value, brier.status) == (0.0, Status.OK)
    assert brier.high is not None
    assert brier.high > 0.03
    assert found["calib.logloss", "overall"].status is Status.INSUFFICIENT_DATA


def test_readings_come_back_from_their_own_statistics(table: dict[tuple[str, str], Reading]) -> None:
    for key, reading in table.items():
        again = catalog.summarise(
            "calibration.binary", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)


@pytest.mark.parametrize("confidence", [1.0, 0.97])
def test_the_few_mistakes_of_a_sure_model_bound_its_error_no_closer_than_they_may(confidence: float) -> None:
    """Of 60 rows without a mistake, draws said 2.5 % at most: one model in five that errs in 2.6 % passed for that."""
    bands = []
    for wrong in range(25):
        bins = {"n": [60], "p": [60 * confidence], "y": [60 - wrong]}
        found = ece(bins, level=0.95, rng=np.random.default_rng(wrong), replicates=2_000)
        bands.append((found.low, found.high))
    lows, highs = np.array(bands).T
    for rate in np.linspace(0.005, 0.15, 59):
        chances, true = stats.binom.pmf(np.arange(25), 60, rate), abs(confidence - (1 - rate))
        assert chances[(highs < true - 1e-9) | (lows > true + 1e-9)].sum() <= 0.05


@pytest.mark.parametrize("observed", [0, 100])
def test_the_calibration_error_shown_lies_within_its_band(observed: int) -> None:
    """Where a model that doubts everything is always right or wrong, less is left of chance than calibration has."""
    bins = {"n": [100], "p": [50.0], "y": [observed]}
    found = ece(bins, level=0.95, rng=np.random.default_rng(0))
    assert found.debiased < found.low
    assert found.low <= found.value <= found.high


@pytest.mark.statistics
@pytest.mark.parametrize(("rows", "wrong"), [(300, 0.01), (1_000, 0.002), (100, 0.05), (1_000, 0.1)])
def test_the_brier_score_of_a_sure_model_that_errs_rarely_is_covered(rows: int, wrong: float) -> None:
    """The plain normal interval covered 80, 86, 88 and 94 in a hundred, and missed on the dangerous side."""
    rng, held = np.random.default_rng(3), 0
    for _ in range(1_000):
        errors = (1 - rng.uniform(0, 0.002, rows) - (rng.random(rows) > wrong)) ** 2
        (low, high), _ = bounded_interval(rows, errors.sum(), (errors**2).sum(), upper=1.0, level=0.95)
        held += low <= wrong <= high
    assert held / 1_000 > 0.93


def test_a_sample_without_an_error_is_no_certainty() -> None:
    errors = np.linspace(0, 1e-6, 200)
    (_, high), _ = bounded_interval(200, errors.sum(), (errors**2).sum(), upper=1.0, level=0.95)
    assert high > 0.01
