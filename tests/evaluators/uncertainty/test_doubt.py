from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

from evaluators import catalog
from evaluators.contract import Reading, Status, Subject
from evaluators.evaluate import evaluate
from evaluators.uncertainty.members import mutual_information
from tests.evaluators.data import sha256, subject, subject_dict, write_csv

COLUMNS = {"label": "y", "score": "s", "group": ["g"]}
FACTS = {"columns": COLUMNS, "favourable": "1", "score_kind": "probability"}


def by_slice(about: Subject) -> dict[Any, Reading]:
    return {(r.metric, r.slice): r for r in evaluate("uncertainty.doubt", about).readings}


@pytest.mark.verification
def test_equal_members_agree_and_opposite_ones_differ_by_ln_2() -> None:
    same = np.array([[0.3, 0.7], [1.0, 0.0]])
    assert mutual_information([same, same]) == pytest.approx([0, 0], abs=1e-12)
    assert mutual_information([np.eye(2), np.eye(2)[::-1]]) == pytest.approx([np.log(2)] * 2)


def test_a_table_is_described_by_entropy_and_margin(tmp_path: Path) -> None:
    p = np.random.default_rng(0).random(500)
    data = {"s": p, "g": ["a", "b"] * 250}
    found = by_slice(
        subject(write_csv(tmp_path / "p.csv", data), **(FACTS | {"columns": {"score": "s", "group": ["g"]}}))
    )
    expected = float(np.mean(-p * np.log(p) - (1 - p) * np.log(1 - p)))
    assert found["uncert.entropy", "overall"].value == pytest.approx(expected)
    assert found["uncert.margin", "g=a"].value == pytest.approx(float(np.mean(np.abs(2 * p[::2] - 1))))
    assert found["uncert.mutual_information", "overall"].status is Status.NOT_APPLICABLE
    assert found["uncert.ood_auroc", "overall"].status is Status.NOT_APPLICABLE


def with_reference(tmp_path: Path, here: np.ndarray, known: np.ndarray) -> dict[Any, Reading]:
    table = write_csv(tmp_path / "p.csv", {"y": [1] * len(here), "s": here, "g": ["a"] * len(here)})
    other = write_csv(tmp_path / "r.csv", {"s": known})
    told = subject_dict(table, **FACTS)
    told["files"]["reference"] = {"path": str(other), "sha256": sha256(other), "name": "r.csv"}
    return by_slice(Subject.from_dict(told))


def test_foreign_rows_are_told_by_their_entropy_or_not_at_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sure = rng.uniform(0.9, 1, 200)
    apart = with_reference(tmp_path, rng.uniform(0.4, 0.6, 200), sure)["uncert.ood_auroc", "overall"]
    assert (apart.value, apart.status) == (1.0, Status.OK)
    assert 0.9 < apart.low < 1  # type: ignore[operator]
    same = with_reference(tmp_path, sure, 1 - sure)["uncert.ood_auroc", "overall"]
    assert same.value == pytest.approx(0.5)


def test_a_forest_is_asked_tree_by_tree(tmp_path: Path) -> None:
    x, y = load_iris(return_X_y=True)
    names = [f"f{i}" for i in range(4)]
    forest = RandomForestClassifier(20, max_depth=3, random_state=0).fit(x, y)
    skops.io.dump(forest, tmp_path / "m.skops")
    data: dict[str, Any] = {name: x[:, i] for i, name in enumerate(names)} | {"y": y}
    told = subject(
        write_csv(tmp_path / "t.csv", data), model=tmp_path / "m.skops", columns={"label": "y"}, features=names
    )
    found = by_slice(told)
    trees = [tree.predict_proba(x) for tree in forest.estimators_]
    assert found["uncert.mutual_information", "overall"].value == pytest.approx(float(mutual_information(trees).mean()))
    assert found["uncert.mutual_information", "overall"].value < found["uncert.entropy", "overall"].value  # type: ignore[operator]


def test_constant_probabilities_leave_an_exact_bound(tmp_path: Path) -> None:
    found = with_reference(tmp_path, np.full(30, 0.5), np.full(30, 0.5))
    entropy = found["uncert.entropy", "overall"]
    assert entropy.value == pytest.approx(np.log(2))
    assert entropy.low < entropy.value  # type: ignore[operator]
    assert entropy.status is Status.OK
    for key, reading in found.items():
        again = (
            catalog.summarise("uncertainty.doubt", reading.statistics, params={}, level=0.95, seed=0)
            if (reading.statistics)
            else []
        )
        match = next((other for other in again if (other.metric, other.slice) == key), reading)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)
