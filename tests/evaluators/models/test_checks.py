"""What is noticed about a model while it is asked."""

import numpy as np
import pytest
import torch

from evaluators.devices import in_batches
from evaluators.models.checks import Randomised, check_model, require_one_answer
from evaluators.models.model import BadOutput, Model, NoProbabilities, NotOffered

ROWS = np.random.default_rng(0).normal(size=(100, 3))


def logit(rows: np.ndarray) -> np.ndarray:
    return np.column_stack([np.zeros(len(rows)), rows[:, 0]])


def model(ask=logit, **facts) -> Model:
    return Model(**({"inputs": "rows", "score_kind": "logit", "ask": ask, "classes": ("no", "yes")} | facts))


def starving(limit: int, error: type[Exception]):
    """A forward pass that has memory for `limit` rows."""

    def ask(rows: np.ndarray) -> np.ndarray:
        if len(rows) > limit:
            raise error("CUDA out of memory" if error is not MemoryError else "")
        return logit(rows)

    return ask


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
@pytest.mark.parametrize("limit", [1, 3, 16, 99])
def test_a_batch_that_does_not_fit_is_halved_and_no_number_is_lost(limit: int, error: type[Exception]) -> None:
    short = model(starving(limit, error), batch=64)
    assert np.array_equal(short.scores(ROWS), logit(ROWS))
    assert short.queries == len(ROWS)
    assert short.batch == short.facts.get("batch_shrunk_to", 64) <= limit


def test_one_input_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        model(starving(0, torch.OutOfMemoryError)).scores(ROWS)


def test_another_failure_than_memory_is_not_tried_again() -> None:
    asked = []

    def broken(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        raise RuntimeError("the shapes don't fit")

    with pytest.raises(RuntimeError, match="shapes"):
        in_batches(broken, ROWS, size=64)
    assert asked == [64]


def test_a_sound_model_is_found_sound() -> None:
    facts = check_model(model(), ROWS)
    assert (facts["randomised"], facts["depends_on_batch"], facts["repeat_gap"], facts["batch_gap"]) == (
        False,
        False,
        0,
        0,
    )
    assert (facts["checked"], facts["queries"]) == (16, 48)
    require_one_answer(model(), ROWS)


def test_a_model_that_changes_its_mind_is_found() -> None:
    rng = np.random.default_rng(0)
    unsure = model(lambda rows: logit(rows) + rng.normal(size=(len(rows), 2)))
    assert check_model(unsure, ROWS)["randomised"]
    with pytest.raises(Randomised, match="different answers to the same inputs"):
        require_one_answer(unsure, ROWS)


def test_a_model_that_mixes_the_inputs_of_a_batch_is_found() -> None:
    facts = check_model(model(lambda rows: logit(rows - rows.mean(axis=0))), ROWS)
    assert facts["depends_on_batch"]
    assert not facts["randomised"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda rows: np.zeros((len(rows), 3)), r"\(100, 2\) was expected"),
        (lambda rows: np.zeros(len(rows)), "was expected"),
        (lambda rows: np.zeros((1, 2)), "was expected"),
        (lambda rows: np.where(np.arange(len(rows))[:, None] == 7, np.nan, [[0.5, 0.5]]), "input 8 is not finite"),
        (lambda rows: np.where(np.arange(len(rows))[:, None] == 7, 0.2, [[0.5, 0.5]]), "probabilities of input 8"),
        (lambda rows: np.tile([1.5, -0.5], (len(rows), 1)), "probabilities of input 1 "),
    ],
)
def test_an_answer_that_is_no_prediction_names_the_input(answer, message: str) -> None:
    with pytest.raises(BadOutput, match=message):
        model(answer, score_kind="probability").scores(ROWS)


def test_the_input_is_counted_over_all_batches() -> None:
    broken = model(lambda rows: np.where(rows == ROWS[90], np.nan, 0.5)[:, :2], batch=32)
    with pytest.raises(BadOutput, match="input 91 is not finite"):
        broken.scores(ROWS)


def test_what_a_model_does_not_offer_is_said() -> None:
    with pytest.raises(NoProbabilities, match="answers with a label"):
        model(lambda rows: np.eye(2)[(rows[:, 0] > 0).astype(int)], score_kind="label").probabilities(ROWS)
    with pytest.raises(NotOffered, match="no encoder"):
        model().embeddings(["a"])
    with pytest.raises(NotOffered, match="writes no texts"):
        model().written(["a"])


def test_a_model_with_a_rule_of_its_own_decides_by_it() -> None:
    strict = model(decide=lambda rows: (rows[:, 0] > 1).astype(int))
    assert strict.labels(ROWS).tolist() == (ROWS[:, 0] > 1).astype(int).tolist()
    with pytest.raises(BadOutput, match="not one class for each"):
        model(decide=lambda rows: np.zeros(2)).labels(ROWS)
