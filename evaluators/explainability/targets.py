"""What is explained: one number per row of a model, and the fitted object behind it where an explainer knows it."""

from dataclasses import replace

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Subject, SubjectError
from evaluators.models.estimators import Estimator, Function
from evaluators.models.model import IMAGES, ROWS, VALUE, Model
from evaluators.models.opening import open_model
from evaluators.subjects.roles import feature_names

MARGIN_TREES = ("GradientBoostingClassifier", "HistGradientBoostingClassifier")


def open_rows_model(subject: Subject, *, device: str = "cpu") -> Model:
    """A model of rows or images with its feature names. Raises SubjectError for a model of texts."""
    model = open_model(subject, device=device)
    if model.inputs not in (ROWS, IMAGES):
        raise SubjectError(
            f"the model reads {model.inputs}; this explains models of rows, texts are explained by words"
        )
    return model if model.features else replace(model, features=feature_names(subject, model))


def fitted(model: Model) -> Estimator | None:
    """The scikit-learn estimator behind a model, or None."""
    is_known = type(model.estimator).__module__.startswith("sklearn.")
    return Estimator(model.estimator, model.features) if is_known else None


def target(model: Model, kind: str, favourable: str | None) -> tuple[Function, str]:
    """The function from rows (n, d) to (n,), and its name. Raises SubjectError if the favourable class is unknown."""
    if model.score_kind == VALUE:
        return (lambda rows: model.scores(rows)[:, 0]), "value"
    position, found = model.position(favourable), fitted(model)
    is_margin = kind == "linear" or (kind == "tree" and type(model.estimator).__name__ in MARGIN_TREES)
    if found and is_margin:
        return found.margin(favourable), "margin"
    if model.network is not None and kind == "gradient":
        return (lambda rows: log_odds(model.scores(rows), position)), "margin"
    if model.score_kind in ("probability", "logit"):
        return (lambda rows: model.probabilities(rows)[:, position]), "probability"
    if found and hasattr(model.estimator, "decision_function") and len(model.classes) == 2:
        return found.margin(favourable), "margin"
    return (lambda rows: model.scores(rows)[:, position]), model.score_kind


def log_odds(logits: FloatArray, position: int) -> FloatArray:
    """Of one class against all others together, from logits (n, K)."""
    others = np.delete(logits, position, axis=1)
    top = others.max(axis=1)
    return np.asarray(logits[:, position] - top - np.log(np.exp(others - top[:, None]).sum(axis=1)))
