"""Models and tables at the edge of what can be explained."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import Outcome, evaluate
from evaluators.models.checks import Randomised
from evaluators.models.estimators import Estimator
from evaluators.models.opening import from_estimator
from evaluators.notebook import in_memory, measure

EVALUATORS = ["explain.agreement", "explain.faithfulness", "explain.shap_global", "explain.stability"]


def told(name: str, function: Callable[[Any], Any], features: int, size: int, **params: Any) -> Outcome:
    rng = np.random.default_rng(0)
    names = [f"größe {i}" for i in range(features)]
    table: dict[str, Any] = {column: rng.normal(size=size) for column in names}
    return measure(
        name,
        table=table | {"g": ["a", "ü"] * (size // 2) + ["a"] * (size % 2)},
        predict=lambda x: function(x)[:, None] * [-1, 1] + [1, 0],
        classes=["no", "yes"],
        features=names,
        columns={"group": ["g"]},
        favourable="yes",
        params=params,
    )


def constant(rows: np.ndarray) -> np.ndarray:
    return np.full(len(rows), 0.3)


def first(rows: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-rows[:, 0]))


@pytest.mark.parametrize("name", EVALUATORS)
def test_a_constant_model_is_explained_by_nothing(name: str) -> None:
    found = told(name, constant, 3, 30, rows=20, background=10).readings
    assert {reading.status for reading in found} <= {Status.OK, Status.INSUFFICIENT_DATA}
    values = [reading.value for reading in found if reading.value is not None]
    assert values == pytest.approx([0.0] * len(values), abs=1e-9)


@pytest.mark.parametrize("name", EVALUATORS)
def test_what_answers_by_chance_is_not_explained(name: str) -> None:
    chance = np.random.default_rng(5)
    with pytest.raises(Randomised, match="different answers to the same inputs"):
        told(name, lambda rows: chance.uniform(size=len(rows)), 3, 30, rows=20, background=10)


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("estimator", [LogisticRegression(), GradientBoostingClassifier(n_estimators=5)])
def test_a_model_of_three_classes_has_no_single_margin(estimator: Any, features: int) -> None:
    rows = np.random.default_rng(0).normal(size=(120, features))
    names = [f"x{i}" for i in range(features)]
    labels = np.array(["u", "v", "w"])[np.digitize(rows[:, 0], [-0.4, 0.4])]
    model = from_estimator(Estimator(estimator.fit(rows, labels), tuple(names)))
    table = dict(zip(names, rows.T, strict=True))
    subject = in_memory(tables={"table": table}, models={"model": model}, facts={"favourable": "v"})
    params = {"rows": 20, "background": 10}
    found = evaluate("explain.shap_global", subject, params=params)
    assert {reading.status for reading in found.readings} == {Status.OK}
    assert found.reading("explain.shap.global").detail["explainer"] == "permutation"
    kind = "linear" if isinstance(estimator, LogisticRegression) else "tree"
    with pytest.raises(SubjectError, match="one for each of its 3 classes"):
        evaluate("explain.shap_global", subject, params=params | {"explainer": kind})


@pytest.mark.parametrize("name", EVALUATORS)
def test_one_row_is_insufficient(name: str) -> None:
    exact = ("explain.additivity_gap", "explain.exactness")
    found = [reading for reading in told(name, first, 3, 1).readings if reading.metric not in exact]
    assert {reading.status for reading in found} == {Status.INSUFFICIENT_DATA}


@pytest.mark.parametrize("name", EVALUATORS)
def test_one_feature_has_no_order_and_nothing_breaks(name: str) -> None:
    found = told(name, first, 1, 80, rows=80, background=10).readings
    assert not [reading for reading in found if reading.status is Status.ERROR]
    undefined = [reading for reading in found if reading.metric in ("explain.seed_stability", "explain.agreement")]
    assert {reading.status for reading in undefined} <= {Status.INSUFFICIENT_DATA}


@pytest.mark.parametrize("name", EVALUATORS)
def test_equal_requests_give_equal_bits(name: str) -> None:
    def seen() -> list[dict[str, Any]]:
        found: tuple[Reading, ...] = told(name, first, 3, 20, rows=15, background=10).readings
        return [reading.as_dict() for reading in found]

    assert seen() == seen()


def test_ten_thousand_groups_are_not_listed() -> None:
    rows = np.random.default_rng(1).normal(size=10_000)
    outcome = measure(
        "explain.faithfulness",
        table={"x": rows, "z": rows, "g": [f"人{i}" for i in range(10_000)]},
        predict=lambda x: np.column_stack([1 - first(x), first(x)]),
        classes=["no", "yes"],
        features=["x", "z"],
        columns={"group": ["g"]},
        favourable="yes",
        params={"rows": 20, "background": 5},
    )
    assert {reading.slice for reading in outcome.readings} == {"overall"}


def test_a_model_of_texts_is_not_explained_by_columns() -> None:
    with pytest.raises(SubjectError, match="texts are explained by words"):
        measure(
            "explain.faithfulness",
            table={"text": ["a", "b"]},
            predict=lambda texts: np.tile([0.5, 0.5], (len(texts), 1)),
            inputs="texts",
            classes=["no", "yes"],
            columns={"text": "text"},
            favourable="yes",
        )
