"""A model with one planted fault fails the metric made for it; its clean twin passes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from evaluators.contract import Reading, Status
from evaluators.evaluate import evaluate
from evaluators.models.estimators import Estimator
from evaluators.models.opening import from_estimator
from evaluators.notebook import measure
from tests.evaluators.data import subject, write_csv

FACTS = {"columns": {"label": "y", "score": "s", "group": "g"}, "favourable": "1", "score_kind": "probability"}


def calibration(tmp_path: Path, p: np.ndarray, y: np.ndarray) -> dict[Any, Reading]:
    data = {"y": y.astype(int), "s": p, "g": ["a", "b"] * (len(y) // 2)}
    found = evaluate("calibration.binary", subject(write_csv(tmp_path / "p.csv", data), **FACTS))
    return {(reading.metric, reading.slice): reading for reading in found.readings}


@pytest.mark.verification
def test_a_model_at_the_wrong_temperature_fails_calibration_and_its_clean_twin_passes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    logit = rng.normal(0, 1.5, 8000)
    y = rng.random(8000) < 1 / (1 + np.exp(-logit))
    clean, hot = (calibration(tmp_path, 1 / (1 + np.exp(-factor * logit)), y) for factor in (1.0, 2.5))
    key = ("calib.ece15_debiased", "overall")
    assert clean[key].high <= 0.05  # type: ignore[operator]
    assert hot[key].low > 0.05  # type: ignore[operator]
    assert hot["calib.spiegelhalter_z", "overall"].p_value < 0.01  # type: ignore[operator]
    assert clean["calib.spiegelhalter_z", "overall"].p_value > 0.01  # type: ignore[operator]


def test_a_model_of_labels_gives_no_probabilities_and_a_model_in_memory_gives_its_own() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 2))
    y = (x.sum(axis=1) + rng.normal(size=200) > 0).astype(int)
    table = {"a": x[:, 0], "b": x[:, 1], "y": y}
    statuses = []
    for estimator in (LinearSVC().fit(x, y), LogisticRegression().fit(x, y)):
        model = from_estimator(Estimator(estimator, ("a", "b")))
        for name in ("calibration.multiclass", "uncertainty.conformal", "uncertainty.selective", "uncertainty.doubt"):
            told = measure(name, table=table, predict=model, features=["a", "b"], columns={"label": "y"})
            statuses.append(told.readings[-2].status)
    assert statuses[:4] == [Status.NOT_APPLICABLE] * 4
    assert statuses[4:7] == [Status.OK] * 3


def test_equal_requests_give_equal_bits() -> None:
    rng = np.random.default_rng(2)
    p = rng.dirichlet([1, 1, 1], 300)
    y = (rng.random((300, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    table = {f"p_{k}": p[:, k] for k in range(3)} | {"y": y}
    columns = {"label": "y", "probability": ["p_0", "p_1", "p_2"]}
    for name in ("calibration.multiclass", "uncertainty.conformal", "uncertainty.selective", "uncertainty.doubt"):
        first, second = (measure(name, table=table, columns=columns) for _ in "12")
        assert [reading.as_dict() for reading in first.readings] == [reading.as_dict() for reading in second.readings]
