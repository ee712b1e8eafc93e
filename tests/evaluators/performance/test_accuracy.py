import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from evaluators import catalog
from evaluators.contract import Reading, Status
from evaluators.evaluate import evaluate
from evaluators.notebook import measure
from tests.evaluators.data import compas, subject, write_csv

COLUMNS = {"label": "y", "prediction": "p", "group": "g"}
SCORED = COLUMNS | {"score": "s"}


def measured(tmp_path: Path, data: dict[str, Any], **facts: Any) -> dict[tuple[str, str], Reading]:
    found = evaluate("performance.accuracy", subject(write_csv(tmp_path / "p.csv", data), **facts))
    return {(reading.metric, reading.slice): reading for reading in found.readings}


@pytest.fixture
def by_race(tmp_path: Path) -> dict[tuple[str, str], Reading]:
    data = compas()
    columns = {"y": data["label"], "p": data["prediction"], "g": data["race"], "s": data["decile"]}
    return measured(tmp_path, columns, columns=SCORED, favourable="1", score_kind="margin")


@pytest.mark.verification
def test_compas_through_the_whole_evaluator(by_race: dict[tuple[str, str], Reading]) -> None:
    assert by_race["performance.accuracy", "overall"].value == pytest.approx(0.6537, abs=5e-5)
    assert by_race["performance.accuracy", "g=African-American"].value == pytest.approx(0.6383, abs=5e-5)
    assert by_race["performance.auc", "overall"].value == pytest.approx(0.70217, abs=5e-6)
    assert by_race["performance.auc", "g=Caucasian"].value == pytest.approx(0.69315, abs=5e-6)


def test_the_worst_group_is_named_and_small_groups_are_listed(by_race: dict[tuple[str, str], Reading]) -> None:
    worst = by_race["performance.accuracy", "worst"]
    assert worst.detail["lowest"] == "g=African-American"
    assert [entry["group"] for entry in worst.detail["excluded"]] == ["g=Native American"]
    assert worst.low is not None
    assert worst.high is not None
    assert worst.low < worst.value < worst.high  # type: ignore[operator]


@pytest.mark.parametrize("metric", ["performance.accuracy", "performance.balanced_accuracy", "performance.auc"])
def test_the_worst_groups_reading_rests_on_as_many_rows_as_that_groups_own(
    by_race: dict[tuple[str, str], Reading], metric: str
) -> None:
    worst = by_race[metric, "worst"]
    own = by_race[metric, worst.detail["lowest"]]
    assert worst.n == own.n == worst.detail["support"][own.slice]


def test_the_difference_of_areas_rests_on_all_rows_of_the_groups_compared(
    by_race: dict[tuple[str, str], Reading],
) -> None:
    parity = by_race["fairness.auc_parity", "overall"]
    assert parity.n == sum(by_race["performance.auc", name].n or 0 for name in parity.detail["support"])
    assert "rows of the scarcer outcome" in parity.detail["excluded"][0]["counted"]


def test_the_area_of_a_scarce_outcome_is_shown_but_is_no_evidence(by_race: dict[tuple[str, str], Reading]) -> None:
    tiny = by_race["performance.auc", "g=Native American"]
    assert tiny.status is Status.INSUFFICIENT_DATA
    assert tiny.value == pytest.approx(0.85625)
    parity = by_race["fairness.auc_parity", "overall"]
    assert {entry["group"] for entry in parity.detail["excluded"]} == {"g=Asian", "g=Native American"}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_any_number_of_classes_agrees_with_an_independent_library(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, classes, 200), rng.integers(0, classes, 200)
    right = np.stack([np.bincount(y, (y != p), classes), np.bincount(y, (y == p), classes)], axis=1)
    statistics = {
        "columns": [],
        "groups": [[]],
        "counts": [right.astype(int).tolist()],
        "classes": [str(k) for k in range(classes)],
    }
    again = catalog.summarise("performance.accuracy", statistics, params={}, level=0.95, seed=1)
    found = {(reading.metric, reading.slice): reading.value for reading in again}
    assert found["performance.accuracy", "overall"] == pytest.approx(sklearn.accuracy_score(y, p))
    assert found["performance.balanced_accuracy", "overall"] == pytest.approx(sklearn.balanced_accuracy_score(y, p))


def test_an_accuracy_of_zero_is_a_result(tmp_path: Path) -> None:
    found = measured(tmp_path, {"y": [1, 0] * 50, "p": [0, 1] * 50}, columns={"label": "y", "prediction": "p"})
    reading = found["performance.accuracy", "overall"]
    assert (reading.status, reading.value, reading.low) == (Status.OK, 0.0, 0.0)


def test_perfect_scores_are_not_certainty(tmp_path: Path) -> None:
    data = {"y": [1, 0] * 20, "p": [1, 0] * 20, "s": [0.9, 0.1] * 20, "g": ["a"] * 40}
    found = measured(tmp_path, data, columns=SCORED, favourable="1", score_kind="probability")
    auc = found["performance.auc", "overall"]
    assert (auc.value, auc.high, auc.method) == (1.0, 1.0, "exact on matched pairs")
    assert auc.low == pytest.approx(0.8316, abs=1e-3)
    balanced = found["performance.balanced_accuracy", "overall"]
    assert balanced.low is not None
    assert balanced.low < 1.0


def test_one_class_alone_has_no_area_and_says_so(tmp_path: Path) -> None:
    data = {"y": [1] * 40, "p": [1, 0] * 20, "s": [0.9, 0.1] * 20, "g": ["a"] * 40}
    auc = measured(tmp_path, data, columns=SCORED, favourable="1", score_kind="probability")[
        "performance.auc", "overall"
    ]
    assert (auc.status, auc.value) == (Status.INSUFFICIENT_DATA, None)
    assert "0 rows without the favourable outcome" in auc.reason


def test_a_score_whose_kind_is_not_declared_is_not_guessed(tmp_path: Path) -> None:
    data = {"y": [1, 0] * 20, "p": [1, 0] * 20, "s": [0.9, 0.1] * 20, "g": ["a"] * 40}
    found = measured(tmp_path, data, columns=SCORED, favourable="1")
    assert found["performance.auc", "overall"].status is Status.NOT_APPLICABLE
    assert found["performance.accuracy", "overall"].status is Status.OK


def test_a_group_without_one_of_the_classes_has_no_balanced_accuracy(tmp_path: Path) -> None:
    data = {"y": [1, 0] * 50 + [1] * 50, "p": [1] * 150, "g": ["a"] * 100 + ["b"] * 50}
    found = measured(tmp_path, data, columns=COLUMNS)
    reading = found["performance.balanced_accuracy", "g=b"]
    assert (reading.status, reading.value) == (Status.INSUFFICIENT_DATA, None)
    assert "'0'" in reading.reason
    check_that_all_come_back(found)


def test_a_class_that_is_only_ever_predicted_has_no_recall_and_hides_none(tmp_path: Path) -> None:
    data = {"y": ["1", "0"] * 50, "p": ["1", "0", "0", "2"] * 25}
    found = measured(tmp_path, data, columns={"label": "y", "prediction": "p"})
    assert found["performance.balanced_accuracy", "overall"].value == pytest.approx((0.5 + 0.5) / 2)
    assert found["performance.accuracy", "overall"].value == 0.5


def test_readings_come_back_from_their_own_statistics(by_race: dict[tuple[str, str], Reading]) -> None:
    check_that_all_come_back(by_race)


def check_that_all_come_back(found: dict[tuple[str, str], Reading]) -> None:
    kept = {key: reading for key, reading in found.items() if reading.statistics}
    assert kept
    for key, reading in kept.items():
        again = catalog.summarise(
            "performance.accuracy", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.status, match.value) == (reading.status, reading.value)
        assert (match.low, match.high) == (reading.low, reading.high)


def test_a_score_without_groups_is_ranked_overall(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", {"y": [0, 1] * 20, "p": [0, 1] * 20, "s": [0.2, 0.8] * 20})
    columns = {"label": "y", "prediction": "p", "score": "s"}
    outcome = evaluate(
        "performance.accuracy", subject(table, columns=columns, favourable="1", score_kind="probability")
    )
    found = {(reading.metric, reading.slice): reading.value for reading in outcome.readings}
    assert found["performance.auc", "overall"] == 1.0


def test_ten_thousand_groups_are_told_of_and_not_stored() -> None:
    """Half a megabyte of counts lay behind the worst group, and the AUC said that no group was declared."""
    rng, n = np.random.default_rng(0), 20_000
    table = {name: rng.choice(["0", "1"], n).tolist() for name in ("label", "prediction")}
    table |= {"group": (np.arange(n) % 10_000).astype(str).tolist(), "score": rng.random(n).tolist()}
    columns = {"label": "label", "prediction": "prediction", "score": "score", "group": "group"}
    facts: dict[str, Any] = {"favourable": "1", "score_kind": "probability"}
    found = measure("performance.accuracy", table=table, columns=columns, **facts)
    for metric in ("performance.accuracy", "performance.auc"):
        assert found.reading(metric).status is Status.OK
        worst = found.reading(metric, "worst")
        assert worst.status is Status.INSUFFICIENT_DATA
        assert worst.reason.startswith("10,000 groups")
    assert sum(len(json.dumps(reading.statistics)) for reading in found.readings) < 10_000
