"""Training the demo's models for real. Imported by dotted name and only when there is something to train."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import skops.io
from fairlearn.reductions import DemographicParity, ErrorRate, ExponentiatedGradient
from numpy.typing import NDArray
from pandas import DataFrame
from pandas.errors import Pandas4Warning
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from registry.management.demo.data import FEATURES, SURVEY_FEATURES, Applications, as_csv

FOLDS = 5
SEED = 0
CUT_OFF = 0.5
# Every group's approval rate is held to at least this share of everybody's, and everybody's of the group's. The limit
# is .80 on the lower bound; with 308 non-white applicants that bound lies some .08 below the estimate, and a part of
# what holds in training is lost on new rows, so the aim is set well above .88. It was settled after looking at some
# other columns, bounds and seeds of the folds; over four seeds the parity lies between .857 and .946, and the lowest
# of these would leave the gate undecided. The card says so.
RATIO_BOUND = 0.95
Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model trained on all rows, and what models like it said of rows they had not seen."""

    estimator: LogisticRegression
    model_file: bytes
    scores: Numbers
    predictions: Codes
    table: bytes


def train(data: Applications, *, fair: bool) -> Trained:
    """Train version 1, or with `fair` version 2. The same data gives the same model and predictions."""
    rows, labels = DataFrame(data.features, columns=list(FEATURES)), np.array(data.approved, dtype=np.int64)
    race = np.array(data.race)
    with threadpool_limits(limits=1):
        scores = np.zeros(len(labels))
        for known, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(rows, labels):
            model = fit(rows.iloc[known], labels[known], race[known] if fair else None)
            scores[unseen] = model.predict_proba(rows.iloc[unseen])[:, 1]
        final = fit(rows, labels, race if fair else None)
    predictions = (scores >= CUT_OFF).astype(np.int64)
    table = prediction_table(data, scores, predictions)
    return Trained(
        estimator=final, model_file=skops.io.dumps(final), scores=scores, predictions=predictions, table=table
    )


def fit(rows: DataFrame, labels: Codes, race: NDArray[Any] | None) -> LogisticRegression:
    """A logistic regression; where `race` is given, fitted under demographic parity, then blind to it."""
    scaler = StandardScaler().fit(rows)
    if race is None:
        plain = LogisticRegression(class_weight="balanced", max_iter=1000).fit(scaler.transform(rows), labels)
        return in_own_units(plain, scaler)
    reduction = ExponentiatedGradient(
        LogisticRegression(max_iter=1000),
        constraints=DemographicParity(ratio_bound=RATIO_BOUND),
        objective=ErrorRate(costs=balanced_costs(labels)),
    )
    with catch_warnings():
        # fairlearn writes into pandas objects in ways that pandas 4 will forbid; both are pinned so that they agree.
        simplefilter("ignore", Pandas4Warning)
        reduction.fit(scaler.transform(rows), labels, sensitive_features=race)
    # The algorithm answers with a lottery over predictors. Nobody should be refused a home by a draw, and what was
    # measured should be what is used: the predictor with the largest weight is the model, and the evidence is its own.
    return in_own_units(reduction.predictors_[reduction.weights_.idxmax()], scaler)


def in_own_units(fitted: LogisticRegression, scaler: StandardScaler) -> LogisticRegression:
    """The same function of the features as they are: one weight per column, so that reasons can be read off."""
    model = clone(fitted)
    model.coef_ = fitted.coef_ / scaler.scale_
    model.intercept_ = fitted.intercept_ - model.coef_ @ scaler.mean_
    model.classes_, model.n_iter_, model.n_features_in_ = fitted.classes_, fitted.n_iter_, fitted.n_features_in_
    model.feature_names_in_ = np.array(FEATURES, dtype=object)
    return model


def balanced_costs(labels: Codes) -> dict[str, float]:
    """What class_weight="balanced" says, as costs of a wrong yes and a wrong no: both classes count alike."""
    good = float(labels.mean())
    return {"fp": good, "fn": 1 - good}


def prediction_table(data: Applications, scores: Numbers, predictions: Codes) -> bytes:
    """The evidence as a file: the row's number, features, the lender's decision, score, prediction and group."""
    columns: dict[str, Sequence[object]] = {"application": range(1, len(scores) + 1)}
    columns |= dict(zip(FEATURES, zip(*data.features, strict=True), strict=True))
    columns |= {"approved": data.approved, "predicted": predictions.tolist()}
    columns |= {"score": [f"{score:.6f}" for score in scores], "race": data.race, "sex": data.sex}
    return as_csv(columns)


def train_survey_model(features: Sequence[tuple[float, ...]], labels: Sequence[int]) -> bytes:
    """The other team's model: who buys eco-labelled apples, as a skops file."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return bytes(skops.io.dumps(model.fit(DataFrame(features, columns=list(SURVEY_FEATURES)), labels)))
