"""Plain learners for controls and attackers, always scored on rows they were not fitted to."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.inputs.tables import Categorical
from evaluators.libraries import library

FOLDS = 5
MAX_LEVELS = 20
Learner = Callable[[int], Any]


def trees(seed: int) -> Any:
    """Boosted trees, small enough for a control."""
    ensemble = library("sklearn.ensemble")
    return ensemble.HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=seed % 2**32)


def linear(seed: int) -> Any:
    """Logistic regression on standardised columns."""
    return library("sklearn.pipeline").make_pipeline(
        library("sklearn.preprocessing").StandardScaler(),
        library("sklearn.linear_model").LogisticRegression(max_iter=500, random_state=seed % 2**32),
    )


def majority(seed: int) -> Any:
    return library("sklearn.dummy").DummyClassifier(strategy="most_frequent")


def as_numbers(item: Categorical) -> FloatArray:
    """A column as one or more numeric ones (n, k): numbers as they are, words as indicators or, if many, codes."""
    try:
        values = np.array([float(value) if value.strip() else np.nan for value in item.values])
    except ValueError:
        if len(item.values) > MAX_LEVELS:
            return item.codes[:, None].astype(np.float64)
        return np.eye(len(item.values))[item.codes]
    numbers = np.where(np.isfinite(values), values, np.nan)[item.codes]
    missing = np.isnan(numbers)
    middle = float(np.median(numbers[~missing])) if (~missing).any() else 0.0
    return np.where(missing, middle, numbers)[:, None]


def out_of_fold(rows: FloatArray, target: IntArray, learner: Learner, *, rng: np.random.Generator) -> FloatArray:
    """Probabilities (n, K) of codes 0..K-1, each by a learner that has not seen the row.

    Rows are put in the order of their values first, so that the order of the table leaves no trace.
    """
    order = np.lexsort((*rows.T, target))
    rows, target = rows[order], target[order]
    seed, classes = int(rng.integers(2**31)), int(target.max()) + 1
    fold = _folds(target, rng)
    found = np.zeros((len(rows), classes))
    # One thread: the same bits on any machine, and no waiting for one another where the rows are few.
    with library("threadpoolctl").threadpool_limits(limits=1):
        for k in range(FOLDS):
            train, test = fold != k, fold == k
            fitted = _fit(learner(seed), rows[train], target[train])
            found[np.ix_(test, fitted.classes_)] = fitted.predict_proba(rows[test])
    back = np.empty_like(found)
    back[order] = found
    return back


def _fit(model: Any, rows: FloatArray, target: IntArray) -> Any:
    """Fitted. A learner that has not converged is a weaker attacker and no reason to stop."""
    if len(np.unique(target)) < 2:
        model = majority(0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=library("sklearn.exceptions").ConvergenceWarning)
        return model.fit(rows, target)


def _folds(target: IntArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """Fold numbers, every class spread evenly."""
    fold = np.empty(len(target), dtype=np.int64)
    for code in np.unique(target):
        places = np.flatnonzero(target == code)
        fold[places] = rng.permutation(np.arange(len(places)) % FOLDS)
    return fold
