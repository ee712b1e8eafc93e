"""Models whose robustness is known, and real images and rows to try them on."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from evaluators.contract import Reading
from evaluators.evaluate import Outcome
from evaluators.models.model import IMAGES, ROWS, Model
from evaluators.notebook import measure
from evaluators.robustness.cases import Case


@cache
def breast_cancer() -> tuple[Any, np.ndarray, np.ndarray]:
    """A linear model, and the standardised test rows with their outcomes."""
    x, y = load_breast_cancer(return_X_y=True)
    train, test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=0, stratify=y)
    scaler = StandardScaler().fit(train)
    model = LogisticRegression(C=1, max_iter=5000, random_state=0).fit(scaler.transform(train), y_train)
    return model, scaler.transform(test), y_test.astype(np.int64)


@cache
def halved_digits() -> tuple[Any, np.ndarray, np.ndarray]:
    """Digits below five and from five on: the linear model and the rows 1200 to 1299."""
    x, y = load_digits(return_X_y=True)
    x, y = x / 16, (y >= 5).astype(np.int64)
    return LogisticRegression(max_iter=3000).fit(x[:1200], y[:1200]), x[1200:1300], y[1200:1300]


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_digits(return_X_y=True)
    return x / 16, y.astype(np.int64)


def margins(model: Any, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How far each row lies on the right side of a linear model, in units of its score."""
    return (2 * labels - 1) * (rows @ model.coef_[0] + model.intercept_[0])


def as_model(estimator: Any, **facts: Any) -> Model:
    """A fitted estimator with two or more classes that are numbers."""
    classes = tuple(str(name) for name in estimator.classes_)
    given = {"inputs": ROWS, "score_kind": "probability", "estimator": estimator, "batch": 65_536}
    return Model(**(given | {"ask": estimator.predict_proba, "classes": classes} | facts))


def torch_model(module: torch.nn.Module, *, shape: tuple[int, ...], classes: int = 10, **facts: Any) -> Model:
    """A module over flat rows as a model."""
    module.eval()

    def ask(rows: np.ndarray) -> np.ndarray:
        inputs = torch.as_tensor(np.ascontiguousarray(rows), dtype=torch.float32).reshape(len(rows), *shape)
        with torch.inference_mode():
            return module(inputs).double().numpy()

    names = tuple(str(i) for i in range(classes))
    given = {"inputs": IMAGES if len(shape) == 3 else ROWS, "score_kind": "logit", "shape": shape, "network": module}
    return Model(**(given | {"ask": ask, "classes": names} | facts))


@cache
@torch.inference_mode(False)
@torch.enable_grad()
def digit_network(hardened: float = 0.0) -> torch.nn.Module:
    """A small perceptron over pixels from 0 to 1, trained on the first 1,200 digits, each moved to its worst first."""
    torch.manual_seed(0)
    x, y = digits()
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    rows, labels = torch.as_tensor(x[:1200], dtype=torch.float32), torch.as_tensor(y[:1200])
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(150):
        moved = rows.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(torch.nn.functional.cross_entropy(net(moved), labels), moved)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(rows + hardened * slope.sign()), labels).backward()
        optimiser.step()
    return net.eval()


def case(model: Model, rows: np.ndarray, labels: np.ndarray) -> Case:
    names = tuple(f"x{j}" for j in range(rows.shape[1]))
    return Case(model, rows, labels, np.arange(1, len(rows) + 1), names, "t.csv")


def run(
    evaluator: str, model: Model | Callable[..., Any], rows: np.ndarray, labels: Any, /, **params: Any
) -> dict[tuple[str, str], Reading]:
    """Readings of one evaluator by metric and slice."""
    found = outcome(evaluator, model, rows, labels, **params)
    return {(reading.metric, reading.slice): reading for reading in found.readings}


def outcome(evaluator: str, model: Any, rows: np.ndarray, labels: Any, /, **params: Any) -> Outcome:
    names = [f"x{j}" for j in range(rows.shape[1])]
    table = {name: rows[:, j] for j, name in enumerate(names)} | {"label": [str(value) for value in labels]}
    declared = {"columns": {"label": "label"}, "features": names, "params": params}
    return measure(evaluator, table=table, predict=model, **declared)
