import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.notebook import measure
from tests.evaluators.data import ends, subject, write_csv

COLUMNS = {"label": "label", "prediction": "new", "baseline": "old", "group": ["group"]}


def rows(rng: np.random.Generator, *, n: int = 4000, loss: float = 0.0) -> dict[str, Any]:
    """Two models that are right 9 times in 10; the new one is wrong more often by `loss` in group b."""
    label, group = rng.integers(0, 2, n), rng.choice(["a", "b"], n)
    old = np.where(rng.random(n) < 0.9, label, 1 - label)
    slips = rng.random(n) < np.where(group == "b", 0.02 + loss, 0.02)
    return {"label": label, "old": old, "new": np.where(slips, 1 - old, old), "group": group}


def measured(path: Path, data: dict[str, Any], **facts: Any) -> dict[tuple[str, str], Reading]:
    given = {"columns": COLUMNS, "favourable": "1"} | facts
    outcome = evaluate("fairness.paired", subject(write_csv(path / "p.csv", data), **given))
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


@pytest.fixture
def harmed(tmp_path: Path) -> dict[tuple[str, str], Reading]:
    return measured(tmp_path, rows(np.random.default_rng(0), loss=0.12))


def test_a_candidate_that_loses_in_one_group_fails_and_its_clean_twin_passes(
    harmed: dict[tuple[str, str], Reading], tmp_path: Path
) -> None:
    clean = measured(tmp_path, rows(np.random.default_rng(1)))
    worst, fine = (found["fairness.paired.accuracy_change", "worst"] for found in (harmed, clean))
    assert worst.detail["lowest"] == "group=b"
    assert ends(worst)[1] < -0.03
    assert ends(fine)[0] >= -0.03
    moved, still = (found["fairness.paired.accuracy_disparity", "overall"] for found in (harmed, clean))
    assert ends(moved)[0] > 0.05
    assert still.low == 0.0


def test_every_metric_is_read(harmed: dict[tuple[str, str], Reading]) -> None:
    expected = {metric["id"] for metric in catalog.describe("fairness.paired")["metrics"]}
    assert {metric for metric, name in harmed if name == "overall"} == expected


def test_readings_come_back_from_their_own_statistics(harmed: dict[tuple[str, str], Reading]) -> None:
    for key, reading in harmed.items():
        again = catalog.summarise("fairness.paired", reading.statistics, params={}, level=0.95, seed=reading.seed or 0)
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high, match.n) == (reading.value, reading.low, reading.high, reading.n)


def test_a_change_says_whose_p_value_it_has_where_the_interval_may_say_otherwise(tmp_path: Path) -> None:
    """Two lost and nine gained: the exact test is not sure, and the interval leaves 0 out."""
    right = [(1, 0)] * 2 + [(0, 1)] * 9 + [(1, 1)] * 1_600
    data = {"label": [1] * len(right), "old": [a for a, _ in right], "new": [b for _, b in right]}
    data["group"] = ["a"] * len(right)
    found = measured(tmp_path, data, favourable=None)["fairness.paired.accuracy_change", "overall"]
    assert (found.p_value or 0) > 0.05
    assert ends(found)[0] > 0
    assert "McNemar's exact test, and not of the interval" in found.detail["p_value_is"]


def test_seven_shards_are_the_whole() -> None:
    evaluator = catalog.load("fairness.paired")
    data = rows(np.random.default_rng(2), n=700)
    parts = [counted({name: values[i::7] for name, values in data.items()}) for i in range(7)]
    total = parts[0]
    for part in parts[1:]:
        total = evaluator.merge(total, part)  # type: ignore[attr-defined]
    assert total == counted(data)


def counted(data: dict[str, Any]) -> dict[str, Any]:
    shape = (2,) * 6
    axes = [(data["group"] == "b"), data["old"] == data["label"], data["new"] == data["label"]]
    axes += [data["label"], data["old"], data["new"]]
    flat = np.ravel_multi_index([np.asarray(axis, dtype=int) for axis in axes], shape)
    counts = np.bincount(flat, minlength=64).reshape(shape)
    groups = [["a"], ["b"]]
    kept = {"labelled": True, "favourable": "1"}
    return {"columns": ["group"], "groups": groups, "counts": counts.tolist(), "classes": [], **kept}


def test_several_classes_are_compared_by_accuracy_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    words = np.array(["äpfel", "ビルン", "📦"])
    label = words[rng.integers(0, 3, 600)]
    new = np.where(rng.random(600) < 0.9, label, words[rng.integers(0, 3, 600)])
    data = {"label": label, "old": label, "new": new, "group": rng.choice(["ä", "ö"], 600)}
    found = measured(tmp_path, data, favourable=None)
    assert found["fairness.paired.accuracy_disparity", "overall"].status is Status.OK
    assert found["fairness.paired.tpr_disparity", "overall"].status is Status.NOT_APPLICABLE
    assert (found["fairness.paired.accuracy_change", "group=ä"].value or 0) < 0


def test_one_row_and_one_group_are_answered_without_a_verdict(tmp_path: Path) -> None:
    found = measured(tmp_path, {"label": [1], "old": [1], "new": [0], "group": ["a"]})
    assert found["fairness.paired.accuracy_change", "overall"].status is Status.INSUFFICIENT_DATA
    assert found["fairness.paired.accuracy_disparity", "overall"].status is Status.INSUFFICIENT_DATA


def test_a_label_the_models_never_heard_of_is_refused(tmp_path: Path) -> None:
    data = {"label": ["yes", "no", "maybe"], "old": ["1", "0", "1"], "new": ["1", "0", "0"], "group": ["a", "a", "a"]}
    with pytest.raises(SubjectError, match="same classes"):
        measured(tmp_path, data, favourable="1")


def test_a_missing_prediction_is_refused_with_its_row(tmp_path: Path) -> None:
    data = {"label": [1, 0], "old": [1, ""], "new": [1, 0], "group": ["a", "a"]}
    with pytest.raises(SubjectError, match="row 2"):
        measured(tmp_path, data)


def test_ten_thousand_groups_are_told_of_and_not_stored() -> None:
    """Each of five readings carried 1.7 MB of counts."""
    rng, n = np.random.default_rng(0), 20_000
    table = {name: rng.choice(["0", "1"], n).tolist() for name in ("label", "new", "old")}
    table["group"] = (np.arange(n) % 10_000).astype(str).tolist()
    columns = {"label": "label", "prediction": "new", "baseline": "old", "group": "group"}
    found = measure("fairness.paired", table=table, columns=columns, favourable="1")
    assert found.reading("fairness.paired.accuracy_change").status is Status.OK
    assert found.reading("fairness.paired.accuracy_change", "worst").reason.startswith("10,000 groups")
    assert sum(len(json.dumps(reading.statistics)) for reading in found.readings) < 10_000
