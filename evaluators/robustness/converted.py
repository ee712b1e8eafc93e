"""scikit-learn estimators that are small networks in substance, as torch modules in double precision."""

from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.libraries import library

LINEAR = ("LogisticRegression", "LinearSVC", "RidgeClassifier", "LinearDiscriminantAnalysis", "SGDClassifier")
ACTIVATIONS = {"relu": "ReLU", "tanh": "Tanh", "logistic": "Sigmoid", "identity": "Identity"}


def as_network(estimator: Any) -> Any:
    """A module from rows to logits that decides as the estimator does, or None if there is none.

    Known are linear classifiers and multi-layer perceptrons, alone or behind scalers in a pipeline.
    """
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    layers = [_scaler(step) for step in steps[:-1]]
    final = _classifier(steps[-1])
    if final is None or any(layer is None for layer in layers):
        return None
    return library("torch").nn.Sequential(*layers, *final)


def _scaler(step: Any) -> Any:
    kind = type(step).__name__
    if kind == "StandardScaler":
        scale = np.ones(step.n_features_in_) if step.scale_ is None else np.asarray(step.scale_)
        mean = np.zeros(step.n_features_in_) if step.mean_ is None else np.asarray(step.mean_)
        return _affine(np.diag(1 / scale), -mean / scale)
    if kind == "MinMaxScaler" and not step.clip:
        return _affine(np.diag(step.scale_), np.asarray(step.min_))
    return None


def _classifier(step: Any) -> list[Any] | None:
    kind = type(step).__name__
    if kind in LINEAR and hasattr(step, "coef_"):
        return [_affine(*_two_sided(np.asarray(step.coef_), np.asarray(step.intercept_)))]
    if kind == "MLPClassifier" and step.activation in ACTIVATIONS:
        return _perceptron(step)
    return None


def _perceptron(step: Any) -> list[Any]:
    nn = library("torch").nn
    layers: list[Any] = []
    for weights, bias in zip(step.coefs_[:-1], step.intercepts_[:-1], strict=True):
        layers += [_affine(weights.T, bias), getattr(nn, ACTIVATIONS[step.activation])()]
    return [*layers, _affine(*_two_sided(step.coefs_[-1].T, step.intercepts_[-1]))]


def _two_sided(weights: FloatArray, bias: FloatArray) -> tuple[FloatArray, FloatArray]:
    """One logit per class: estimators keep a single one for two classes, and the other's is 0."""
    weights, bias = np.atleast_2d(weights), np.atleast_1d(bias)
    if len(weights) > 1:
        return weights, bias
    return np.concatenate([np.zeros_like(weights), weights]), np.concatenate([np.zeros_like(bias), bias])


def _affine(weights: FloatArray, bias: FloatArray) -> Any:
    torch = library("torch")
    layer = torch.nn.Linear(weights.shape[1], weights.shape[0], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(np.ascontiguousarray(weights)))
        layer.bias.copy_(torch.as_tensor(np.ascontiguousarray(bias)))
    return layer.requires_grad_(False)
