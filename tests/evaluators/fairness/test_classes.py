from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score

from evaluators import catalog
from evaluators.contract import EvaluatorError, Reading, Status
from evaluators.evaluate import evaluate, silent
from evaluators.fairness import perclass
from evaluators.fairness.perclass import class_gap, class_rates, count_classes, kept_groups
from tests.evaluators.data import ends, subject, write_csv
from tests.evaluators.nulls import null_rate

WORDS = np.array(["кот", "犬", "été"])
COLUMNS = {"label": "label", "prediction": "prediction", "group": ["group"]}


def rows(rng: np.random.Generator, *, n: int = 3000, harm: float = 0.0) -> dict[str, Any]:
    """Three classes, right 9 times in 10; in group b the class 犬 is missed more often by `harm`."""
    label, group = rng.integers(0, 3, n), rng.choice(["a", "b", "c"], n)
    wrong = rng.random(n) < np.where((group == "b") & (label == 1), 0.1 + harm, 0.1)
    return {"label": WORDS[label], "prediction": WORDS[np.where(wrong, (label + 1) % 3, label)], "group": group}


def measured(path: Path, data: dict[str, Any], **facts: Any) -> dict[str, Reading]:
    outcome = evaluate("fairness.classes", subject(write_csv(path / "p.csv", data), **({"columns": COLUMNS} | facts)))
    return {reading.metric.rpartition(".")[2]: reading for reading in outcome.readings}


def test_a_class_missed_in_one_group_fails_and_the_clean_twin_passes(tmp_path: Path) -> None:
    biased = measured(tmp_path, rows(np.random.default_rng(0), harm=0.35))["recall_difference"]
    clean = measured(tmp_path, rows(np.random.default_rng(1)))["recall_difference"]
    assert (biased.detail["class"], biased.detail["lowest"]) == ("犬", "group=b")
    assert ends(biased)[0] > 0.15
    assert ends(clean)[0] == 0.0
    assert ends(clean)[1] < 0.15


@pytest.mark.verification
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6), st.integers(1, 120))
def test_rates_per_class_equal_an_independent_library(seed: int, groups: int, classes: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    group, label, said = rng.integers(0, groups, n), rng.integers(0, classes, n), rng.integers(0, classes, n)
    counts = count_classes(group, label, said, groups=groups, classes=classes)
    for name, score in (("recall", recall_score), ("precision", precision_score)):
        x, m = class_rates(counts, name)
        for g in np.unique(group):
            mine = group == g
            theirs = score(label[mine], said[mine], labels=range(classes), average=None, zero_division=np.nan)
            with np.errstate(invalid="ignore"):
                assert x[g] / m[g] == pytest.approx(theirs, nan_ok=True)


def test_the_names_of_classes_do_not_matter(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(2), harm=0.2)
    turned = dict(zip(WORDS.tolist(), ("2", "0", "1"), strict=True))
    other = data | {name: [turned[word] for word in data[name]] for name in ("label", "prediction")}
    first, second = measured(tmp_path, data), measured(tmp_path, other)
    for name, reading in first.items():
        assert reading.value == second[name].value
        assert ends(reading) == pytest.approx(ends(second[name]), abs=0.01)


def test_without_labels_only_shares_are_compared(tmp_path: Path) -> None:
    found = measured(tmp_path, rows(np.random.default_rng(3)), columns={"prediction": "prediction", "group": "group"})
    assert found["selection_difference"].status is Status.OK
    assert found["recall_difference"].status is Status.NOT_APPLICABLE


def test_a_class_nobody_predicts_has_no_precision(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(4)) | {"prediction": ["犬"] * 3000}
    found = measured(tmp_path, data)
    assert set(found["precision_difference"].detail["gaps"]) == {"犬"}
    assert found["recall_difference"].value == 0.0
    assert {entry["class"] for entry in found["precision_difference"].detail["excluded"]} == {"кот", "été"}


@pytest.mark.parametrize(("groups", "reason"), [(1, "two groups"), (10_000, "10,000 groups")])
def test_one_group_and_ten_thousand_are_answered(groups: int, reason: str, tmp_path: Path) -> None:
    n = max(groups, 300)
    data = {
        "label": ["a", "b"] * (n // 2),
        "prediction": ["b", "b"] * (n // 2),
        "group": [i % groups for i in range(n)],
    }
    found = measured(tmp_path, data)["selection_difference"]
    assert found.status is Status.INSUFFICIENT_DATA
    assert reason in found.reason


def test_readings_come_back_and_shards_add_up(tmp_path: Path) -> None:
    evaluator, data = catalog.load("fairness.classes"), rows(np.random.default_rng(5), n=60)
    parts = [data] + [{name: values[i::7] for name, values in data.items()} for i in range(7)]
    states = [
        evaluator.measure(
            subject(write_csv(tmp_path / f"{i}.csv", part), columns=COLUMNS), params={}, seed=0, progress=silent
        ).statistics
        for i, part in enumerate(parts)
    ]
    total = states[1]
    for state in states[2:]:
        total = evaluator.merge(total, state)  # type: ignore[attr-defined]
    assert total == states[0]
    stored = measured(tmp_path, rows(np.random.default_rng(6)))["recall_difference"]
    again = catalog.summarise("fairness.classes", stored.statistics, params={}, level=0.95, seed=stored.seed or 0)
    assert ends(stored) == ends(next(reading for reading in again if reading.metric == stored.metric))


@pytest.mark.statistics
@pytest.mark.parametrize("name", ["share predicted", "recall", "precision"])
def test_equal_groups_are_rarely_told_apart(name: str) -> None:
    law = np.array([[0.25, 0.05, 0.05], [0.03, 0.3, 0.02], [0.05, 0.05, 0.2]])

    def is_told_apart(rng: np.random.Generator) -> bool:
        cells = [rng.multinomial(size, law.ravel()).reshape(3, 3) for size in (600, 300, 120)]
        counts = np.stack([[c.sum(axis=1), c.sum(axis=0), np.diag(c)] for c in cells])
        _, m = class_rates(counts, name)
        return class_gap(counts, name, kept_groups(m, 10), level=0.95, rng=rng).interval.low > 0

    assert null_rate(is_told_apart, seed=7) <= 0.055


def test_a_family_of_one_pair_and_class_is_an_ordinary_interval() -> None:
    counts = np.array([[[100, 0], [60, 40], [60, 0]], [[100, 0], [40, 60], [40, 0]]])
    found = class_gap(counts, "recall", {0: [0, 1]}, level=0.95, rng=np.random.default_rng(0))
    assert found.value == pytest.approx(0.2)
    assert 0.05 < found.interval.low < 0.2 < found.interval.high < 0.35


def test_a_high_level_takes_more_draws_or_says_that_they_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    counts = count_classes(*rng.integers(0, [[2], [3], [3]], (3, 3000)), groups=2, classes=3)
    kept = kept_groups(class_rates(counts, "recall")[1], 30)
    usual, high = (class_gap(counts, "recall", kept, level=level, rng=rng).interval for level in (0.95, 0.9999))
    assert (usual.replicates, high.replicates) == (10_000, 50_000)
    assert high.low <= usual.low <= usual.high < high.high
    monkeypatch.setattr(perclass, "MAX_DRAWN", 6 * 2_000)
    monkeypatch.setattr(perclass, "REPLICATES", 2_000)
    with pytest.raises(EvaluatorError, match="2,000 draws resolve"):
        class_gap(counts, "recall", kept, level=0.9999, rng=rng)
