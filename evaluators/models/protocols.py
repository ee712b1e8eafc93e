"""What is sent to an endpoint and how its answer reads: our own JSON, the Open Inference Protocol, and chat."""

import json
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import quote

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Json, SubjectError
from evaluators.language.wording import shortened
from evaluators.models.wire import EndpointError, Wire


class Speech(Protocol):
    """One protocol: inputs to scores (n, K)."""

    def scores(self, inputs: Any, what: str) -> FloatArray:
        """Raises EndpointError if the answer isn't what the protocol says."""


class Own:
    """POST {"inputs": [[…], …] or ["text", …], "classes": […]} gives {"outputs": [[…], …]}, a row for each input."""

    def __init__(self, wire: Wire, classes: Sequence[str]) -> None:
        self.wire, self.classes = wire, list(classes)

    def scores(self, inputs: Any, what: str) -> FloatArray:
        answer = self.wire.post("", {"inputs": listed(inputs), "classes": self.classes}, what)
        return as_matrix(_key(answer, "outputs", what), len(inputs), what)


class OpenInference:
    """KServe v2: one tensor goes to /v2/models/<model>/infer, and the first tensor of the answer holds the scores."""

    def __init__(self, wire: Wire, model: str) -> None:
        self.wire, self.path = wire, f"/v2/models/{quote(model, safe='')}/infer"

    def scores(self, inputs: Any, what: str) -> FloatArray:
        is_text = isinstance(inputs, list)
        tensor: Json = {
            "name": "input-0",
            "shape": [len(inputs)] if is_text else list(inputs.shape),
            "datatype": "BYTES" if is_text else "FP64",
            "data": listed(inputs) if is_text else inputs.reshape(-1).tolist(),
        }
        outputs = _key(self.wire.post(self.path, {"inputs": [tensor]}, what), "outputs", what)
        if not isinstance(outputs, list) or not outputs or not isinstance(outputs[0], dict):
            raise EndpointError(f"{what}: the answer has no output tensor")
        data, shape = outputs[0].get("data"), outputs[0].get("shape")
        flat = as_matrix([data] if isinstance(data, list) and not _nested(data) else data, None, what).reshape(-1)
        if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
            raise EndpointError(f"{what}: the output tensor has no shape")
        if not shape or shape[0] != len(inputs) or np.prod(shape) != flat.size:
            raise EndpointError(f"{what}: the output tensor is shaped {shape} and holds {flat.size} numbers")
        return np.asarray(flat.reshape(len(inputs), -1))


class Chat:
    """OpenAI-style chat: one message per prompt at temperature 0 to /chat/completions, and its text is the answer."""

    def __init__(self, wire: Wire, model: str, classes: Sequence[str]) -> None:
        self.wire, self.model = wire, model
        self.index = {_plain(name): i for i, name in enumerate(classes)}
        if len(self.index) < len(classes):
            raise SubjectError(
                "endpoint: two classes differ in case, quotes or a full stop only, which answers may too"
            )

    def write(self, prompt: str, what: str) -> str:
        """What the model writes to one prompt."""
        body: Json = {"model": self.model, "messages": [{"role": "user", "content": prompt}], "temperature": 0}
        choices = _key(self.wire.post("/chat/completions", body, what), "choices", what)
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, str):
            raise EndpointError(f"{what}: the answer has no choices with the text of a message")
        return content

    def scores(self, inputs: Any, what: str) -> FloatArray:
        """One-hot: each answer must be the name of a class and nothing else, but for case, quotes and a full stop."""
        found = np.zeros((len(inputs), len(self.index)))
        for row, prompt in enumerate(inputs):
            word = self.write(prompt, what)
            position = self.index.get(_plain(word))
            if position is None:
                said = shortened(word, 60)
                raise EndpointError(f"{what}: the model answered {said!r}, which is the name of no class")
            found[row, position] = 1
        return found


def _plain(word: str) -> str:
    return word.strip().strip("\"'`.").casefold()


def listed(inputs: Any) -> list[Any]:
    """Inputs as JSON holds them; a missing cell is null."""
    if isinstance(inputs, list):
        return inputs
    return [[None if value != value else value for value in row] for row in inputs.tolist()]


def as_matrix(rows: Any, count: int | None, what: str) -> FloatArray:
    """Rows of numbers, as many as there were inputs. Raises EndpointError for anything else."""
    if not isinstance(rows, list) or (count is not None and len(rows) != count):
        found = f"{len(rows)} outputs" if isinstance(rows, list) else f"{json.dumps(rows)[:40]} as outputs"
        raise EndpointError(f"{what}: the answer has {found}, and {count or 'a list'} were asked for")
    rows = [row if isinstance(row, list) else [row] for row in rows]
    if len({len(row) for row in rows}) > 1:
        raise EndpointError(f"{what}: the outputs are of different lengths")
    if not all(type(value) in (int, float) for row in rows for value in row):
        raise EndpointError(f"{what}: the outputs hold something that is not a number")
    try:
        return np.array(rows, dtype=np.float64)
    except OverflowError as error:
        raise EndpointError(f"{what}: the outputs hold a number of too many digits") from error


def _nested(data: list[Any]) -> bool:
    return bool(data) and isinstance(data[0], list)


def _key(answer: Any, key: str, what: str) -> Any:
    if not isinstance(answer, dict) or key not in answer:
        raise EndpointError(f"{what}: the answer has no {key!r}")
    return answer[key]
