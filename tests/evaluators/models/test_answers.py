"""Answers of endpoints and models that would turn into numbers, secrets or crashes if they were taken as they come."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Subject, SubjectError
from evaluators.models import wire
from evaluators.models.endpoints import open_endpoint
from evaluators.models.model import BadOutput, Model
from evaluators.models.wire import EndpointError
from tests.evaluators.models.servers import Seen, send, serving

ROWS = np.zeros((2, 2))
SECRET = "s3cret-s3cret"


def opened(url: str, **about: Any) -> Model:
    facts = {"url": url, "protocol": "assay", "inputs": "rows", "output": "probability", "classes": ["no", "yes"]}
    return open_endpoint(Subject(kind="endpoint", files={}, features=("a", "b"), endpoint=facts | about))


def chat(url: str, **about: Any) -> Model:
    return opened(url, protocol="openai-chat", model="m", inputs="prompts", output="label", **about)


@pytest.mark.parametrize("pause", ["nan", "-1", "inf", "never"])
def test_a_pause_that_is_no_number_is_the_usual_one(pause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(wire, "LONGEST_PAUSE_S", 0.002)

    def busy(seen: Seen, handler: BaseHTTPRequestHandler, _: Any) -> Any:
        if len(seen.bodies) > 1:
            return {"outputs": [[0.5, 0.5]] * 2}
        return send(handler, b"", 503, Retry_After=pause)

    with serving(busy) as seen:
        assert opened(seen.url).scores(ROWS).shape == (2, 2)


def test_a_number_of_too_many_digits_is_named() -> None:
    digits = json.dumps({"outputs": [[10**400, 0], [1, 0]]}).encode()
    with (
        serving(lambda _, handler, __: send(handler, digits)) as seen,
        pytest.raises(EndpointError, match="inputs 1 to 2: .*too many digits"),
    ):
        opened(seen.url).scores(ROWS)


def test_a_token_that_comes_back_stays_out_of_what_a_model_wrote_and_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", SECRET)

    def echo(_: Seen, handler: BaseHTTPRequestHandler, __: Any) -> Any:
        return {"choices": [{"message": {"content": f"I was sent {handler.headers['Authorization']}"}}]}

    with serving(echo) as seen:
        model = chat(seen.url, token_env="ASSAY_ENDPOINT_TOKEN")
        assert model.written(["hello"]) == ["I was sent Bearer (the token)"]
        with pytest.raises(EndpointError, match="name of no class") as caught:
            model.scores(["hello"])
    assert SECRET not in str(caught.value)


def test_an_address_in_what_a_model_wrote_stays_out_of_the_error() -> None:
    def tells(_: Seen, __: BaseHTTPRequestHandler, ___: Any) -> Any:
        return {"choices": [{"message": {"content": "Write to ada@example.org instead"}}]}

    with serving(tells) as seen, pytest.raises(EndpointError, match="'Write to xxx@xxxxxxx.xxx instead', which is"):
        chat(seen.url).scores(["hello"])


def test_a_token_in_a_line_that_is_no_answer_stays_out_of_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", SECRET)
    monkeypatch.setattr(wire, "FIRST_PAUSE_S", 0.001)

    def echo(_: Seen, handler: BaseHTTPRequestHandler, __: Any) -> None:
        handler.wfile.write(f"{SECRET}\r\n\r\n".encode())

    with serving(echo) as seen, pytest.raises(EndpointError, match="broke off") as caught:
        opened(seen.url, token_env="ASSAY_ENDPOINT_TOKEN").scores(ROWS)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("classes", [["Yes", "yes"], ["no", "no."], ["a", "'a'"]])
def test_classes_that_answers_could_not_tell_apart_are_refused(classes: list[str]) -> None:
    with pytest.raises(SubjectError, match="two classes differ"):
        chat("http://localhost:1", classes=classes)


def test_a_class_with_a_full_stop_is_named_by_an_answer_that_has_it() -> None:
    with serving(lambda *_: {"choices": [{"message": {"content": "N.A."}}]}) as seen:
        assert chat(seen.url, classes=["N.A.", "yes"]).scores(["a"]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("row", [[0.0, 0.0], [1.0, 1.0], [0.4, 0.6], [2.0, -1.0]])
def test_an_answer_that_names_no_class_is_no_label(row: list[float]) -> None:
    model = Model(
        inputs="rows", score_kind="label", ask=lambda rows: np.array([row] * len(rows)), classes=("no", "yes")
    )
    with pytest.raises(BadOutput, match="input 1 is .* names no one class"):
        model.labels(ROWS)
