"""Small models of texts with known weights, and subjects around tables of texts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluators import catalog
from evaluators.contract import Reading, Subject
from evaluators.language.wording import words
from evaluators.models.model import TEXTS, Model
from evaluators.parameters import complete
from tests.evaluators.data import subject, write_csv

CLASSES = ("negative", "positive")
Key = tuple[str, str]


def bag_of_words(weights: Mapping[str, float], *, bias: float = 0.0, **facts: Any) -> Model:
    """A logistic model: the log-odds of "positive" are the bias and the summed weights of the words."""

    def ask(texts: Sequence[str]) -> np.ndarray:
        z = [bias + sum(weights.get(word.text.lower(), 0.0) for word in words(text)) for text in texts]
        return np.stack([np.zeros(len(z)), np.array(z)], axis=1)

    return Model(inputs=TEXTS, score_kind="logit", ask=ask, classes=CLASSES, **facts)


def texts_subject(path: Path, texts: Sequence[str], labels: Sequence[str] = (), **facts: Any) -> Subject:
    """A table with columns text and, if given, label."""
    columns: dict[str, Sequence[Any]] = {"text": texts}
    roles: dict[str, Any] = {"text": "text"}
    if labels:
        columns["label"] = labels
        roles["label"] = "label"
    for role, values in facts.pop("more", {}).items():
        columns[role] = values
        roles[role] = role
    return subject(write_csv(path / "texts.csv", columns), columns=roles, favourable="positive", **facts)


def readings_of(
    evaluator_id: str, statistics: Mapping[str, Any], *, params: Mapping[str, Any] | None = None, seed: int = 1
) -> dict[Key, Reading]:
    found = catalog.summarise(evaluator_id, statistics, params=params or {}, level=0.95, seed=seed)
    return {(reading.metric, reading.slice): reading for reading in found}


def completed(evaluator_id: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return complete(catalog.load(evaluator_id).parameters, params)


def check_each_comes_back(evaluator_id: str, found: Mapping[Key, Reading], **params: Any) -> None:
    """Every reading is computed again from its own statistics."""
    for key, reading in found.items():
        again = readings_of(evaluator_id, reading.statistics, params=params)[key]
        assert (again.value, again.low, again.high, again.n) == (reading.value, reading.low, reading.high, reading.n)
