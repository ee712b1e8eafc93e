"""What is attacked is what answers: networks from files and from estimators, in the units of their inputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC

from evaluators.contract import Status, Subject
from evaluators.evaluate import evaluate
from evaluators.models.networks import network_files
from evaluators.robustness.converted import as_network
from tests.evaluators.data import sha256, subject, write_csv
from tests.evaluators.robustness.subjects import digit_network, digits, run, torch_model

CHEAP = {"steps": 15, "restarts": 2, "square_steps": 30, "curve_points": 1}
FEATURES = [f"p{j}" for j in range(64)]
ESTIMATORS: dict[str, Any] = {
    "ten classes": LogisticRegression(max_iter=200, tol=1),
    "scaled": make_pipeline(StandardScaler(), LogisticRegression(max_iter=200, tol=1)),
    "margin": make_pipeline(MinMaxScaler(), LinearSVC(tol=1, random_state=0)),
    "tanh": make_pipeline(StandardScaler(), MLPClassifier((12, 8), "tanh", max_iter=20, tol=1, random_state=0)),
    "logistic": MLPClassifier((9,), activation="logistic", max_iter=20, tol=1, random_state=0),
}


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_an_estimator_and_its_network_decide_alike(name: str, classes: int) -> None:
    x, y = load_digits(return_X_y=True)
    estimator = ESTIMATORS[name].fit(x[:600], y[:600] % classes)
    module = as_network(estimator)
    logits = module(torch.as_tensor(x)).numpy()
    assert logits.shape == (len(x), classes)
    assert (logits.argmax(axis=1) == estimator.predict(x)).all()
    if hasattr(estimator, "predict_proba"):
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        expected = powers / powers.sum(axis=1, keepdims=True)
        assert np.allclose(expected, estimator.predict_proba(x), atol=1e-9)


def test_what_is_no_network_has_no_inside() -> None:
    x, y = load_digits(return_X_y=True)
    assert as_network(GaussianNB().fit(x, y)) is None
    assert as_network(make_pipeline(GaussianNB()).fit(x, y)) is None
    assert as_network(None) is None


def table(path: Path, rows: np.ndarray, labels: np.ndarray) -> Path:
    return write_csv(path, {name: rows[:, j] for j, name in enumerate(FEATURES)} | {"label": labels})


def test_a_network_kept_as_two_files_is_attacked_where_it_answers(tmp_path: Path) -> None:
    x, y = digits()
    architecture = {
        "inputs": "images",
        "shape": [1, 8, 8],
        "classes": [str(i) for i in range(10)],
        "features": FEATURES,
        "layers": [
            {"type": "flatten"},
            {"type": "linear", "in": 64, "out": 32},
            {"type": "relu"},
            {"type": "linear", "in": 32, "out": 10},
        ],
    }
    files = {"table": table(tmp_path / "t.csv", x[1200:1300], y[1200:1300])}
    for name, data in network_files(architecture, digit_network().state_dict()).items():
        files[f"model/{name}"] = tmp_path / name
        files[f"model/{name}"].write_bytes(data)
    refs = {role: {"path": str(path), "sha256": sha256(path), "name": path.name} for role, path in files.items()}
    found = Subject.from_dict({"kind": "model", "files": refs, "columns": {"label": "label"}})
    from_files = evaluate("robust.adversarial", found, params={"epsilon": 0.1, **CHEAP}).readings
    known = torch_model(digit_network(), shape=(1, 8, 8))
    in_memory = run("robust.adversarial", known, x[1200:1300], y[1200:1300], epsilon=0.1, **CHEAP)
    for reading in from_files:
        assert reading.value == pytest.approx(in_memory[reading.metric, "overall"].value, abs=0.02)
        assert reading.status is Status.OK
    drop = evaluate("robust.corruption", found, params={"rows": 50}).readings[0]
    assert drop.status is Status.OK


def test_an_estimator_kept_as_skops_is_attacked_too(tmp_path: Path) -> None:
    x, y = digits()
    skops.io.dump(LogisticRegression(max_iter=500).fit(x[:1200], y[:1200]), tmp_path / "m.skops")
    path = table(tmp_path / "t.csv", x[1200:1300], y[1200:1300])
    found = subject(path, model=tmp_path / "m.skops", columns={"label": "label"}, features=FEATURES)
    for name, params in (("robust.adversarial", CHEAP), ("robust.boundary", {"iterations": 3}), ("robust.noise", {})):
        for reading in evaluate(name, found, params=params).readings:
            assert reading.status is Status.OK, reading.reason


def test_the_radius_is_in_the_units_of_the_input_and_not_of_the_scaled_one() -> None:
    class Sixteenths(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return digit_network()(rows / 16)

    x, y = digits()
    inside, outside = torch_model(Sixteenths(), shape=(1, 8, 8)), torch_model(digit_network(), shape=(1, 8, 8))
    metric = ("robust.linf.apgd_acc", "overall")
    raw = run("robust.adversarial", inside, x[1200:1300] * 16, y[1200:1300], epsilon=1.6, **CHEAP)[metric]
    scaled = run("robust.adversarial", outside, x[1200:1300], y[1200:1300], epsilon=0.1, **CHEAP)[metric]
    same_number = run("robust.adversarial", inside, x[1200:1300] * 16, y[1200:1300], epsilon=0.1, **CHEAP)[metric]
    assert raw.value == pytest.approx(scaled.value, abs=0.03)
    assert same_number.value > raw.value + 0.2
