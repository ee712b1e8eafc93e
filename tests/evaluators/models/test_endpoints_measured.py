"""What an evaluator says of an endpoint that stalls, drops, answers garbage or changes its mind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Subject
from evaluators.evaluate import Outcome, evaluate
from evaluators.models import wire
from evaluators.models.model import BadOutput
from evaluators.models.wire import EndpointError
from tests.evaluators.data import sha256, write_csv
from tests.evaluators.models.servers import Seen, serving
from tests.evaluators.models.test_endpoints import CLASSES, own

EVALUATORS = ["performance.accuracy", "fairness.group", "calibration.binary"]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FIRST_PAUSE_S", 0.01)


def measured(evaluator: str, answer: Callable[..., Any], tmp_path: Path) -> Outcome:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    data = {"a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] > 0, "yes", "no"), "g": rng.choice(["u", "v"], 60)}
    table = write_csv(tmp_path / "t.csv", data)
    with serving(answer) as seen:
        endpoint = {
            "url": seen.url,
            "protocol": "assay",
            "output": "probability",
            "classes": CLASSES,
            "timeout_s": TIMEOUT_S.get(answer, 10),
        }
        subject = {
            "kind": "endpoint",
            "files": {"table": {"path": str(table), "sha256": sha256(table), "name": "t.csv"}},
            "endpoint": endpoint,
            "features": ["a", "b"],
            "columns": {"label": "y", "group": "g"},
            "favourable": "yes",
        }
        return evaluate(evaluator, Subject.from_dict(subject))


def stalls(seen: Seen, *_: Any) -> None:
    seen.is_over.wait(20)


# Only who waits for nothing is cut short: on a busy machine the others may need longer to break off.
TIMEOUT_S: dict[Callable[..., Any], float] = {stalls: 0.1}


def drops(_: Seen, handler: Any, __: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")
    handler.connection.close()


def answers_garbage(_: Seen, __: Any, body: Any) -> Any:
    return {"outputs": [["yes", None]] * len(body["inputs"])}


def answers_no_probability(_: Seen, __: Any, body: Any) -> Any:
    return {"outputs": [[0.9, 0.9]] * len(body["inputs"])}


def drops_after_a_while(seen: Seen, handler: Any, body: Any) -> Any:
    return own(seen, handler, body) if len(seen.bodies) < 10 else drops(seen, handler, body)


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (stalls, "gave no whole answer within"),
        (drops, "broke off"),
        (drops_after_a_while, "broke off"),
        (answers_garbage, "inputs 1 to 16"),
        (answers_no_probability, r"of input 1 .* adding up to 1\.8"),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_an_endpoint_that_fails_yields_an_error_with_its_inputs_and_no_number(
    evaluator: str, answer: Callable[..., Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises((EndpointError, BadOutput), match=message):
        measured(evaluator, answer, tmp_path)


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_an_endpoint_that_changes_its_mind_is_called_random_beside_every_number(evaluator: str, tmp_path: Path) -> None:
    def moody(seen: Seen, handler: Any, body: Any) -> Any:
        outputs = np.array(own(seen, handler, body)["outputs"])
        return {"outputs": (outputs if len(seen.bodies) % 2 else outputs[:, ::-1]).tolist()}

    for answer, said in ((moody, "yes"), (own, "no")):
        [asked] = [item for item in measured(evaluator, answer, tmp_path).evidence if item.name == "model_asked"]
        assert dict(asked.data["rows"])["randomised"] == said
