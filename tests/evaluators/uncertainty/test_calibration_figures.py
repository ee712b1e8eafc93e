"""What a perfectly calibrated model looks like in samples of several sizes, figure by figure as published."""

import numpy as np
import pytest

from evaluators.uncertainty.ece import Ece, brier_parts, ece
from evaluators.uncertainty.moments import measure_moments

pytestmark = pytest.mark.verification


def calibrated(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    p = rng.beta(5, 2, n)
    return p, rng.random(n) < p


def errors(n: int, *, runs: int, seed: int = 29) -> list[Ece]:
    """The calibration error of as many perfect models."""
    rng = np.random.default_rng(seed)
    return [ece(measure_moments(*calibrated(rng, n))["bins"], level=0.95, rng=rng, replicates=400) for _ in range(runs)]


def test_brier_is_off_by_four_in_ten_thousand_without_its_within_bin_terms() -> None:
    """Of a calibrated model the terms leave out the variance within bins, 1/15² / 12 of uniform scores."""
    rng, off = np.random.default_rng(31), []
    for _ in range(1000):
        p, y = calibrated(rng, 5000)
        parts = brier_parts(measure_moments(p, y))
        off.append(parts["reliability"] - parts["resolution"] + parts["uncertainty"] - np.mean((p - y) ** 2))
    assert np.mean(off) == pytest.approx(4e-4, abs=5e-5)
    assert np.std(off) / np.sqrt(1000) < 1e-5


@pytest.mark.statistics
def test_what_chance_adds_is_taken_off_and_the_null_keeps_its_level() -> None:
    found = errors(500, runs=1500)
    debiased = np.array([one.debiased for one in found])
    assert debiased.mean() == pytest.approx(6e-4, abs=3 * debiased.std() / np.sqrt(1500))
    rejected = np.mean([one.p_value <= 0.05 for one in found])
    assert rejected == pytest.approx(0.043, abs=3 * np.sqrt(0.043 * 0.957 / 1500))
    assert rejected <= 0.055


@pytest.mark.statistics
@pytest.mark.parametrize(("n", "high"), [(500, 0.116), (1000, 0.082), (10_000, 0.026)])
def test_the_band_of_a_calibrated_model_covers_and_is_as_wide_as_published(n: int, high: float) -> None:
    """Coverage is published as 93 to 95 in a hundred."""
    found = errors(n, runs=600)
    room = 3 * np.sqrt(0.94 * 0.06 / 600)
    assert 0.93 - room <= np.mean([one.low <= 0 for one in found]) <= 0.95 + room
    assert np.mean([one.high for one in found]) == pytest.approx(high, abs=0.002)


@pytest.mark.statistics
@pytest.mark.parametrize(("n", "passes"), [(3000, 0.74), (4000, 0.97)])
def test_a_perfect_model_passes_a_limit_of_five_hundredths_as_often_as_published(n: int, passes: float) -> None:
    found = errors(n, runs=600)
    room = 3 * np.sqrt(passes * (1 - passes) / 600)
    assert np.mean([one.high <= 0.05 for one in found]) == pytest.approx(passes, abs=room)


@pytest.mark.statistics
@pytest.mark.parametrize("power", [0.5, 2.0])
def test_the_band_of_a_model_that_is_off_always_covers(power: float) -> None:
    """Too sure or not sure enough of itself; the binned error of a million rows is the truth."""

    def moments(rng: np.random.Generator, n: int) -> dict:
        p, y = calibrated(rng, n)
        return measure_moments(p**power / (p**power + (1 - p) ** power), y)["bins"]

    rng = np.random.default_rng(30)
    truth = ece(moments(rng, 1_000_000), level=0.95, rng=rng, replicates=2).raw
    found = [ece(moments(rng, 1000), level=0.95, rng=rng, replicates=400) for _ in range(400)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.99
