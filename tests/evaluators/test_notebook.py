"""Columns and functions instead of files."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression

from evaluators.contract import EvaluatorError, Status, SubjectError
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


@pytest.mark.parametrize("output", ["probability", "label"])
def test_classes_are_taken_as_an_estimator_keeps_them(output: str) -> None:
    table = TABLE | {"y": (TABLE["y"] == "yes").astype(int)}
    model = LogisticRegression().fit(X, table["y"])
    asked = FACTS | {"features": np.array(["a", "b"]), "output": output}
    predict = model.predict_proba if output == "probability" else model.predict
    found = [
        readings(measure("performance.accuracy", table=table, predict=predict, **(asked | facts)))
        for facts in (
            {"classes": model.classes_, "favourable": 1},
            {"classes": [0, 1], "favourable": "1"},
            {"classes": ["0", "1"], "favourable": np.int64(1)},
            {"classes": [0.0, 1.0], "favourable": 1.0},
        )
    ]
    assert all(one == found[0] for one in found)


def test_a_missing_value_is_located_in_plain_words() -> None:
    table = TABLE | {"a": [0.0, 0.0, None] + [0.0] * 297}
    facts = FACTS | {"features": np.array(["a", "b"])}
    with pytest.raises(SubjectError, match="row 3, column 'a': the value is missing"):
        measure("fairness.group", table=table, predict=probabilities, classes=["no", "yes"], **facts)


def test_a_torch_module_is_given_as_it_is_with_gradients_and_stays_as_it_was() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 2))
    asked: dict[str, Any] = {"table": TABLE, "classes": ["no", "yes"], "output": "logit", **FACTS}
    direct = readings(measure("performance.accuracy", predict=network, **asked))
    still = network.eval()
    named = measure(
        "performance.accuracy", predict=lambda rows: still(torch.tensor(rows, dtype=torch.float32)), **asked
    )
    assert {key: one.value for key, one in direct.items()} == {key: one.value for key, one in readings(named).items()}
    assert all(weights.requires_grad for weights in network.parameters())
    attacked = measure("robust.adversarial", predict=network.train(), params={"rows": 20}, **asked)
    assert attacked.reading("robust.linf.pgd_acc").status is not Status.NOT_APPLICABLE
    assert network.training


def test_an_outcome_is_read_by_metric_and_printed_as_a_table() -> None:
    outcome = measure("performance.accuracy", table=TABLE, predict=probabilities, classes=["no", "yes"], **FACTS)
    assert outcome.reading("performance.accuracy", "g=u").slice == "g=u"
    assert str(outcome).splitlines()[0].split() == ["metric", "slice", "value", "interval", "unit", "p", "n", "note"]
    with pytest.raises(EvaluatorError, match="on 'g=w'; there are g=u, g=v, overall, worst"):
        outcome.reading("performance.accuracy", "g=w")
    with pytest.raises(EvaluatorError, match="no reading of 'accuracy' on 'overall'; there are .*performance.auc"):
        outcome.reading("accuracy")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": None}, "fairness.group reads a table"),
        ({"table": {}}, "fairness.group reads a table"),
        ({"table": [1, 2]}, "not a list"),
        ({"table": TABLE | {"a": [1.0]}}, "column 'a' has 1 of 300 values"),
        ({"table": TABLE | {"a": ["x"] * 300}}, "row 1, column 'a': 'x' is not a number"),
        ({"table": "rows.csv"}, "not a str; a file is read first"),
        ({"table": pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])}, "names column 'a' more than once"),
        ({"predict": lambda rows: [["no", "yes"]] * len(rows)}, 'one that answers with labels says output="label"'),
        ({"table": TABLE | {"a": [None] * 300}}, "row 1, column 'a': the value is missing"),
        ({"features": ["a", "z"]}, "no column 'z'"),
        ({"features": []}, "features must be declared"),
        ({"classes": []}, "classes are named"),
        ({"predict": LogisticRegression()}, "a LogisticRegression is none; give its method predict_proba"),
        ({"predict": LinearRegression()}, 'give its method predict and say output="label"'),
        ({"predict": [0.1, 0.9]}, "a list is none"),
        ({"predict": torch.nn.Linear(2, 2), "output": "label"}, "a torch module takes rows and gives logits"),
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


@pytest.mark.parametrize(
    ("params", "group"),
    [({"family_minimum": 30}, ["a", "b"]), ({"equalized_odds": "worst"}, ["a", "b"]), ({}, ["b", "a"])],
)
def test_no_other_way_of_asking_the_same_buys_another_draw(params: dict[str, Any], group: list[str]) -> None:
    """Eight seeds could be had for one question, and a gap on the limit passes with some of them."""
    table = {"y": ["1", "1", "0", "0"] * 20, "p": ["1", "0"] * 40, "a": ["x", "y"] * 40, "b": ["u", "u", "v", "v"] * 20}
    asked: dict[str, Any] = {"table": table, "favourable": "1"}
    first = measure("fairness.group", columns={"label": "y", "prediction": "p", "group": ["a", "b"]}, **asked)
    other = measure("fairness.group", columns={"label": "y", "prediction": "p", "group": group}, params=params, **asked)
    assert other.seed == first.seed
    assert other.reading("fairness.fpr_difference").high == first.reading("fairness.fpr_difference").high
