from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier

from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.models.heads import head_files
from evaluators.models.opening import open_model
from tests.evaluators.data import subject, write_csv
from tests.evaluators.models.subjects import held, tiny

FEATURES = ["a", "b", "c"]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Any]:
    """A fitted model, a table with its features, and the same table with the model's own predictions."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    y = np.where(x[:, 0] + rng.normal(size=400) > 0, "yes", "no")
    model = LogisticRegression().fit(x, y)
    skops.io.dump(model, tmp_path / "model.skops")
    data = {"y": y, "g": rng.choice(["u", "v"], 400), **{name: x[:, i] for i, name in enumerate(FEATURES)}}
    predicted = data | {"p": model.predict(x), "s": model.predict_proba(x)[:, 1]}
    return {
        "model": tmp_path / "model.skops",
        "table": write_csv(tmp_path / "rows.csv", data),
        "predicted": write_csv(tmp_path / "predicted.csv", predicted),
        "x": x,
        "y": y,
    }


def values(evaluator: str, *args: Any, **facts: Any) -> dict[tuple[str, str], float | None]:
    return {key: reading.value for key, reading in readings(evaluator, *args, **facts).items()}


def readings(evaluator: str, *args: Any, **facts: Any) -> dict[tuple[str, str], Reading]:
    found = evaluate(evaluator, subject(*args, favourable="yes", **facts)).readings
    return {(reading.metric, reading.slice): reading for reading in found}


@pytest.mark.parametrize("evaluator", ["fairness.group", "performance.accuracy", "calibration.binary"])
def test_a_model_and_its_predictions_written_down_are_measured_alike(evaluator: str, files: dict[str, Any]) -> None:
    by_model = values(
        evaluator, files["table"], model=files["model"], features=FEATURES, columns={"label": "y", "group": "g"}
    )
    columns = {"label": "y", "prediction": "p", "score": "s", "group": "g"}
    by_table = values(evaluator, files["predicted"], columns=columns, score_kind="probability")
    exact = {key: value for key, value in by_table.items() if key[0] != "calib.ece15_debiased"}
    assert {key: by_model[key] for key in exact} == pytest.approx(exact, abs=0.02)
    assert by_model.keys() == by_table.keys()


def test_a_model_without_probabilities_is_not_ranked(files: dict[str, Any]) -> None:
    skops.io.dump(RidgeClassifier().fit(files["x"], files["y"]), files["model"])
    facts = {"features": FEATURES, "columns": {"label": "y", "group": "g"}}
    found = readings("performance.accuracy", files["table"], model=files["model"], **facts)
    assert found["performance.auc", "overall"].status is Status.NOT_APPLICABLE
    assert found["performance.accuracy", "overall"].status is Status.OK
    found = readings("calibration.binary", files["table"], model=files["model"], **facts)
    assert {reading.status for reading in found.values()} == {Status.NOT_APPLICABLE}


def test_a_model_that_predicts_numbers_speaks_other_words_than_the_label(files: dict[str, Any]) -> None:
    skops.io.dump(LinearRegression().fit(files["x"], files["x"][:, 0]), files["model"])
    facts = {"features": FEATURES, "columns": {"label": "y", "group": "g"}}
    with pytest.raises(SubjectError, match="use different words"):
        readings("fairness.group", files["table"], model=files["model"], **facts)


def test_a_table_without_the_features_of_the_model_is_refused(files: dict[str, Any]) -> None:
    facts = {"features": ["a", "b", "z"], "columns": {"label": "y", "group": "g"}}
    with pytest.raises(SubjectError, match="no column 'z'"):
        readings("fairness.group", files["table"], model=files["model"], **facts)


@pytest.mark.parametrize("evaluator", ["fairness.group", "performance.accuracy", "calibration.binary"])
def test_what_was_noticed_about_the_model_is_kept_as_evidence(evaluator: str, files: dict[str, Any]) -> None:
    asked = {"columns": {"label": "y", "group": "g"}, "features": FEATURES, "favourable": "yes"}
    outcome = evaluate(evaluator, subject(files["table"], model=files["model"], **asked))
    found = {item.name: item.data for item in outcome.evidence}["model_asked"]
    assert {"randomised": "no", "depends on batch": "no"}.items() <= dict(found["rows"]).items()


def test_the_cut_off_of_the_model_itself_decides(files: dict[str, Any]) -> None:
    strict = FixedThresholdClassifier(
        LogisticRegression().fit(files["x"], files["y"]), threshold=0.9, pos_label="yes"
    ).fit(files["x"], files["y"])
    skops.io.dump(strict, files["model"])
    found = values("fairness.group", files["table"], model=files["model"], features=FEATURES, columns={"group": "g"})
    assert found["fairness.selection_rate", "overall"] == (strict.predict(files["x"]) == "yes").mean() < 0.3


def test_a_text_classifier_is_measured_like_any_other(tmp_path: Path) -> None:
    weights = np.linspace(-1, 1, 8)
    files = {**tiny(architectures=["BertModel"]), **head_files(["no", "yes"], weights, np.zeros(1))}
    words = ["good day", "bad film", "day", "bad bad day"]
    data = {"t": words * 20, "y": ["yes", "no"] * 40, "g": ["u", "u", "v", "v"] * 20}
    table = write_csv(tmp_path / "texts.csv", data)
    asked = held(tmp_path, files, table=table, columns={"label": "y", "group": "g", "text": "t"}, favourable="yes")
    model = open_model(asked)
    predicted = [model.classes[i] for i in model.labels(data["t"])]
    for evaluator in ("fairness.group", "performance.accuracy", "calibration.binary"):
        outcome = evaluate(evaluator, asked)
        found = {(reading.metric, reading.slice): reading.value for reading in outcome.readings}
        if evaluator == "performance.accuracy":
            assert found["performance.accuracy", "overall"] == np.mean(np.array(predicted) == data["y"])
        if evaluator == "fairness.group":
            assert found["fairness.selection_rate", "overall"] == predicted.count("yes") / 80


def test_one_column_is_not_both_the_outcome_and_what_was_predicted_of_it(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", {"y": ["a", "b"] * 20})
    with pytest.raises(SubjectError, match="column 'y' is declared as the label and as what was predicted"):
        evaluate("performance.accuracy", subject(table, columns={"label": "y", "prediction": "y"}))
