"""What a notebook holds, a function or a torch module, as a model that can be asked."""

import copy
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import SubjectError
from evaluators.inputs.parquet import as_text
from evaluators.models.model import ROWS, VALUE, Model
from evaluators.models.networks import asking


def words(values: Iterable[Any]) -> tuple[str, ...]:
    """Names as a table has them: 1 of numpy, 1 of Python and 1.0 are one word."""
    return tuple(as_text(value.item() if isinstance(value, np.generic) else value) for value in values)


def is_network(given: Any) -> bool:
    """Whether this is a torch module; whoever has one has loaded torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(given, torch.nn.Module)


def check_function(given: Any) -> None:
    """Raises SubjectError for what can't be called, an estimator above all, and says what to give instead."""
    if callable(given):
        return
    has = next((name for name in ("predict_proba", "predict") if hasattr(given, name)), None)
    raise SubjectError(
        f"a model is given as a function, and a {type(given).__name__} is none"
        + (f"; give its method {has}" + (' and say output="label"' if has == "predict" else "") if has else "")
    )


def from_function(
    given: Callable[[Any], Any], *, inputs: str, output: str, classes: tuple[str, ...], features: tuple[str, ...]
) -> Model:
    """A function of inputs to what `output` says."""

    def ask(asked: Any) -> FloatArray:
        answer = _array(given(asked))
        if output == "label":
            return _one_hot(answer, classes)
        scores = _numbers(answer)
        return scores.reshape(-1, 1) if output == VALUE else scores

    return Model(inputs=inputs, score_kind=output, ask=ask, classes=classes, features=features, batch=65_536)


def from_network(given: Any, *, inputs: str, output: str, classes: tuple[str, ...], features: tuple[str, ...]) -> Model:
    """A torch module of rows, on the device where it is; with gradients if it answers with logits or values.

    It is copied and put in evaluation mode: the module of the notebook stays as it is.
    """
    if inputs != ROWS or output == "label":
        raise SubjectError(
            f"a torch module takes rows and gives logits, probabilities or values, not {inputs} or {output}"
        )
    network = copy.deepcopy(given).eval().requires_grad_(False)
    device = str(next((weights.device for weights in network.parameters()), "cpu"))
    ask = asking(network, (len(features),), device)
    return Model(
        inputs=inputs,
        score_kind=output,
        ask=(lambda rows: ask(rows).reshape(-1, 1)) if output == VALUE else ask,
        classes=classes,
        features=features,
        shape=(len(features),),
        batch=1_024,
        network=None if output == "probability" else network,
        device=device,
        facts={"device": device},
    )


def _array(answer: Any) -> Any:
    """Arrays, lists and tensors, those with gradients included, as an array."""
    return np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)


def _numbers(answer: Any) -> FloatArray:
    try:
        numbers: FloatArray = answer.astype(np.float64)
    except (TypeError, ValueError) as error:
        said = "the function answered with something other than numbers"
        raise SubjectError(f'{said} ({error}); one that answers with labels says output="label"') from error
    return numbers


def _one_hot(labels: Any, classes: tuple[str, ...]) -> FloatArray:
    said = words(labels.reshape(-1).tolist())
    unknown = next((word for word in said if word not in classes), None)
    if unknown is not None:
        raise SubjectError(f"the function answered with the label {unknown!r}, which is none of {', '.join(classes)}")
    return np.eye(len(classes))[[classes.index(word) for word in said]]
