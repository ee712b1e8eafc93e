"""The same model with nothing learnt: weights drawn anew, or fitted again on shuffled labels."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.explainability.targets import fitted
from evaluators.libraries import library
from evaluators.models.estimators import Estimator
from evaluators.models.model import VALUE, Model
from evaluators.models.opening import from_estimator

MAX_FITTED = 5_000


def how(model: Model, has_label: bool) -> str:
    """What can be randomised: "weights", "labels", or "" if neither."""
    if model.network is not None:
        return "weights"
    return "labels" if fitted(model) and has_label else ""


def layers(model: Model) -> list[str]:
    """Names of the network's layers that hold weights, from the output back to the input."""
    found = [name for name, part in model.network.named_modules() if any(True for _ in part.parameters(recurse=False))]
    return found[::-1]


def redrawn(model: Model, names: Sequence[str], rng: np.random.Generator) -> Model:
    """The network with the weights of these layers replaced by normal draws of the same spread."""
    torch = library("torch")
    network = copy.deepcopy(model.network)
    parts = dict(network.named_modules())
    with torch.no_grad():
        for name in names:
            for _, weight in parts[name].named_parameters(recurse=False):
                spread = float(weight.double().pow(2).mean().sqrt())
                drawn = rng.standard_normal(tuple(weight.shape)) * spread
                weight.copy_(torch.as_tensor(drawn, dtype=weight.dtype))
    network.eval()
    return replace(model, network=network, ask=_asking(network, model), queries=0, decide=None)


def refitted(
    model: Model, rows: FloatArray, labels: Sequence[Any], rng: np.random.Generator, *, explained: str | None = None
) -> Model | None:
    """The estimator fitted again on at most 5,000 rows with shuffled labels.

    None if these rows hold no label of the class that is explained, or no other: nothing can be learnt of it then.
    """
    kept = rng.permutation(len(rows))[:MAX_FITTED]
    shuffled = np.asarray(labels)[kept][rng.permutation(len(kept))]
    if explained is not None and not 0 < int((shuffled == explained).sum()) < len(shuffled):
        return None
    old = Estimator(model.estimator, model.features)
    fresh = library("sklearn.base").clone(model.estimator)
    with warnings.catch_warnings():
        # Labels that mean nothing are hard to fit: that it didn't converge says nothing.
        warnings.simplefilter("ignore")
        fresh.fit(old.frame(rows[kept]), shuffled)
    return from_estimator(Estimator(fresh, model.features))


def _asking(network: Any, model: Model) -> Any:
    torch = library("torch")

    def ask(rows: FloatArray) -> FloatArray:
        with torch.inference_mode():
            given = torch.as_tensor(np.asarray(rows), dtype=torch.float32, device=model.device)
            given = given.reshape(len(rows), *model.shape) if model.shape else given
            found = network(given).reshape(len(rows), -1).double().cpu().numpy()
        return np.asarray(found)

    return ask


def with_network_scores(model: Model) -> Model:
    """The model asked through its network, so that both sides of the comparison speak of logits."""
    kind = VALUE if model.score_kind == VALUE else "logit"
    return replace(model, ask=_asking(model.network, model), score_kind=kind)
