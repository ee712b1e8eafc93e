"""Models behind an address: three protocols, and everything that can go wrong on the way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Subject, SubjectError
from evaluators.evaluate import evaluate
from evaluators.models import wire
from evaluators.models.checks import Randomised, require_one_answer
from evaluators.models.endpoints import BudgetSpent
from evaluators.models.model import BadOutput, Model, NotOffered
from evaluators.models.opening import open_model
from evaluators.models.wire import EndpointError
from tests.evaluators.data import sha256, write_csv
from tests.evaluators.models.servers import Seen, send, serving

ROWS = np.random.default_rng(0).normal(size=(10, 2))
CLASSES = ["no", "yes"]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FIRST_PAUSE_S", 0.01)


def probabilities(rows: Any) -> list[list[float]]:
    p = 1 / (1 + np.exp(-np.array(rows, dtype=float)[:, 0]))
    return np.column_stack([1 - p, p]).tolist()


def own(_: Seen, __: Any, body: dict[str, Any]) -> Any:
    return {"outputs": probabilities(body["inputs"])}


def opened(seen: Seen, **about: Any) -> Model:
    endpoint = {
        "url": seen.url,
        "protocol": "assay",
        "inputs": "rows",
        "output": "probability",
        "classes": CLASSES,
        "timeout_s": 5,
    }
    return open_model(Subject.from_dict({"kind": "endpoint", "endpoint": endpoint | about}))


def test_our_own_protocol_sends_rows_in_batches_and_counts_them() -> None:
    with serving(own) as seen:
        model = opened(seen, batch=4)
        assert model.probabilities(ROWS) == pytest.approx(np.array(probabilities(ROWS)))
    assert [len(body["inputs"]) for body in seen.bodies] == [4, 4, 2]
    assert seen.bodies[0]["classes"] == CLASSES
    assert {key: model.facts[key] for key in ("requests", "retries", "failures")} == {
        "requests": 3,
        "retries": 0,
        "failures": 0,
    }
    assert model.queries == 10


def test_a_missing_cell_is_sent_as_null() -> None:
    with serving(lambda *_: {"outputs": [[0.5, 0.5]]}) as seen:
        opened(seen).scores(np.array([[np.nan, 1.0]]))
    assert seen.bodies[0]["inputs"] == [[None, 1.0]]


@pytest.mark.parametrize("is_flat", [True, False])
def test_the_open_inference_protocol_sends_one_tensor(is_flat: bool) -> None:
    def answer(_: Seen, __: Any, body: dict[str, Any]) -> Any:
        tensor = body["inputs"][0]
        found = probabilities(np.array(tensor["data"]).reshape(tensor["shape"]))
        data = [value for row in found for value in row] if is_flat else found
        return {"outputs": [{"name": "p", "shape": [len(found), 2], "datatype": "FP64", "data": data}]}

    with serving(answer) as seen:
        model = opened(seen, protocol="kserve-v2", model="loans 1")
        assert model.scores(ROWS) == pytest.approx(np.array(probabilities(ROWS)))
    assert seen.paths == ["/v2/models/loans%201/infer"]
    assert seen.bodies[0]["inputs"][0]["datatype"] == "FP64"


def test_texts_go_as_bytes_in_the_open_inference_protocol() -> None:
    def answer(*_: Any) -> Any:
        return {"outputs": [{"name": "p", "shape": [2, 2], "datatype": "FP64", "data": [1, 0, 0, 1]}]}

    with serving(answer) as seen:
        model = opened(seen, protocol="kserve-v2", model="m", inputs="texts")
        assert model.labels(["ein Text", "日本語"]).tolist() == [0, 1]
    tensor = seen.bodies[0]["inputs"][0]
    assert (tensor["datatype"], tensor["shape"], tensor["data"]) == ("BYTES", [2], ["ein Text", "日本語"])


def chat(text: str) -> Any:
    return lambda *_: {"choices": [{"message": {"role": "assistant", "content": text}}]}


def test_chat_classifies_by_naming_a_class() -> None:
    with serving(chat(' "Yes."\n')) as seen:
        model = opened(seen, protocol="openai-chat", model="m", inputs="prompts", output="label")
        assert model.scores(["Is it?", "And now?"]).tolist() == [[0, 1], [0, 1]]
    assert seen.paths == ["/chat/completions"] * 2
    assert seen.bodies[0]["temperature"] == 0
    assert seen.bodies[0]["messages"] == [{"role": "user", "content": "Is it?"}]


def test_chat_writes() -> None:
    with serving(chat("Once upon a time")) as seen:
        model = opened(seen, protocol="openai-chat", model="m", inputs="prompts", output="label", classes=[])
        assert model.written(["Tell", "Tell"]) == ["Once upon a time"] * 2
        assert model.queries == 2
        with pytest.raises(NotOffered, match="names no classes"):
            model.scores(["Tell"])
    with serving(chat("Perhaps")) as seen:
        model = opened(seen, protocol="openai-chat", model="m", inputs="prompts", output="label")
        with pytest.raises(
            EndpointError, match=r"inputs 1 to 1: the model answered 'Perhaps', which is the name of no"
        ):
            model.scores(["Is it?"])


def test_an_endpoint_that_stalls_is_given_up_and_named() -> None:
    def stall(seen: Seen, *_: Any) -> Any:
        seen.is_over.wait(20)

    with serving(stall) as seen:
        model = opened(seen, timeout_s=0.1)
        with pytest.raises(
            EndpointError, match=r"inputs 1 to 10: 127\.0\.0\.1:\d+ gave no whole answer within 0\.1 s \(4 tries\)"
        ):
            model.scores(ROWS)
    assert {key: model.facts[key] for key in ("requests", "retries", "failures")} == {
        "requests": 4,
        "retries": 3,
        "failures": 1,
    }
    assert model.queries == 0


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_trickles_in_is_given_up_too(head: bytes) -> None:
    def trickle(seen: Seen, handler: Any, _: Any) -> Any:
        handler.wfile.write(head)
        while not seen.is_over.wait(0.02):
            handler.wfile.write(b"[")
            handler.wfile.flush()

    with serving(trickle) as seen, pytest.raises(EndpointError, match="no whole answer within"):
        opened(seen, timeout_s=0.15).scores(ROWS)


def test_a_connection_that_drops_is_tried_again() -> None:
    def drop_once(seen: Seen, handler: Any, body: Any) -> Any:
        if len(seen.bodies) == 1:
            handler.connection.close()
            return None
        return own(seen, handler, body)

    with serving(drop_once) as seen:
        model = opened(seen)
        assert model.scores(ROWS).shape == (10, 2)
    assert (model.facts["requests"], model.facts["retries"], model.facts["failures"]) == (2, 1, 0)


def test_a_connection_that_always_drops_is_an_error() -> None:
    def drop(_: Seen, handler: Any, __: Any) -> Any:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")
        handler.connection.close()

    with serving(drop) as seen, pytest.raises(EndpointError, match=r"broke off .*\(4 tries\)"):
        opened(seen).scores(ROWS)


def test_nobody_at_the_address_is_an_error() -> None:
    with serving(own) as seen:
        pass
    with pytest.raises(EndpointError, match="broke off"):
        opened(seen).scores(ROWS)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    def busy(seen: Seen, handler: Any, body: Any) -> Any:
        if len(seen.bodies) < 3:
            send(handler, b"busy", status, Retry_After="0.01")
            return None
        return own(seen, handler, body)

    with serving(busy) as seen:
        model = opened(seen)
        assert model.scores(ROWS).shape == (10, 2)
    assert model.facts["retries"] == 2


@pytest.mark.parametrize("status", [400, 401, 404, 501])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with (
        serving(lambda _, handler, __: send(handler, b"go away", status)) as seen,
        pytest.raises(EndpointError, match=f"answered {status} \\(go away\\)"),
    ):
        opened(seen).scores(ROWS)
    assert len(seen.bodies) == 1


def test_no_redirect_is_followed() -> None:
    with serving(own) as other:
        with (
            serving(lambda _, handler, __: send(handler, b"", 307, Location=other.url)) as seen,
            pytest.raises(EndpointError, match="redirects to http://127.0.0.1"),
        ):
            opened(seen).scores(ROWS)
        assert other.bodies == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no 'outputs'"),
        (b"{}", "no 'outputs'"),
        (b'{"outputs": null}', "null as outputs"),
        (b'{"outputs": [[0.5, 0.5]]}', "1 outputs, and 10"),
        (b'{"outputs": [["a", "b"]%s]}' % (b', ["a", "b"]' * 9), "not a number"),
        (b'{"outputs": [[true, false]%s]}' % (b", [true, false]" * 9), "not a number"),
        (b'{"outputs": [[1, 0]%s]}' % (b", [1]" * 9), "different lengths"),
    ],
)
def test_an_answer_that_is_garbage_is_an_error_and_never_a_number(answer: bytes, message: str) -> None:
    with (
        serving(lambda _, handler, __: send(handler, answer)) as seen,
        pytest.raises(EndpointError, match=rf"inputs 1 to 10: .*{message}"),
    ):
        opened(seen).scores(ROWS)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.2, 0.3, 0.5], r"\(10, 2\) was expected"),
        ([float("nan"), 1.0], "not finite"),
        ([0.9, 0.9], "probabilities of"),
    ],
)
def test_numbers_that_are_no_prediction_are_an_error(row: list[float], message: str) -> None:
    with serving(lambda *_: {"outputs": [row] * 10}) as seen, pytest.raises(BadOutput, match=message):
        opened(seen).scores(ROWS)


@pytest.mark.parametrize(
    "outputs",
    [[], None, [{"shape": [10, 2]}], [{"shape": [5, 2], "data": [0.5] * 20}], [{"shape": "x", "data": [0.5] * 20}]],
)
def test_a_tensor_that_contradicts_itself_is_an_error(outputs: Any) -> None:
    with serving(lambda *_: {"outputs": outputs}) as seen, pytest.raises(EndpointError, match="inputs 1 to 10"):
        opened(seen, protocol="kserve-v2", model="m").scores(ROWS)


@pytest.mark.parametrize("answer", [{}, {"choices": []}, {"choices": [{"message": None}]}, {"choices": [1]}])
def test_a_chat_without_a_message_is_an_error(answer: Any) -> None:
    with serving(lambda *_: answer) as seen, pytest.raises(EndpointError, match="inputs 1 to 1"):
        opened(seen, protocol="openai-chat", model="m", inputs="prompts", output="label").scores(["a"])


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER", 1_000)
    with (
        serving(lambda *_: {"outputs": [[0.5, 0.5]] * 500}) as seen,
        pytest.raises(EndpointError, match="more than 1,000 bytes"),
    ):
        opened(seen).scores(ROWS)


def test_no_query_is_made_beyond_the_budget() -> None:
    with serving(own) as seen:
        model = opened(seen, max_queries=7, batch=4)
        with pytest.raises(BudgetSpent, match="4 of 7 queries are spent, and 4 more are needed"):
            model.scores(ROWS)
    assert len(seen.bodies) == 1


def test_probabilities_a_little_beside_0_and_1_are_taken_for_them() -> None:
    with serving(lambda *_: {"outputs": [[1.0000002, -0.0000002]] * len(ROWS)}) as seen:
        found = opened(seen).probabilities(ROWS)
    assert (found.min(), found.max()) == (0.0, 1.0)


def test_an_endpoint_that_changes_its_mind_is_found_out() -> None:
    def moody(seen: Seen, _: Any, body: Any) -> Any:
        p = 0.1 * len(seen.bodies) % 1
        return {"outputs": [[1 - p, p]] * len(body["inputs"])}

    with serving(moody) as seen, pytest.raises(Randomised, match="different answers"):
        require_one_answer(opened(seen), ROWS)


def test_the_token_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN_LOANS", "s3cret")
    with serving(own) as seen:
        opened(seen, token_env="ASSAY_ENDPOINT_TOKEN_LOANS").scores(ROWS)
    assert seen.tokens == ["Bearer s3cret"]


@pytest.mark.parametrize(("status", "headers"), [(401, {}), (307, {"Location": "http://x/?key=s3cret"})])
def test_a_token_that_comes_back_stays_out_of_the_error(
    status: int, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", "s3cret")
    with (
        serving(lambda _, handler, __: send(handler, b"no such key: s3cret", status, **headers)) as seen,
        pytest.raises(EndpointError, match="the token") as caught,
    ):
        opened(seen, token_env="ASSAY_ENDPOINT_TOKEN").scores(ROWS)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["DATABASE_URL", "ASSAY_ENDPOINT_TOKENS", "PATH", 7])
def test_no_other_variable_is_ever_sent(name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    with serving(own) as seen, pytest.raises(SubjectError, match="token_env names"):
        opened(seen, token_env=name)
    assert seen.bodies == []


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"url": "ftp://x"}, "doesn't begin with http"),
        ({"url": "http://"}, "doesn't begin with http"),
        ({"url": "http://user:pass@x"}, "holds credentials"),
        ({"url": "http://x/?a=b"}, "holds credentials, a query"),
        ({"url": "http://x\r\nHost: y"}, "a blank"),
        ({"url": "http://x:99999"}, "isn't an address"),
        ({"url": None}, "doesn't begin"),
        ({"protocol": "grpc"}, "protocol is one of"),
        ({"timeout_s": 0}, "timeout_s lies between"),
        ({"max_queries": "all"}, "max_queries lies between"),
        ({"protocol": "kserve-v2"}, "needs the name of a model"),
        ({"output": None}, "output is one of"),
        ({"output": "value"}, "classes are named"),
        ({"classes": []}, "classes are named"),
        ({"inputs": "prompts"}, "the inputs of assay"),
        ({"inputs": None}, "rows or texts"),
        ({"headers": {}}, "unknown key 'headers'"),
        ({"token_env": "ASSAY_ENDPOINT_TOKEN_NONE"}, "holds no token"),
    ],
)
def test_an_endpoint_that_is_described_wrongly_is_refused(about: dict[str, Any], message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        opened(Seen(url="http://127.0.0.1:9"), **about)


def test_an_evaluator_asks_an_endpoint_as_it_asks_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    data = {"a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] > 0, "yes", "no"), "g": rng.choice(["u", "v"], 200)}
    table = write_csv(tmp_path / "t.csv", data)
    with serving(own) as seen:
        subject = {
            "kind": "endpoint",
            "files": {"table": {"path": str(table), "sha256": sha256(table), "name": "t.csv"}},
            "endpoint": {"url": seen.url, "protocol": "assay", "output": "probability", "classes": CLASSES},
            "features": ["a", "b"],
            "columns": {"label": "y", "group": "g"},
            "favourable": "yes",
        }
        outcome = evaluate("performance.accuracy", Subject.from_dict(subject))
    values = {(reading.metric, reading.slice): reading.value for reading in outcome.readings}
    assert values["performance.accuracy", "overall"] == 1.0
    assert values["performance.auc", "overall"] == 1.0
