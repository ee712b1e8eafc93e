from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import catalog
from evaluators.contract import EvaluatorError
from evaluators.evaluate import silent
from evaluators.parameters import complete
from evaluators.shards import merged
from tests.evaluators.data import subject, write_csv

COLUMNS: dict[str, Any] = {"label": "label", "prediction": "prediction", "group": ["group", "sex"]}
ADDED = ("fairness.group", "fairness.classes", "fairness.subgroup", "fairness.paired", "compression.harm",
         "performance.accuracy", "performance.multiclass")  # fmt: skip


def table(rng: np.random.Generator, n: int = 420) -> dict[str, np.ndarray]:
    return {
        "label": rng.integers(0, 2, n),
        "prediction": rng.integers(0, 2, n),
        "old": rng.integers(0, 2, n),
        "group": rng.choice(["a", "b", "ç"], n),
        "sex": rng.choice(["f", "m"], n),
    }


def state(evaluator_id: str, path: Path, data: dict[str, np.ndarray]) -> Any:
    evaluator = catalog.load(evaluator_id)
    columns = COLUMNS | ({"baseline": "old"} if evaluator_id in ("fairness.paired", "compression.harm") else {})
    about = subject(write_csv(path, data), columns=columns, favourable="1")
    return evaluator.measure(about, params=complete(evaluator.parameters, {}), seed=0, progress=silent).statistics


@pytest.mark.parametrize("evaluator_id", ADDED)
def test_seven_shards_in_any_order_are_the_whole(evaluator_id: str, tmp_path: Path) -> None:
    data = table(np.random.default_rng(0))
    order = np.random.default_rng(1).permutation(420)
    whole = state(evaluator_id, tmp_path / "whole.csv", data)
    parts = [
        state(evaluator_id, tmp_path / f"{i}.csv", {name: values[rows] for name, values in data.items()})
        for i, rows in enumerate(np.array_split(order, 7))
    ]
    assert merged(evaluator_id, parts) == merged(evaluator_id, parts[::-1]) == whole


def test_what_needs_all_rows_at_once_says_so() -> None:
    with pytest.raises(EvaluatorError, match="all rows at once"):
        merged("fairness.individual", [{}, {}])
    with pytest.raises(EvaluatorError, match="no parts"):
        merged("fairness.group", [])
    with pytest.raises(EvaluatorError, match="ranks"):
        merged("performance.accuracy", [{"auc": {}, "classes": [], "groups": [], "counts": []}] * 2)
