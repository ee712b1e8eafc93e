"""Models of known attributions, and the rows of real tables that they read."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
import torch
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from evaluators.contract import Reading
from evaluators.evaluate import evaluate
from evaluators.explainability.cases import Case
from evaluators.models.model import ROWS, VALUE, Model
from tests.evaluators.data import subject, write_csv


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(x), y


def function_model(function: Any, features: int) -> Model:
    """A function from rows to numbers as a model."""
    names = tuple(f"f{i}" for i in range(features))
    return Model(inputs=ROWS, score_kind=VALUE, ask=lambda rows: np.asarray(function(rows))[:, None], features=names)


def network_model(network: torch.nn.Module, features: int, classes: tuple[str, ...] = ("0", "1")) -> Model:
    network.eval()

    def ask(rows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.as_tensor(rows, dtype=torch.float32)).double().numpy()

    names = tuple(f"f{i}" for i in range(features))
    return Model(inputs=ROWS, score_kind="logit", ask=ask, classes=classes, features=names, network=network)


@cache
def cancer_network() -> Model:
    """A small network that tells the two outcomes apart."""
    x, y = cancer()
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(30, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    optimiser = torch.optim.Adam(network.parameters(), lr=0.03)
    rows, labels = torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(rows), labels).backward()
        optimiser.step()
    return network_model(network, 30)


def case(model: Model, rows: np.ndarray, background: np.ndarray, *, kind: str, favourable: str | None = None) -> Case:
    return Case(model, rows, background, np.zeros(len(rows), dtype=np.int64), (), kind, favourable)


def saved(tmp_path: Path, estimator: BaseEstimator, *, features: int = 6, rows: int = 569) -> dict[str, Any]:
    """A fitted model and its table on disk, with two groups."""
    x, y = cancer()
    columns = [f"f{i}" for i in range(features)]
    skops.io.dump(estimator.fit(x[:, :features], y), tmp_path / "model.skops")
    data: dict[str, Any] = {name: x[:rows, i] for i, name in enumerate(columns)}
    data |= {"y": y[:rows], "g": np.where(np.arange(rows) % 3, "a", "ö")}
    return {"table": write_csv(tmp_path / "rows.csv", data), "model": tmp_path / "model.skops", "features": columns}


def measured(evaluator: str, found: dict[str, Any], params: dict[str, Any] | None = None) -> dict[Any, Reading]:
    told = subject(
        found["table"],
        model=found["model"],
        features=found["features"],
        favourable="1",
        columns={"label": "y", "group": ["g"]},
    )
    return {(r.metric, r.slice): r for r in evaluate(evaluator, told, params=params).readings}


def input_only(rows: np.ndarray, background: np.ndarray) -> np.ndarray:
    """An explainer that repeats the input and never asks the model."""
    return rows - background.mean(axis=0)


def at_random(rows: np.ndarray, seed: int = 0) -> np.ndarray:
    """An explainer that knows nothing."""
    return np.random.default_rng(seed).standard_normal(rows.shape)
