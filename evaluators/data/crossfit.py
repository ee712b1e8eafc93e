"""Probabilities for rows that the fitted model has not seen: folds, features as a matrix, and two in-house models."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import SubjectError
from evaluators.libraries import library
from evaluators.subjects.columns import Columns, numbers

FOLDS = 5
MAX_CATEGORIES = 50
ONE_THREAD_BELOW = 50_000


def features(columns: Columns, names: Sequence[str]) -> FloatArray:
    """Numbers as they are, other columns as ranks of their values; NaN where a value is absent."""
    parts: list[FloatArray] = []
    for name in names:
        values = numbers(columns.data[name])
        parts.append(columns.data[name].codes.astype(np.float64) if values is None else values)
    if not parts:
        raise SubjectError(f"{columns.file}: no feature column was declared, or none is left")
    return np.column_stack(parts)


def spread_out(columns: Columns, names: Sequence[str]) -> FloatArray:
    """Standardised numbers, absent ones at the mean, and a column for each of the commonest values of other columns."""
    parts: list[FloatArray] = []
    for name in names:
        values = numbers(columns.data[name])
        parts.append(_indicators(columns.data[name]) if values is None else _standardised(values)[:, None])
    if not parts:
        raise SubjectError(f"{columns.file}: no feature column was declared, or none is left")
    return np.concatenate(parts, axis=1)


def folds(outcome: IntArray, rows: FloatArray, rng: np.random.Generator, *, count: int = FOLDS) -> IntArray:
    """A fold per row, outcomes spread evenly. Rows are put in the order of their values first: theirs doesn't count."""
    order = np.lexsort((*rows.T, outcome))
    fold = np.empty(len(outcome), dtype=np.int64)
    for value in np.unique(outcome):
        members = order[outcome[order] == value]
        fold[members[rng.permutation(len(members))]] = np.arange(len(members)) % count
    return fold


def linear_probabilities(rows: FloatArray, outcome: IntArray, fold: IntArray, *, classes: int) -> FloatArray:
    """Out-of-fold probabilities of a logistic regression."""

    def make() -> Any:
        return library("sklearn.linear_model").LogisticRegression(max_iter=300, tol=1e-3)

    return _out_of_fold(make, rows, outcome, fold, classes)


def tree_probabilities(rows: FloatArray, outcome: IntArray, fold: IntArray, *, classes: int) -> FloatArray:
    """Out-of-fold probabilities of boosted trees, which see what is not linear and take absent values."""

    def make() -> Any:
        ensemble = library("sklearn.ensemble")
        return ensemble.HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=0
        )

    # On few rows the threads wait for one another longer than they work.
    limit = None if len(rows) > ONE_THREAD_BELOW else 1
    with library("threadpoolctl").threadpool_limits(limit, user_api="openmp"):
        return _out_of_fold(make, rows, outcome, fold, classes)


def parts(fold: IntArray) -> Iterator[tuple[Any, Any]]:
    """Masks of the rows to fit on and of the rows to predict."""
    for i in range(int(fold.max()) + 1):
        yield fold != i, fold == i


def _out_of_fold(make: Any, rows: FloatArray, outcome: IntArray, fold: IntArray, classes: int) -> FloatArray:
    p = np.zeros((len(rows), classes))
    for fitted, held in parts(fold):
        # The order of rows changes the last digits of a sum: they are fitted in the order of their values.
        order = np.flatnonzero(fitted)[np.lexsort((*rows[fitted].T, outcome[fitted]))]
        model = make().fit(rows[order], outcome[order])
        p[np.ix_(np.flatnonzero(held), model.classes_)] = model.predict_proba(rows[held])
    return p


def _standardised(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    mean, sd = values[known].mean(), values[known].std()
    return np.where(known, (values - mean) / (sd if sd > 0 else 1.0), 0.0)


def _indicators(item: Any) -> FloatArray:
    counts = np.bincount(item.codes, minlength=len(item.values))
    kept = np.sort(np.lexsort((np.arange(len(counts)), -counts))[:MAX_CATEGORIES])
    return np.asarray(item.codes[:, None] == kept[None, :], dtype=np.float64)
