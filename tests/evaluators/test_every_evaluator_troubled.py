"""Tables and models that trouble every evaluator: each says what is wrong or measures less; none invents a number."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluators.contract import EvaluatorError, Reading, Status, Subject
from evaluators.evaluate import evaluate
from evaluators.models.model import BadOutput, Model
from tests.evaluators.every import CASES, Asked, asked, readings, run

MADE = {name: asked(name) for name in CASES}
TABLED = sorted(name for name, given in MADE.items() if given.tables)
MODELLED = sorted(name for name, given in MADE.items() if given.models)
# These don't ask the model but follow its network, which is troubled in its place.
BY_NETWORK = {"explain.randomisation", "robust.adversarial"}


def each_table(given: Asked, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Asked:
    for role, table in given.tables.items():
        given = given.with_table(change({name: np.asarray(values) for name, values in table.items()}), role)
    return given


def one_row(table: dict[str, Any]) -> dict[str, Any]:
    return {name: values[:1] for name, values in table.items()}


def one_value(table: dict[str, Any]) -> dict[str, Any]:
    """Constant features, labels, predictions and scores."""
    return {name: values[[0] * len(values)] for name, values in table.items()}


def one_group(table: dict[str, Any]) -> dict[str, Any]:
    return table | {"g": np.array(["only"] * len(table["g"]))} if "g" in table else table


def ten_thousand_groups(table: dict[str, Any]) -> dict[str, Any]:
    times = -(-10_000 // len(next(iter(table.values()))))
    longer = {name: np.tile(values, times) for name, values in table.items()}
    return longer | {"g": np.array([f"g{i}" for i in range(len(longer["g"]))])} if "g" in table else longer


def holes(table: dict[str, Any]) -> dict[str, Any]:
    """Every second value of every column is absent."""
    return {
        name: [None if i % 2 else value for i, value in enumerate(values.tolist())] for name, values in table.items()
    }


TROUBLES = (one_row, one_value, one_group, ten_thousand_groups, holes)


def is_sound(reading: Reading) -> bool:
    if reading.status is Status.OK:
        return reading.value is not None and np.isfinite(reading.value) and not reading.reason
    return reading.status is not Status.ERROR and bool(reading.reason)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
@pytest.mark.parametrize("evaluator_id", TABLED)
def test_a_troubled_table_is_refused_in_words_or_measured_soundly(
    evaluator_id: str, trouble: Any, tmp_path: Path
) -> None:
    found, refused = [], ""
    try:
        found = list(run(evaluator_id, each_table(MADE[evaluator_id], trouble), tmp_path).readings)
    except EvaluatorError as error:
        refused = str(error)
    assert bool(found) != bool(refused)
    assert not refused or re.match(r"the (table|reference) in memory: .*(row|column|canaries)", refused), refused
    assert all(map(is_sound, found))
    assert len(found) < 400
    assert len(json.dumps([reading.as_dict() for reading in found], allow_nan=False)) < 2_000_000


class Broken(torch.nn.Module):
    """A network whose every answer is not a number."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows.flatten(1)[:, :2] * float("nan")


def that_breaks(model: Model) -> Model:
    def ask(asked: Any) -> Any:
        raise RuntimeError("the model broke")

    return replace(model, ask=ask, write=ask if model.write else None)


def that_breaks_later(model: Model) -> Model:
    """Twenty-five inputs are answered."""
    count = 0

    def limited(answer: Any) -> Any:
        def ask(asked: Any) -> Any:
            nonlocal count
            count += len(asked)
            if count > 25:
                raise ConnectionError("the model broke")
            return answer(asked)

        return ask

    return replace(model, ask=limited(model.ask), write=limited(model.write) if model.write else None)


def that_finds_no_memory(model: Model) -> Model:
    def ask(asked: Any) -> Any:
        raise MemoryError("out of memory")

    return replace(model, ask=ask, write=ask if model.write else None)


def that_answers_too_few(model: Model) -> Model:
    return replace(
        model,
        ask=lambda asked: model.ask(asked)[:-1],
        write=(lambda prompts: ["a text"] * (len(prompts) - 1)) if model.write else None,
    )


def that_answers_no_number(model: Model) -> Model:
    return replace(
        model,
        ask=lambda asked: np.full((len(asked), max(1, len(model.classes))), np.nan),
        write=(lambda prompts: [float("nan")] * len(prompts)) if model.write else None,
        network=Broken() if model.network is not None else None,
    )


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (that_breaks, "the model broke"),
        (that_breaks_later, "the model broke"),
        (that_finds_no_memory, "out of memory"),
        (that_answers_too_few, "expected|need a text each"),
        (that_answers_no_number, "not finite|not a text"),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
@pytest.mark.parametrize("evaluator_id", [name for name in MODELLED if name not in BY_NETWORK])
def test_a_model_that_fails_gives_no_number(evaluator_id: str, broken: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises((BadOutput, RuntimeError, MemoryError, ConnectionError), match=message):
        run(evaluator_id, MADE[evaluator_id].with_models(broken), tmp_path)


@pytest.mark.parametrize("evaluator_id", sorted(BY_NETWORK))
def test_a_network_that_fails_gives_no_number(evaluator_id: str, tmp_path: Path) -> None:
    with pytest.raises((EvaluatorError, ValueError, RuntimeError)):
        run(evaluator_id, MADE[evaluator_id].with_models(that_answers_no_number), tmp_path)


@pytest.mark.parametrize("evaluator_id", [name for name in MODELLED if name not in BY_NETWORK])
def test_a_model_that_holds_nine_inputs_is_asked_for_no_more_and_says_the_same(
    evaluator_id: str, tmp_path: Path
) -> None:
    def small(model: Model) -> Model:
        def limited(answer: Any) -> Any:
            def ask(asked: Any) -> Any:
                if len(asked) > 9:
                    raise MemoryError("out of memory")
                return answer(asked)

            return ask

        return replace(model, ask=limited(model.ask), write=limited(model.write) if model.write else None)

    given = MADE[evaluator_id]
    plain, careful = (readings(evaluator_id, one, tmp_path) for one in (given, given.with_models(small)))
    assert plain.keys() == careful.keys()
    for key, reading in plain.items():
        if not key[0].startswith("eff.latency"):
            assert reading.value == pytest.approx(careful[key].value, abs=1e-6), key


@pytest.mark.parametrize("evaluator_id", TABLED)
def test_a_table_that_is_no_table_is_refused_by_name(evaluator_id: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    files = {role: {"path": str(path), "sha256": "ab" * 32, "name": "rows.csv"} for role in MADE[evaluator_id].tables}
    told = Subject.from_dict({"kind": "table", "files": files, **MADE[evaluator_id].facts})
    with pytest.raises(EvaluatorError, match=r"rows\.csv|reads a model|feature|no model"):
        evaluate(evaluator_id, told, params=MADE[evaluator_id].params)
