from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.catalog import summarise
from evaluators.contract import Status, SubjectError
from tests.evaluators.quality.making import reading, run

CHANGE, ALARMS, EXPECTED = "drift.performance", "drift.performance.alarms", "drift.performance.expected"
FACTS: dict[str, Any] = {"columns": {"label": "y", "prediction": "p"}}


def window(error: float, *, n: int = 2000, seed: int = 0, late: float | None = None) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    chance = np.where(np.arange(n) < n // 2, error, error if late is None else late)
    return {"y": y, "p": np.where(rng.random(n) < chance, 1 - y, y)}


WINDOWS = {"before": window(0.1), "now": window(0.1, seed=1)}


def test_a_model_that_got_worse_is_found_and_one_that_did_not_is_quiet(tmp_path: Path) -> None:
    reference = window(0.1)
    worse = run("drift.performance", tmp_path, window(0.1, seed=1, late=0.3), reference=reference, **FACTS)
    change = reading(worse, CHANGE)
    assert change.value == pytest.approx(0.1, abs=0.03)
    assert (change.low or 0) > 0.05
    alarm = reading(worse, ALARMS)
    assert (alarm.value or 0) > 10
    assert 40 <= alarm.detail["first"] <= 46
    same = run("drift.performance", tmp_path, window(0.1, seed=2), reference=reference, **FACTS)
    assert (reading(same, CHANGE).high or 1) < 0.05
    assert reading(same, ALARMS).value == 0


def test_labels_and_predictions_in_other_words_are_no_steady_error_rate(tmp_path: Path) -> None:
    """Every row would be wrong in both windows, and nothing would seem to have changed."""
    spelt = {name: {**part, "p": np.where(part["p"] == 1, "yes", "no")} for name, part in WINDOWS.items()}
    with pytest.raises(SubjectError, match="are they the same classes"):
        run("drift.performance", tmp_path, spelt["now"], reference=spelt["before"], **FACTS)


def test_losses_are_paired_with_those_of_another_model(tmp_path: Path) -> None:
    def both(error: float, seed: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        hard = rng.random(3000) < 0.3
        y = rng.integers(0, 2, 3000)
        old = np.where(hard, 1 - y, y)
        return {"y": y, "old": old, "p": np.where(rng.random(3000) < error, 1 - old, old)}

    facts = {"columns": {"label": "y", "prediction": "p", "baseline": "old"}}
    found = reading(run("drift.performance", tmp_path, both(0.02, 1), reference=both(0.02, 0), **facts), CHANGE)
    assert found.detail["paired"] is True
    # The rows that are hard for both cancel out, and the interval is shorter than that of either error rate.
    assert (found.high or 1) - (found.low or 0) < 0.04


def test_without_labels_only_the_models_own_doubt_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sure, unsure = rng.uniform(0.9, 1, 500), rng.uniform(0.5, 1, 500)
    found = run(
        "drift.performance",
        tmp_path,
        {"a": unsure, "b": 1 - unsure},
        reference={"a": sure, "b": 1 - sure},
        columns={"probability": ["a", "b"]},
    )
    assert reading(found, EXPECTED).value == pytest.approx(0.2, abs=0.02)
    assert reading(found, CHANGE).status is reading(found, ALARMS).status is Status.NOT_APPLICABLE


def test_a_perfect_reference_says_nothing_about_how_far_is_far(tmp_path: Path) -> None:
    found = run("drift.performance", tmp_path, window(0.1), reference=window(0.0), **FACTS)
    assert reading(found, ALARMS).status is Status.INSUFFICIENT_DATA
    assert (reading(found, CHANGE).low or 0) > 0.05


def test_nothing_declared_is_refused_and_few_rows_are_not_judged(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="must be declared"):
        run("drift.performance", tmp_path, window(0.1), reference=window(0.1))
    found = run("drift.performance", tmp_path, window(0.1, n=20), reference=window(0.1), **FACTS)
    assert reading(found, CHANGE).status is Status.INSUFFICIENT_DATA


def test_readings_come_back_from_their_statistics(tmp_path: Path) -> None:
    found = run("drift.performance", tmp_path, window(0.2, seed=1), reference=window(0.1), **FACTS)
    for item in found.readings:
        again = summarise("drift.performance", item.statistics, params={}, level=0.95, seed=0)
        other = next(o for o in again if o.metric == item.metric)
        assert (other.value, other.low, other.high) == (item.value, item.low, item.high)


def test_an_absent_label_beside_an_absent_prediction_is_no_right_answer(tmp_path: Path) -> None:
    table = window(0.1)
    table = {name: ["" if i == 6 else value for i, value in enumerate(values)] for name, values in table.items()}
    with pytest.raises(SubjectError, match="row 7, column 'y': the value is missing"):
        run("drift.performance", tmp_path, table, reference=window(0.1), **FACTS)
