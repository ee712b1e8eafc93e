"""Models asked directly, where other tests read their answers from a table."""

from typing import Any

import numpy as np
import pytest

from evaluators.contract import Reading, SubjectError
from evaluators.models.model import VALUE
from evaluators.notebook import measure
from tests.evaluators.data import ends

RNG = np.random.default_rng(0)
X = RNG.normal(0, 1, (1200, 2))
TABLE = {
    "x0": X[:, 0],
    "x1": X[:, 1],
    "label": np.where(X[:, 0] > 0, "yes", "no"),
    "y": X[:, 0] * 3 + RNG.normal(0, 1, 1200),
    "group": RNG.choice(["a", "b"], 1200),
}
FEATURES = ["x0", "x1"]


def by_first(rows: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-3 * rows[:, 0]))
    return np.stack([1 - p, p], axis=1)


def by_second(rows: np.ndarray) -> np.ndarray:
    return by_first(rows[:, ::-1])


def readings(evaluator: str, **facts: Any) -> dict[tuple[str, str], Reading]:
    outcome = measure(evaluator, table=TABLE, features=FEATURES, favourable="yes", **facts)
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


def test_two_models_are_asked_about_the_same_rows() -> None:
    facts = {"classes": ["no", "yes"], "columns": {"label": "label", "group": "group"}}
    found = readings("fairness.paired", predict=by_second, baseline=by_first, **facts)
    worse = found["fairness.paired.accuracy_change", "overall"]
    assert worse.value == pytest.approx(-0.5, abs=0.05)
    assert worse.detail["only_new_right"] == 0
    same = readings("compression.harm", predict=by_first, baseline=by_first, **facts)
    assert same["compress.cie_rate", "overall"].value == 0.0


def test_a_regression_is_asked_for_its_numbers() -> None:
    facts = {"output": VALUE, "columns": {"label": "y", "group": "group"}}
    fair = readings("fairness.regression", predict=lambda rows: 3 * rows[:, 0], **facts)
    assert ends(fair["fairness.regression.residual_parity", "overall"])[0] == 0.0
    with pytest.raises(SubjectError, match="predicted numbers are needed"):
        readings("fairness.regression", predict=by_first, classes=["no", "yes"], columns={"label": "y"})


def test_neighbours_are_decided_by_the_model() -> None:
    found = readings("fairness.individual", predict=by_first, classes=["no", "yes"], columns={"feature": FEATURES})
    assert ends(found["fairness.individual_consistency", "overall"])[0] > 0.85
    assert 0 < ends(found["fairness.lipschitz_ratio", "overall"])[1] < 1
    constant = readings(
        "fairness.individual",
        predict=lambda rows: np.tile([0.0, 1.0], (len(rows), 1)),
        classes=["no", "yes"],
        columns={"feature": FEATURES},
    )
    assert constant["fairness.individual_consistency", "overall"].value == 1.0


def test_several_classes_are_asked_of_a_model() -> None:
    columns = {"label": "label", "group": "group"}
    found = readings("fairness.classes", predict=by_first, classes=["no", "yes"], columns=columns)
    assert ends(found["fairness.classes.recall_difference", "overall"])[0] == 0.0
    subgroups = readings("fairness.subgroup", predict=by_first, classes=["no", "yes"], columns=columns)
    assert subgroups["fairness.subgroup_violation", "overall"].detail["subgroups"] == 2


@pytest.mark.parametrize("evaluator", ["fairness.group", "fairness.classes", "fairness.subgroup"])
def test_what_was_noticed_about_a_model_is_told_beside_its_readings(evaluator: str) -> None:
    columns = {"label": "label", "group": "group"}
    asked = {"predict": by_first, "classes": ["no", "yes"], "columns": columns, "favourable": "yes"}
    outcome = measure(evaluator, table=TABLE, features=FEATURES, **asked)
    facts = [dict(item.data["rows"]) for item in outcome.evidence if item.name == "model_asked"]
    assert [int(told["queries"]) >= len(X) for told in facts] == [True]
