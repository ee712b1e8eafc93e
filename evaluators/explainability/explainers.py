"""Attributions of a model of rows, by the method that suits it, checked against the model itself."""

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import SubjectError
from evaluators.explainability.gradients import gradient
from evaluators.explainability.local import local_linear
from evaluators.explainability.shapley import MAX_FEATURES, exact
from evaluators.explainability.targets import MARGIN_TREES, fitted, target
from evaluators.libraries import library
from evaluators.models.estimators import Function
from evaluators.models.model import VALUE, Model

LINEAR = ("LinearRegression", "Ridge", "Lasso", "ElasticNet", "LogisticRegression", "LinearSVC", "RidgeClassifier")
PROBABILITY_TREES = (
    "DecisionTreeClassifier",
    "ExtraTreeClassifier",
    "RandomForestClassifier",
    "ExtraTreesClassifier",
)
VALUE_TREES = ("DecisionTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor", "GradientBoostingRegressor")
DOUBLE_PRECISION_TREES = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
TREES = (*PROBABILITY_TREES, *VALUE_TREES, "HistGradientBoostingRegressor", *MARGIN_TREES)
KINDS = ("auto", "linear", "tree", "permutation", "exact", "gradient", "local")
# Values of these add up to the output; the others' need not.
ADDITIVE = ("linear", "tree", "permutation", "exact")
MAX_ROUNDS = 10
MIN_ROUNDS = 2
MAX_PREDICTIONS = 4_000_000


@dataclass(frozen=True)
class Explanation:
    """phi is shaped (rows, features); `gap` is how far phi is from adding up, in units of the spread of f."""

    phi: FloatArray
    base: float
    gap: float
    explainer: str
    output: str
    background_sha256: str


def choose(model: Model, rows: FloatArray, wanted: str = "auto") -> str:
    """linear, tree or permutation. A pipeline is explained from outside, in terms of its own columns.

    shap's tree algorithm rounds its input to single precision. Models that split on double precision are given to it
    only if the rows survive that, for otherwise some rows take the wrong branch.
    """
    if wanted != "auto":
        _check(model, rows, wanted)
        return wanted
    name = type(model.estimator).__name__ if fitted(model) else ""
    if name in LINEAR and len(np.atleast_2d(model.estimator.coef_)) == 1:
        return "linear"
    if name in DOUBLE_PRECISION_TREES and not np.array_equal(rows, rows.astype(np.float32), equal_nan=True):
        return "permutation"
    return "tree" if name in TREES and (_is_of_one_output(model) or name in PROBABILITY_TREES) else "permutation"


def _is_of_one_output(model: Model) -> bool:
    """Whether one margin or value says all there is to say."""
    return model.score_kind == VALUE or len(model.classes) == 2


def _check(model: Model, rows: FloatArray, wanted: str) -> None:
    """Raise SubjectError if that explainer can't work on this model."""
    name = type(model.estimator).__name__ if fitted(model) else "this model"
    if wanted == "linear" and name not in LINEAR:
        raise SubjectError(f"the linear explainer reads coefficients, and {name} has none")
    if wanted == "tree" and name not in TREES:
        raise SubjectError(f"the tree explainer reads trees, and {name} has none")
    if (wanted == "linear" or wanted == "tree" and name in MARGIN_TREES) and not _is_of_one_output(model):
        raise SubjectError(
            f"the {wanted} explainer reads one margin, and this {name} has one for each of its {len(model.classes)} "
            "classes; the permutation explainer can do it"
        )
    if wanted == "gradient" and model.network is None:
        raise SubjectError("the gradient explainer needs a network, and this model gives no gradient")
    if wanted == "exact" and rows.shape[1] > MAX_FEATURES:
        raise SubjectError(
            f"all subsets of {rows.shape[1]} features are too many: at most {MAX_FEATURES} are enumerated"
        )


def explain(
    model: Model,
    background: FloatArray,
    rows: FloatArray,
    *,
    kind: str,
    favourable: str | None,
    seed: int,
    among: int | None = None,
) -> Explanation:
    """Attributions of the rows against the background, interventional, and how well they add up.

    `among` is of how many rows these are a part; where each costs many predictions, it says how many are spent.
    """
    function, output = target(model, kind, favourable)
    compute = {
        "linear": _linear,
        "tree": _tree,
        "permutation": partial(_permutation, among=among or len(rows)),
        "exact": lambda model, function, background, rows, favourable, seed: exact(function, background, rows),
        "gradient": gradient,
        "local": local_linear,
    }[kind]
    phi, base = compute(model, function, background, rows, favourable, seed)
    return Explanation(
        phi=phi,
        base=base,
        gap=additivity_gap(phi, base, function(rows), function(background)),
        explainer=kind,
        output=output,
        background_sha256=hashlib.sha256(np.ascontiguousarray(background).tobytes()).hexdigest(),
    )


def permutation_rounds(predictions: int) -> int:
    """How many pairs of permutations are walked, given the predictions one takes: fewer where they are dear."""
    return max(MIN_ROUNDS, min(MAX_ROUNDS, MAX_PREDICTIONS // max(predictions, 1)))


def additivity_gap(phi: FloatArray, base: float, on_rows: FloatArray, on_background: FloatArray) -> float:
    """The larger error of phi not adding up to f and of the base not being f's mean on the background."""
    spread = float(np.max(np.abs(on_rows - on_background.mean())))
    # The output of a constant model varies by rounding alone, which is no spread to measure with.
    scale = spread if spread > 1e-12 * float(np.max(np.abs(on_rows))) else 1.0
    sums = float(np.max(np.abs(phi.sum(axis=1) + base - on_rows)))
    return max(sums, abs(base - float(on_background.mean()))) / scale


def _linear(
    model: Model, function: Function, background: FloatArray, rows: FloatArray, favourable: str | None, _: int
) -> tuple[FloatArray, float]:
    """The coefficient times the distance from the background's mean: exact for a linear function."""
    weights = np.squeeze(np.asarray(model.estimator.coef_, dtype=np.float64)).reshape(-1)
    if model.score_kind != VALUE and model.position(favourable) == 0:
        weights = -weights
    return (rows - background.mean(axis=0)) * weights, float(function(background).mean())


def _tree(
    model: Model, _function: Function, background: FloatArray, rows: FloatArray, favourable: str | None, _: int
) -> tuple[FloatArray, float]:
    """shap's interventional algorithm; its own additivity check is off because ours compares with the model itself."""
    shap = library("shap")
    explainer = shap.TreeExplainer(model.estimator, background, feature_perturbation="interventional")
    phi = np.asarray(explainer.shap_values(rows, check_additivity=False), dtype=np.float64)
    base = np.asarray(explainer.expected_value, dtype=np.float64).reshape(-1)
    if phi.ndim == 3:
        position = model.position(favourable)
        return phi[:, :, position], float(base[position])
    if model.score_kind != VALUE and model.position(favourable) == 0:
        phi, base = -phi, -base
    return phi, float(base[0])


def _permutation(
    model: Model,
    function: Function,
    background: FloatArray,
    rows: FloatArray,
    favourable: str | None,
    seed: int,
    *,
    among: int,
) -> tuple[FloatArray, float]:
    shap = library("shap")
    width = 2 * rows.shape[1] + 1
    rounds = permutation_rounds(among * width * len(background))
    masker = shap.maskers.Independent(background, max_samples=len(background))
    explainer = shap.PermutationExplainer(function, masker, seed=seed % (1 << 32))
    found: Any = explainer(rows, max_evals=rounds * width, silent=True)
    return np.asarray(found.values, dtype=np.float64), float(np.mean(found.base_values))
