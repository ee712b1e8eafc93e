"""Columns and functions instead of files."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluators.contract import Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.notebook import measure
from tests.evaluators.data import subject, write_csv

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
TABLE = {
    "a": X[:, 0],
    "b": X[:, 1],
    "y": np.where(X[:, 0] + RNG.normal(size=300) > 0, "yes", "no"),
    "g": RNG.choice(["u", "v"], 300),
}
FACTS: dict[str, Any] = {"columns": {"label": "y", "group": "g"}, "favourable": "yes", "features": ["a", "b"]}


def probabilities(rows: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-rows[:, 0]))
    return np.column_stack([1 - p, p])


def readings(outcome: Any) -> dict[tuple[str, str], Any]:
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


@pytest.mark.parametrize("evaluator", ["fairness.group", "performance.accuracy", "calibration.binary"])
def test_a_function_and_its_predictions_written_to_a_file_are_measured_alike(evaluator: str, tmp_path: Any) -> None:
    held = readings(measure(evaluator, table=TABLE, predict=probabilities, classes=["no", "yes"], **FACTS))
    p = probabilities(X)[:, 1]
    table = write_csv(tmp_path / "t.csv", TABLE | {"p": np.where(p > 0.5, "yes", "no"), "s": p})
    columns = {"label": "y", "prediction": "p", "score": "s", "group": "g"}
    filed = readings(evaluate(evaluator, subject(table, columns=columns, favourable="yes", score_kind="probability")))
    assert held.keys() == filed.keys()
    values = {key: reading.value for key, reading in filed.items()}
    assert {key: reading.value for key, reading in held.items()} == pytest.approx(values, abs=0.02)


def test_a_frame_and_a_dict_have_the_same_digest() -> None:
    ask = {"predict": probabilities, "classes": ["no", "yes"], **FACTS}
    by_dict, by_frame = (measure("fairness.group", table=held, **ask) for held in (TABLE, pd.DataFrame(TABLE)))
    assert by_dict.subject_hash == by_frame.subject_hash
    assert by_dict.readings == by_frame.readings
    changed = TABLE | {"a": np.where(np.arange(300) == 5, 9.0, X[:, 0])}
    assert measure("fairness.group", table=changed, **ask).subject_hash != by_dict.subject_hash


def test_predictions_in_a_column_need_no_function() -> None:
    table = {"p": [1, 0] * 100, "g": ["a", "a", "b", "b"] * 50}
    found = readings(measure("fairness.group", table=table, columns={"prediction": "p", "group": "g"}, favourable="1"))
    assert found["fairness.selection_rate", "overall"].value == 0.5


def test_a_function_of_texts_that_gives_labels() -> None:
    table = {"t": ["good film", "bad film"] * 20, "y": ["up", "down"] * 20, "g": ["a", "b"] * 20}
    outcome = measure(
        "performance.accuracy",
        table=table,
        predict=lambda texts: ["up" if "good" in text else "down" for text in texts],
        inputs="texts",
        output="label",
        classes=["down", "up"],
        columns={"label": "y", "text": "t"},
    )
    assert readings(outcome)["performance.accuracy", "overall"].value == 1.0
    assert readings(outcome)["performance.auc", "overall"].status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": None}, "fairness.group reads a table"),
        ({"table": {}}, "fairness.group reads a table"),
        ({"table": [1, 2]}, "not a list"),
        ({"table": TABLE | {"a": [1.0]}}, "column 'a' has 1 of 300 values"),
        ({"table": TABLE | {"a": ["x"] * 300}}, "column 'a' holds something that is not a number"),
        ({"table": TABLE | {"a": [None] * 300}}, "row 1, column 'a': the value is missing"),
        ({"features": ["a", "z"]}, "no column 'z'"),
        ({"features": []}, "features must be declared"),
        ({"classes": []}, "classes are named"),
        ({"output": "value"}, "classes are named"),
        ({"output": "guess"}, "output is probability"),
        ({"inputs": "images"}, "inputs are rows"),
        ({"output": "label", "predict": lambda rows: ["maybe"] * len(rows)}, "the label 'maybe'"),
        ({"columns": {"target": "y"}}, "unknown column role"),
    ],
)
def test_what_cannot_be_measured_is_said(changes: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"table": TABLE, "predict": probabilities, "classes": ["no", "yes"], **FACTS}
    with pytest.raises(SubjectError, match=message):
        measure("fairness.group", **(asked | changes))
