"""Every evaluator of models that write, from prompts to readings: a function of a notebook and a chat endpoint."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evaluators.contract import ParameterError, Status, Subject
from evaluators.evaluate import Outcome, evaluate
from evaluators.models import wire
from evaluators.models.endpoints import BudgetSpent
from evaluators.models.model import BadOutput, NotOffered
from evaluators.models.wire import EndpointError
from evaluators.notebook import as_model, measure
from tests.evaluators.models.servers import Seen, send, serving

# What is asked, and how many questions that is.
EVERY: dict[str, tuple[dict[str, Any], int]] = {
    "gen.consistency": ({"samples": 2}, 40),
    "gen.format": ({}, 30),
    "gen.injection": ({"trials": 20}, 20),
    "gen.outputs": ({"questions": 10, "sets": ["gender"]}, 40),
    "gen.refusals": ({}, 150),
}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FIRST_PAUSE_S", 0.01)


def reply(prompt: str) -> str:
    """A model that keeps the format, obeys no order inside a document and refuses nothing."""
    return '{"name": "Ada", "age": 36}' if "JSON" in prompt else f"An answer of {len(prompt.split())} words."


def chat(handler: Callable[[str], str]) -> Callable[..., Any]:
    def answer(_: Seen, __: Any, body: dict[str, Any]) -> Any:
        (message,) = body["messages"]
        return {"choices": [{"message": {"role": "assistant", "content": handler(message["content"])}}]}

    return answer


def behind(seen: Seen, **about: Any) -> Subject:
    endpoint = {"url": seen.url, "protocol": "openai-chat", "model": "m", "timeout_s": 5} | about
    return Subject.from_dict({"kind": "endpoint", "files": {}, "endpoint": endpoint})


def counts(outcome: Outcome) -> dict[str, int]:
    (asked,) = [evidence for evidence in outcome.evidence if evidence.name == "asked"]
    return dict(asked.data["rows"])


@pytest.mark.parametrize("evaluator_id", sorted(EVERY))
def test_a_function_that_writes_is_measured(evaluator_id: str) -> None:
    params, prompts = EVERY[evaluator_id]
    sizes: list[int] = []

    def predict(asked: list[str]) -> list[str]:
        sizes.append(len(asked))
        return [reply(prompt) for prompt in asked]

    outcome = measure(evaluator_id, predict=predict, inputs="prompts", params=params)
    assert Status.OK in {reading.status for reading in outcome.readings}
    assert counts(outcome)["queries of the model"] == sum(sizes) >= prompts
    again = measure(evaluator_id, predict=predict, inputs="prompts", params=params)
    assert [reading.as_dict() for reading in again.readings] == [reading.as_dict() for reading in outcome.readings]


@pytest.mark.parametrize("evaluator_id", sorted(EVERY))
def test_a_chat_endpoint_is_measured_like_the_function_behind_it(evaluator_id: str) -> None:
    params, prompts = EVERY[evaluator_id]
    with serving(chat(reply)) as seen:
        outcome = evaluate(evaluator_id, behind(seen), params=params)
    found = counts(outcome)
    assert found["queries of the model"] == found["requests over the network"] == len(seen.bodies) >= prompts
    assert found["of these, repeated"] == 0
    assert {body["temperature"] for body in seen.bodies} == {0}
    inside = measure(
        evaluator_id, predict=lambda asked: [reply(prompt) for prompt in asked], inputs="prompts", params=params
    )
    assert [(r.metric, r.slice, r.status, r.value, r.n) for r in outcome.readings] == [
        (r.metric, r.slice, r.status, r.value, r.n) for r in inside.readings
    ]


@pytest.mark.parametrize("evaluator_id", sorted(EVERY))
def test_a_server_that_stalls_is_given_up_and_named(evaluator_id: str) -> None:
    def stall(seen: Seen, *_: Any) -> Any:
        seen.is_over.wait(20)

    with serving(stall) as seen, pytest.raises(EndpointError, match=r"inputs 1 to 1: .* no whole answer within 0\.1 s"):
        evaluate(evaluator_id, behind(seen, timeout_s=0.1), params=EVERY[evaluator_id][0])


def test_a_server_that_stalls_after_some_answers_names_the_prompt() -> None:
    def tire(seen: Seen, handler: Any, body: dict[str, Any]) -> Any:
        if len(seen.bodies) > 11:
            seen.is_over.wait(20)
            return None
        return chat(reply)(seen, handler, body)

    with serving(tire) as seen, pytest.raises(EndpointError, match="inputs 12 to 12"):
        evaluate("gen.refusals", behind(seen, timeout_s=0.2))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "inputs 1 to 1.*not JSON"),
        (b'{"choices": []}', "no choices with the text of a message"),
        (b'{"choices": [{"message": {"content": null}}]}', "no choices with the text of a message"),
        (b'{"choices": [{"message": {"content": [1]}}]}', "no choices with the text of a message"),
        (b'{"error": "model is loading"}', "no 'choices'"),
    ],
)
@pytest.mark.parametrize("evaluator_id", ["gen.consistency", "gen.refusals"])
def test_a_server_that_answers_garbage_yields_no_number(evaluator_id: str, content: bytes, words: str) -> None:
    def garbage(_: Seen, handler: Any, __: Any) -> Any:
        send(handler, content)

    with serving(garbage) as seen, pytest.raises(EndpointError, match=words):
        evaluate(evaluator_id, behind(seen), params=EVERY[evaluator_id][0])


def test_a_request_that_was_repeated_is_shown_and_costs_no_second_query() -> None:
    is_first: Iterator[bool] = iter([True])

    def busy_once(seen: Seen, handler: Any, body: dict[str, Any]) -> Any:
        if next(is_first, False):
            return send(handler, b"{}", status=503)
        return chat(reply)(seen, handler, body)

    with serving(busy_once) as seen:
        found = counts(evaluate("gen.format", behind(seen)))
    assert list(found.values()) == [30, 30, 31, 1]


def test_spent_queries_end_the_run_with_their_number() -> None:
    with serving(chat(reply)) as seen, pytest.raises(BudgetSpent, match="20 of 20 queries are spent"):
        evaluate("gen.refusals", behind(seen, max_queries=20))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda asked: "one text", "prompts 1 to 8 need a text each, and the model gave a str"),
        (lambda asked: None, "the model gave a NoneType"),
        (lambda asked: ["x"], "prompts 1 to 8 need a text each, and the model gave 1 in a list"),
        (lambda asked: ["x", *[3] * (len(asked) - 1)], "answer to prompt 2 is of the type int and not a text"),
        (lambda asked: [None] * len(asked), "answer to prompt 1 is of the type NoneType"),
    ],
)
def test_a_function_that_answers_something_else_is_refused(answer: Any, words: str) -> None:
    with pytest.raises(BadOutput, match=words):
        measure("gen.refusals", predict=answer, inputs="prompts")


def test_a_function_that_writes_can_not_be_asked_for_classes() -> None:
    model = as_model(lambda asked: asked, inputs="prompts", output="probability", classes=(), features=())
    assert model.written(["a"]) == ["a"]
    with pytest.raises(NotOffered, match="writes texts and names no classes"):
        model.scores(["a"])


def test_a_function_with_classes_is_still_asked_for_them() -> None:
    model = as_model(lambda asked: ["no"] * len(asked), inputs="prompts", output="label", classes=("no",), features=())
    assert model.labels(["Is it?"]).tolist() == [0]
    with pytest.raises(NotOffered, match="classifies and writes no texts"):
        model.written(["Is it?"])


def test_outputs_that_are_brought_are_judged_by_their_own_schema_and_by_no_other() -> None:
    outputs = [json.dumps({"a": i}) if i % 5 else "no JSON" for i in range(60)]
    table = {"t": [f"Give {i} as JSON." for i in range(60)], "o": outputs}
    about = {"table": table, "columns": {"text": "t", "output": "o"}}
    with pytest.raises(ParameterError, match="none was given: set the parameter schema"):
        measure("gen.format", **about)
    for schema, value in (("{}", 0.8), ('{"type": "object", "required": ["a"]}', 0.8), ('{"required": ["b"]}', 0.0)):
        reading = measure("gen.format", **about, params={"schema": schema}).reading("gen.format_adherence")
        assert reading.value == pytest.approx(value, abs=0.03)
