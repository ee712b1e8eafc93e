from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from tests.evaluators.data import subject, write_csv

CLASSES = ("ant", "bee", "cat", "eel")
COLUMNS = {"label": "y", "probability": [f"p_{name}" for name in CLASSES], "group": ["g"]}


def calibrated(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    p = rng.dirichlet([1] * 4, n)
    return p, (rng.random((n, 1)) > np.cumsum(p, axis=1)).sum(axis=1)


def measured(tmp_path: Path, p: np.ndarray, y: np.ndarray, **facts: Any) -> dict[Any, Reading]:
    data: dict[str, Any] = {f"p_{name}": p[:, k] for k, name in enumerate(CLASSES)}
    data |= {"y": [CLASSES[k] for k in y], "g": np.where(np.arange(len(y)) % 2, "a", "b")}
    told = {"columns": COLUMNS} | facts
    found = evaluate("calibration.multiclass", subject(write_csv(tmp_path / "p.csv", data), **told))
    return {(reading.metric, reading.slice): reading for reading in found.readings}


def heated(p: np.ndarray, temperature: float) -> np.ndarray:
    powers = p ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.verification
def test_a_model_at_the_wrong_temperature_fails_and_its_clean_twin_passes(tmp_path: Path) -> None:
    p, y = calibrated(np.random.default_rng(1), 6000)
    clean, twin = measured(tmp_path, p, y), measured(tmp_path, heated(p, 0.4), y)
    assert clean["calib.ece15_top_label", "overall"].high <= 0.05  # type: ignore[operator]
    assert clean["calib.ece15_class_wise", "worst"].high <= 0.05  # type: ignore[operator]
    assert twin["calib.ece15_top_label", "overall"].low > 0.05  # type: ignore[operator]
    assert twin["calib.ece15_class_wise", "worst"].low > 0.03  # type: ignore[operator]
    assert twin["calib.ece15_top_label", "overall"].p_value < 0.001  # type: ignore[operator]


def test_the_class_that_was_shifted_is_the_worst(tmp_path: Path) -> None:
    p, y = calibrated(np.random.default_rng(2), 4000)
    shifted = np.clip(p + np.array([0.0, 0.0, 0.3, 0.0]), 0, None)
    found = measured(tmp_path, shifted / shifted.sum(axis=1, keepdims=True), y)
    assert found["calib.ece15_class_wise", "worst"].detail["highest"] == "cat"
    values = [found["calib.ece15_class_wise", f"class={name}"].value or 0.0 for name in CLASSES]
    assert found["calib.ece15_class_wise", "overall"].value == pytest.approx(np.mean(values), abs=1e-3)
    assert {slice_ for _, slice_ in found} >= {"g=a", "g=b"}


@pytest.mark.statistics
def test_the_band_of_the_named_class_covers_and_keeps_its_level(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(150):
        p, y = calibrated(rng, 600)
        found.append(measured(tmp_path, p, y)["calib.ece15_top_label", "overall"])
    assert np.mean([reading.low == 0.0 for reading in found]) >= 0.90
    assert np.mean([(reading.p_value or 0) <= 0.05 for reading in found]) <= 0.11


def test_a_model_gives_its_own_probabilities(tmp_path: Path) -> None:
    x, y = load_iris(return_X_y=True)
    names = [f"f{i}" for i in range(4)]
    skops.io.dump(LogisticRegression(max_iter=500).fit(x, y), tmp_path / "m.skops")
    data: dict[str, Any] = {name: x[:, i] for i, name in enumerate(names)} | {"y": y}
    told = subject(
        write_csv(tmp_path / "t.csv", data), model=tmp_path / "m.skops", columns={"label": "y"}, features=names
    )
    found = {(r.metric, r.slice): r for r in evaluate("calibration.multiclass", told).readings}
    assert found["calib.ece15_top_label", "overall"].status is Status.OK
    assert ("calib.ece15_class_wise", "class=2") in found


def test_one_class_one_row_and_logits(tmp_path: Path) -> None:
    p, y = calibrated(np.random.default_rng(4), 200)
    only = measured(tmp_path, p, np.zeros(200, dtype=int))
    assert only["calib.ece15_class_wise", "worst"].status is Status.OK
    one = measured(tmp_path, p[:1], y[:1])
    assert {reading.status for reading in one.values()} == {Status.INSUFFICIENT_DATA}
    logits = measured(tmp_path, np.log(p) + 3, y, score_kind="logit")
    same = measured(tmp_path, p, y)
    key = ("calib.ece15_top_label", "overall")
    assert logits[key].detail["raw"] == pytest.approx(same[key].detail["raw"])


def test_a_margin_is_no_probability_and_a_single_column_no_distribution(tmp_path: Path) -> None:
    p, y = calibrated(np.random.default_rng(5), 50)
    found = measured(tmp_path, p, y, score_kind="margin")
    assert {reading.status for reading in found.values()} == {Status.NOT_APPLICABLE}
    with pytest.raises(SubjectError, match="one column per class"):
        measured(tmp_path, p, y, columns={"label": "y", "probability": ["p_ant"]})


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    p, y = calibrated(np.random.default_rng(6), 500)
    for key, reading in measured(tmp_path, p, y).items():
        again = catalog.summarise(
            "calibration.multiclass", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)
