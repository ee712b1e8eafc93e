"""Open the model of a subject, by what its files are."""

import numpy as np

from evaluators.contract import Subject
from evaluators.counts import FloatArray
from evaluators.models.estimators import Estimator, open_estimator
from evaluators.models.model import ROWS, VALUE, Model
from evaluators.parquet import as_text


def open_model(subject: Subject, *, role: str = "model", device: str = "cpu") -> Model:
    """The model in the files of that role. Raises SubjectError saying why it can't be opened; nothing is unpickled."""
    return from_estimator(open_estimator(subject))


def from_estimator(found: Estimator) -> Model:
    """A scikit-learn estimator as a model."""
    common = {"inputs": ROWS, "features": found.features, "accepts_missing": found.accepts_missing, "batch": 65_536}
    if not found.is_classifier:
        return Model(
            score_kind=VALUE, ask=lambda rows: found.value()(rows)[:, None], estimator=found.estimator, **common
        )
    classes = tuple(as_text(value) for value in np.asarray(found.estimator.classes_).tolist())
    if hasattr(found.estimator, "predict_proba"):

        def ask(rows: FloatArray) -> FloatArray:
            return np.asarray(found.estimator.predict_proba(found.frame(rows)), dtype=np.float64)

        return Model(score_kind="probability", ask=ask, classes=classes, estimator=found.estimator, **common)

    def one_hot(rows: FloatArray) -> FloatArray:
        words = [as_text(value) for value in np.asarray(found.estimator.predict(found.frame(rows))).tolist()]
        return np.eye(len(classes))[[classes.index(word) for word in words]]

    return Model(score_kind="label", ask=one_hot, classes=classes, estimator=found.estimator, **common)
