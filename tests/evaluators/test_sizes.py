"""What a run keeps stays small: enough to read it again, never one entry per row or per group of thousands."""

import json
from pathlib import Path

import numpy as np
import pytest

from evaluators import catalog
from tests.evaluators import every

LIMIT = 100_000
N = 20_000
TABLES = [
    "calibration.binary",
    "calibration.multiclass",
    "compression.harm",
    "data.representation",
    "fairness.classes",
    "fairness.group",
    "fairness.paired",
    "fairness.regression",
    "fairness.subgroup",
    "performance.accuracy",
    "performance.multiclass",
    "uncertainty.conformal",
    "uncertainty.doubt",
    "uncertainty.regression",
    "uncertainty.selective",
]


def kept(outcome: every.Outcome) -> int:
    return sum(len(json.dumps(reading.statistics)) + len(json.dumps(reading.detail)) for reading in outcome.readings)


@pytest.mark.parametrize("name", TABLES)
def test_ten_thousand_groups_leave_little_behind(name: str, tmp_path: Path) -> None:
    people = dict(every.people(n=N)) | {"g": np.array([f"人{i // 2}" for i in range(N)])}
    assert kept(every.run(name, every.asked(name).with_table(people), tmp_path)) < LIMIT


def test_two_hundred_canaries_keep_their_own_ranks_and_can_be_read_again(tmp_path: Path) -> None:
    name, rng = "privacy.memorisation", np.random.default_rng(3)
    table = {"member": np.arange(1_200) < 200, "loss": rng.normal(size=1_200)}
    given = every.asked(name).with_table({key: np.asarray(values, dtype=float) for key, values in table.items()})
    outcome = every.run(name, given, tmp_path)
    assert kept(outcome) < LIMIT
    for reading in outcome.readings[:3]:
        again = catalog.summarise(name, reading.statistics, params={}, level=0.95, seed=reading.seed or 0)
        match = next(one for one in again if (one.metric, one.slice) == (reading.metric, reading.slice))
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)
