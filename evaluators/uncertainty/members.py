"""The members of an ensemble, and how far they disagree."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.models.model import Model
from evaluators.uncertainty.selective import entropy


def members(model: Model) -> list[Model]:
    """Each member as a model of its own; none if the model is not an average of fitted members over all columns."""
    ensemble = model.estimator
    parts = getattr(ensemble, "estimators_", None)
    if not isinstance(parts, list) or len(parts) < 2 or not hasattr(ensemble, "predict_proba"):
        return []
    if not all(_speaks_alike(ensemble, part) for part in parts):
        return []
    return [replace(model, ask=_asking(part), score_kind="probability", estimator=part) for part in parts]


def mutual_information(parts: Sequence[FloatArray]) -> FloatArray:
    """Entropy of the mean minus mean of the entropies, per row, in nats: 0 where all members agree."""
    mean = np.mean(parts, axis=0)
    found = entropy(mean) - np.mean([entropy(part) for part in parts], axis=0)
    return np.asarray(np.maximum(found, 0.0))


def _speaks_alike(ensemble: Any, part: Any) -> bool:
    return (
        hasattr(part, "predict_proba")
        and getattr(part, "n_features_in_", None) == ensemble.n_features_in_
        and len(part.classes_) == len(ensemble.classes_)
    )


def _asking(part: Any) -> Any:
    return lambda rows: np.asarray(part.predict_proba(rows), dtype=np.float64)
