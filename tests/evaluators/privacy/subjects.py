"""Subjects for the tests of the privacy family: columns in memory, models fitted on the spot."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from evaluators.contract import FileRef, Reading
from evaluators.evaluate import Outcome, evaluate
from evaluators.inputs.memory import InMemory, reference
from evaluators.models.estimators import Estimator
from evaluators.models.model import Model
from evaluators.models.opening import from_estimator

Columns = Mapping[str, Sequence[Any]]


def memory(table: Columns, *, other: Columns | None = None, model: Model | None = None, **facts: Any) -> InMemory:
    tables = {"table": table} | ({"reference": other} if other else {})
    files = {role: reference(role, columns) for role, columns in tables.items()}
    if model:
        files["model"] = FileRef(path="", sha256="0" * 64, name="the model in memory")
    return InMemory(
        kind="memory",
        files=files,
        tables=tables,
        models={"model": model} if model else {},
        **facts,
    )


def run(evaluator: str, table: Columns, *, params: dict[str, Any] | None = None, **facts: Any) -> Outcome:
    return evaluate(evaluator, memory(table, **facts), params=params)


def read(evaluator: str, table: Columns, **facts: Any) -> dict[tuple[str, str], Reading]:
    return {(reading.metric, reading.slice): reading for reading in run(evaluator, table, **facts).readings}


def fitted(estimator: BaseEstimator, rows: np.ndarray, label: np.ndarray) -> Model:
    names = tuple(f"f{i}" for i in range(rows.shape[1]))
    return from_estimator(Estimator(estimator.fit(rows, label), names))


def columns(rows: np.ndarray, **more: Sequence[Any]) -> dict[str, Sequence[Any]]:
    return {f"f{i}": rows[:, i] for i in range(rows.shape[1])} | more


def noisy_rows(seed: int, n: int, *, features: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Rows of which only the first feature says something about the label, and not for certain."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, features))
    return rows, (rng.random(n) < 1 / (1 + np.exp(-1.5 * rows[:, 0]))).astype(int)
