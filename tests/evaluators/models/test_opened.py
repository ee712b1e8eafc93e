"""What a measurement asked of models is counted, wherever it opened them."""

from pathlib import Path

import numpy as np
import skops.io
from sklearn.linear_model import LogisticRegression

from evaluators.evaluate import evaluate
from evaluators.models import opened
from evaluators.models.model import ROWS, Model
from tests.evaluators.data import subject, write_csv

ROWS_MEASURED = 200


def answering() -> Model:
    return Model(
        inputs=ROWS, score_kind="probability", classes=("no", "yes"), ask=lambda rows: np.full((len(rows), 2), 0.5)
    )


def test_a_run_says_how_often_its_model_was_asked_and_where_it_ran(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS_MEASURED, 2))
    y = np.where(x[:, 0] > 0, "yes", "no")
    skops.io.dump(LogisticRegression().fit(x, y), tmp_path / "model.skops")
    table = write_csv(tmp_path / "rows.csv", {"y": y, "a": x[:, 0], "b": x[:, 1]})
    read = subject(table, model=tmp_path / "model.skops", features=["a", "b"], columns={"label": "y"}, favourable="yes")
    asked = evaluate("performance.accuracy", read).asked
    assert asked["device"] == "cpu"
    assert asked["queries"] >= ROWS_MEASURED


def test_a_run_that_opens_no_model_says_nothing_of_one(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "rows.csv", {"y": ["a", "b"] * 50, "p": ["a", "b"] * 50})
    assert evaluate("performance.accuracy", subject(table, columns={"label": "y", "prediction": "p"})).asked == {}


def test_only_what_is_asked_meanwhile_counts_and_each_model_once() -> None:
    model, other = answering(), answering()
    model.scores(np.zeros((5, 1)))
    opened.note(model, is_local=True)
    with opened.watched() as models:
        for each in (model, model, other):
            opened.note(each, is_local=each is model)
        model.scores(np.zeros((3, 1)))
        other.scores(np.zeros((4, 1)))
    assert opened.totals(models) == {"queries": 7, "device": "cpu"}


def test_a_server_is_asked_on_no_device_of_ours() -> None:
    with opened.watched() as models:
        opened.note(answering(), is_local=False)
    assert opened.totals(models) == {"queries": 0}
