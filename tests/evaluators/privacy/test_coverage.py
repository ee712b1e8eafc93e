"""By simulation: intervals of membership attacks cover, and innocent models are seldom accused."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from evaluators.contract import Reading, Status
from evaluators.privacy.membership_readings import membership_readings
from evaluators.privacy.metrics import ATTACKS
from evaluators.privacy.separation import separation

PHI = NormalDist()
RUNS = 1_000


def game(signal: np.ndarray, member: np.ndarray, cluster: np.ndarray | None = None) -> dict[tuple[str, str], Reading]:
    """Readings of the loss attack on one drawn signal."""
    attacks: dict[str, object] = {name: {"reason": "not played"} for name in ATTACKS}
    attacks["loss"] = separation(signal, member, rates=[0.01, 0.001], cluster=cluster)
    statistics = {"attacks": attacks, "judged": 0.01, "blind": None, "blind_reason": "not played"}
    return {(r.metric, r.slice): r for r in membership_readings(statistics, level=0.95)}


def played(signal: Callable[[], np.ndarray], member: np.ndarray) -> list[Reading]:
    """Readings of the rate of members found, without those few that take the tables for swapped."""
    readings = [game(signal(), member)["privacy.mia.loss_tpr_at_fpr", "overall"] for _ in range(RUNS)]
    answered = [reading for reading in readings if reading.status is Status.OK]
    assert len(answered) >= (1 - 0.025 - 0.015) * RUNS
    return answered


def covers(reading: Reading, truth: float) -> bool:
    return reading.low is not None and reading.high is not None and reading.low <= truth <= reading.high


@pytest.mark.statistics
@pytest.mark.parametrize(("members", "others", "shift"), [(200, 1_000, 0.0), (1_000, 2_000, 0.5), (300, 5_000, 1.5)])
def test_members_found_are_covered_given_the_threshold(members: int, others: int, shift: float) -> None:
    rng = np.random.default_rng(members)
    member = np.arange(members + others) < members
    readings = played(lambda: rng.normal(size=len(member)) + shift * member, member)
    hits = [covers(reading, 1 - PHI.cdf(reading.detail["threshold"] - shift)) for reading in readings]
    # Exact intervals of counts cover more than they must.
    assert np.mean(hits) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.statistics
def test_the_range_of_the_true_rate_of_false_alarms_covers() -> None:
    rng = np.random.default_rng(1)
    hits = []
    for reading in played(lambda: rng.normal(size=2_100), np.arange(2_100) < 100):
        low, high = reading.detail["rate_interval"]
        hits.append(low <= 1 - PHI.cdf(reading.detail["threshold"]) <= high)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


@pytest.mark.statistics
@pytest.mark.parametrize(("members", "others", "shift"), [(100, 100, 0.0), (200, 1_000, 0.5), (500, 500, 1.0)])
def test_areas_are_covered(members: int, others: int, shift: float) -> None:
    rng = np.random.default_rng(others)
    truth, member = PHI.cdf(shift / math.sqrt(2)), np.arange(members + others) < members
    found = [
        game(rng.normal(size=len(member)) + shift * member, member)["privacy.mia.loss_auc", "overall"]
        for _ in range(RUNS)
    ]
    assert np.mean([covers(reading, truth) for reading in found]) == pytest.approx(0.95, abs=0.02)


@pytest.mark.statistics
@pytest.mark.parametrize("models", [12, 40])
def test_areas_over_models_whose_rows_share_their_fate_are_covered(models: int) -> None:
    rng = np.random.default_rng(models)
    member, cluster = np.tile(np.arange(100) < 50, models), np.repeat(np.arange(models), 100)
    truth = PHI.cdf(0.5 / math.sqrt(2 + 0.5**2))
    hits = naive = 0
    for _ in range(400):
        # What a model leaks differs from model to model, so a row's comparison has that variance too.
        leak = rng.normal(0.5, 0.5, size=models)[cluster]
        signal = rng.normal(size=len(member)) + leak * member
        hits += covers(game(signal, member, cluster)["privacy.mia.loss_auc", "overall"], truth)
        naive += covers(game(signal, member)["privacy.mia.loss_auc", "overall"], truth)
    assert hits / 400 >= 0.92
    assert naive / 400 < 0.85


@pytest.mark.statistics
def test_an_innocent_model_is_accused_at_the_level_and_no_more() -> None:
    """One side of a 95 % interval: in 2.5 % of innocent games the lower bound lies above one half."""
    rng = np.random.default_rng(2)
    member = np.arange(400) < 200
    above = sum(
        (game(rng.normal(size=400), member)["privacy.mia.loss_auc", "overall"].low or 0) > 0.5 for _ in range(RUNS)
    )
    assert above / RUNS <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / RUNS)


@pytest.mark.statistics
def test_a_gap_of_two_errors_and_four_fifths_is_found_four_times_in_five() -> None:
    """Power: an area that lies 2.80 standard errors above one half is told from it in 80 % of games."""
    rng = np.random.default_rng(3)
    n = 400
    area = 0.5 + 2.80 * math.sqrt((2 * n + 1) / (12 * n * n))
    shift, member = math.sqrt(2) * PHI.inv_cdf(area), np.arange(2 * n) < n
    found = [
        (game(rng.normal(size=2 * n) + shift * member, member)["privacy.mia.loss_auc", "overall"].low or 0) > 0.5
        for _ in range(RUNS)
    ]
    assert np.mean(found) >= 0.8 - 0.03
