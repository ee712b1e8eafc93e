from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.catalog import summarise
from evaluators.contract import Status, SubjectError
from evaluators.data.proxies import shared_information, told_by
from evaluators.inputs.tables import sort_codes
from tests.evaluators.quality.making import reading, run

OVERLAP, TARGET = "data.leakage.train_test_overlap", "data.leakage.target_proxy"


def people(n: int, seed: int) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    return {
        "age": rng.normal(40, 10, n).round(6).tolist(),
        "town": rng.choice(["A", "B", "C"], n).tolist(),
        "who": [f"{seed}-{i}" for i in range(n)],
        "day": [f"2024-{1 + seed:02d}-{1 + i % 28:02d}" for i in range(n)],
        "y": rng.integers(0, 2, n).tolist(),
    }


FACTS: dict[str, Any] = {"columns": {"label": "y", "cluster": "who", "time": "day"}}


def test_planted_overlap_is_found_completely_and_the_clean_twin_shows_none(tmp_path: Path) -> None:
    train, test = people(400, 1), people(200, 2)
    clean = run("data.leakage", tmp_path, test, reference=train, **FACTS)
    values = {item.slice: item.value for item in clean.readings if item.metric == OVERLAP}
    assert values["overall"] == values["entity"] == values["future"] == 0
    before = values["near"] or 0
    for name in ("age", "town"):
        test[name][:20] = train[name][:20]
    test["age"][20:30] = [value + 1e-6 for value in train["age"][20:30]]
    test["town"][20:30] = train["town"][20:30]
    test["who"][50:80] = train["who"][50:80]
    train["day"][:40] = ["2024-12-01"] * 40
    spoiled = run("data.leakage", tmp_path, test, reference=train, **FACTS)
    values = {item.slice: item.value for item in spoiled.readings if item.metric == OVERLAP}
    assert (values["overall"], values["entity"], values["future"]) == (0.1, 0.15, 0.1)
    assert (values["near"] or 0) >= 0.8 * before + 0.04
    assert spoiled.evidence[0].data["rows"][0] == ["exact", 1, 1]


def test_a_split_column_says_which_rows_are_training(tmp_path: Path) -> None:
    table = {"x": [*range(40), *range(30, 50)], "part": ["train"] * 40 + ["test"] * 20}
    found = reading(run("data.leakage", tmp_path, table, columns={"split": "part"}), OVERLAP)
    assert (found.value, found.n) == (0.5, 20)
    with pytest.raises(SubjectError, match="which rows are train"):
        run("data.leakage", tmp_path, table | {"part": ["a"] * 60}, columns={"split": "part"})


def test_near_overlap_of_texts_is_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    train = [" ".join(rng.choice(list("abcdefghij"), 60)) for _ in range(50)]
    test = [text + " k" for text in train[:5]] + [" ".join(rng.choice(list("klmnopqrst"), 60)) for _ in range(45)]
    found = run("data.leakage", tmp_path, {"t": test}, reference={"t": train}, columns={"text": "t"})
    assert reading(found, OVERLAP, "near").value == 0.1
    assert reading(found, OVERLAP).value == 0


def test_nothing_to_compare_with_is_not_applicable(tmp_path: Path) -> None:
    found = run("data.leakage", tmp_path, {"x": list(range(20))})
    assert reading(found, OVERLAP).status is Status.NOT_APPLICABLE
    assert reading(found, TARGET).status is Status.NOT_APPLICABLE


def test_tables_without_a_common_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="share no column"):
        run("data.leakage", tmp_path, {"a": [1]}, reference={"b": [1]})


@pytest.mark.verification
def test_features_that_give_the_outcome_away_are_counted_and_an_identifier_is_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1000)
    table = {
        "copy": y * 3.5,
        "mirrored": -y + rng.normal(0, 0.01, 1000),
        "folded": np.where(y == 1, rng.choice([-1, 1], 1000), 0),
        "word": np.where(y == 1, "yes", "no"),
        "identifier": [f"id{i}" for i in range(1000)],
        "honest": y + rng.normal(0, 1, 1000),
        "y": y,
    }
    found = reading(run("data.leakage", tmp_path, table, columns={"label": "y"}), TARGET)
    assert sorted(row[0] for row in found.detail["strong"]) == ["copy", "folded", "mirrored", "word"]
    assert found.value == 4


def test_an_outcome_of_many_classes_is_told_by_information(tmp_path: Path) -> None:
    y = np.arange(900) % 5
    table = {"copy": [f"class {i}" for i in y], "noise": np.random.default_rng(0).permutation(y), "y": y}
    found = reading(run("data.leakage", tmp_path, table, columns={"label": "y"}), TARGET)
    assert [row[0] for row in found.detail["strong"]] == ["copy"]


def test_information_is_none_for_a_constant_and_little_for_chance() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 2000)
    assert shared_information(np.zeros(2000, dtype=np.int64), y) == 0
    assert shared_information(y, np.zeros(2000, dtype=np.int64)) == 0
    assert shared_information(y, y) == pytest.approx(1, abs=1e-3)
    assert shared_information(rng.integers(0, 30, 2000), y) < 0.01


def test_an_absent_number_is_a_value_of_its_own() -> None:
    y = np.array([0, 1] * 50)
    item = sort_codes(y, ["", "7"])
    assert told_by(item, y).information == pytest.approx(1, abs=0.01)


def test_readings_come_back_from_their_statistics(tmp_path: Path) -> None:
    found = run("data.leakage", tmp_path, people(50, 1), reference=people(60, 2), **FACTS)
    for item in found.readings:
        again = summarise("data.leakage", item.statistics, params={}, level=0.95, seed=found.seed)
        assert next(o for o in again if (o.metric, o.slice) == (item.metric, item.slice)).value == item.value


@pytest.mark.parametrize(
    ("rows", "outcomes", "words"),
    [(9, 2, "9 rows with 2 different outcomes"), (200, 1, "200 rows with 1 different outcome;")],
)
def test_with_few_rows_or_one_outcome_no_feature_can_be_cleared(
    rows: int, outcomes: int, words: str, tmp_path: Path
) -> None:
    table = {"a": list(range(rows)), "y": [i % outcomes for i in range(rows)]}
    found = reading(run("data.leakage", tmp_path, table, columns={"label": "y"}), TARGET)
    assert (found.status, found.value) == (Status.INSUFFICIENT_DATA, None)
    assert words in found.reason


def test_an_absent_date_is_not_the_earliest_and_an_absent_name_is_nobody(tmp_path: Path) -> None:
    table = {"age": list(range(20)), "who": [f"a{i}" for i in range(18)] + ["", ""], "day": ["2024-02-01"] * 19 + [""]}
    before = {"age": list(range(50, 70)), "who": [f"b{i}" for i in range(18)] + ["", "a3"], "day": ["2023-01-01"] * 20}
    facts = {"columns": {"cluster": "who", "time": "day"}}
    found = run("data.leakage", tmp_path, table, reference=before, **facts)
    assert reading(found, OVERLAP, "future").value == 0
    assert reading(found, OVERLAP, "entity").value == 1 / 20
    never = run("data.leakage", tmp_path, table | {"day": [""] * 20}, reference=before, **facts)
    assert "future" not in {item.slice for item in never.readings}
