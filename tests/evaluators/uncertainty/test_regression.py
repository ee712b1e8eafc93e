from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats
from sklearn.metrics import mean_pinball_loss

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.uncertainty.intervals import gaussian_crps, pinball
from tests.evaluators.data import subject, write_csv

COLUMNS = {"label": "y", "prediction": "m", "spread": "sd", "lower": "lo", "upper": "hi", "group": ["g"]}


def forecasts(rng: np.random.Generator, n: int, *, widened: float = 1.0) -> dict[str, Any]:
    mean, spread = rng.normal(size=n), rng.uniform(0.5, 2, n)
    z = stats.norm.ppf(0.95) * spread * widened
    y = mean + spread * rng.normal(size=n)
    return {"y": y, "m": mean, "sd": spread, "lo": mean - z, "hi": mean + z, "g": rng.choice(["a", "b"], n)}


def measured(tmp_path: Path, data: dict[str, Any], columns: dict[str, Any] = COLUMNS) -> dict[Any, Reading]:
    found = evaluate("uncertainty.regression", subject(write_csv(tmp_path / "p.csv", data), columns=columns))
    return {(reading.metric, reading.slice): reading for reading in found.readings}


@pytest.mark.verification
def test_the_gaussian_score_equals_the_integral_it_stands_for() -> None:
    y, mean, spread = 0.7, 0.1, 1.3
    cdf = stats.norm(mean, spread).cdf
    below = integrate.quad(lambda t: cdf(t) ** 2, -np.inf, y)[0]
    above = integrate.quad(lambda t: (1 - cdf(t)) ** 2, y, np.inf)[0]
    found = float(gaussian_crps(np.array([y]), np.array([mean]), np.array([spread]))[0])
    assert found == pytest.approx(below + above, abs=1e-9)
    assert found == pytest.approx(0.41236, abs=5e-6)


@pytest.mark.verification
def test_pinball_loss_equals_an_independent_library() -> None:
    rng = np.random.default_rng(0)
    y, low, high = rng.normal(size=300), rng.normal(size=300) - 1, rng.normal(size=300) + 1
    expected = (mean_pinball_loss(y, low, alpha=0.05) + mean_pinball_loss(y, high, alpha=0.95)) / 2
    assert pinball(y, low, high, 0.1).mean() == pytest.approx(expected)


def test_a_forecast_without_doubt_scores_its_distance() -> None:
    found = gaussian_crps(np.array([1.0, 2.0]), np.array([0.5, 2.0]), np.zeros(2))
    assert found == pytest.approx([0.5, 0.0])


def test_true_quantiles_cover_and_narrow_ones_fail(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    good, bad = (measured(tmp_path, forecasts(rng, 4000, widened=w)) for w in (1.0, 0.6))
    coverage = good["uncert.interval_coverage", "overall"]
    assert coverage.low < 0.9 < coverage.high  # type: ignore[operator]
    assert bad["uncert.interval_coverage", "overall"].high < 0.75  # type: ignore[operator]
    assert bad["uncert.interval_coverage", "worst"].status is Status.OK
    assert good["uncert.pinball", "overall"].value < bad["uncert.pinball", "overall"].value  # type: ignore[operator]
    assert good["uncert.crps", "g=a"].status is Status.OK


def test_what_was_not_declared_is_not_applicable(tmp_path: Path) -> None:
    data = forecasts(np.random.default_rng(2), 50)
    ends = measured(tmp_path, data, {"label": "y", "lower": "lo", "upper": "hi"})
    assert ends["uncert.crps", "overall"].status is Status.NOT_APPLICABLE
    assert ends["uncert.pinball", "overall"].status is Status.OK
    neither = measured(tmp_path, data, {"label": "y"})
    assert {reading.status for reading in neither.values()} == {Status.NOT_APPLICABLE}
    assert len(neither) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lo": [9.0] * 20}, "row 1: the lower end 9 lies above the upper end"),
        ({"sd": [-1.0] * 20}, "row 1, column 'sd': a spread of -1 is negative"),
        ({"y": [""] * 20}, "row 1, column 'y': the value is missing or infinite"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        measured(tmp_path, forecasts(np.random.default_rng(3), 20) | change)


def test_one_row_and_constant_losses_are_insufficient(tmp_path: Path) -> None:
    one = measured(tmp_path, forecasts(np.random.default_rng(4), 1))
    assert {reading.status for reading in one.values()} == {Status.INSUFFICIENT_DATA}
    same = {"y": [1.0] * 20, "m": [1.0] * 20, "sd": [1.0] * 20, "lo": [0] * 20, "hi": [2] * 20, "g": ["ä"] * 20}
    found = measured(tmp_path, same)
    assert found["uncert.crps", "overall"].status is Status.INSUFFICIENT_DATA
    assert found["uncert.interval_coverage", "overall"].value == 1.0


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    for key, reading in measured(tmp_path, forecasts(np.random.default_rng(6), 300)).items():
        again = catalog.summarise(
            "uncertainty.regression", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)
