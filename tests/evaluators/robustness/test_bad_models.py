"""What every evaluator of robustness does with models and tables that are no use."""

from typing import Any

import numpy as np
import pytest
import torch

from evaluators.contract import EvaluatorError, ParameterError, Status, SubjectError
from evaluators.models.model import TEXTS, VALUE, BadOutput, Model
from tests.evaluators.robustness.subjects import as_model, breast_cancer, digit_network, digits, run, torch_model

EVERY: dict[str, dict[str, Any]] = {
    "robust.adversarial": {"steps": 5, "square_steps": 10, "curve_points": 1},
    "robust.boundary": {"iterations": 1},
    "robust.corruption": {"shape": (1, 5, 6), "box": (-1e3, 1e3)},
    "robust.noise": {},
    "robust.smoothing": {"draws": 100},
    "robust.tabular": {"attacked": 1},
}
every = pytest.mark.parametrize("evaluator", sorted(EVERY))


@every
def test_a_label_the_model_never_saw_is_refused_with_its_row(evaluator: str) -> None:
    model, rows, labels = breast_cancer()
    words = [str(label) for label in labels]
    for word, shown in (("2", "2"), ("ada@example.org", "xxx@xxxxxxx.xxx")):
        words[4] = word
        with pytest.raises(SubjectError, match=rf"row 5, column 'label': the label '{shown}' is no class of the model"):
            run(evaluator, as_model(model), rows, words, **EVERY[evaluator])


@every
def test_an_answer_that_is_no_number_names_the_row_of_the_table(evaluator: str) -> None:
    model, rows, labels = breast_cancer()

    def ask(inputs: np.ndarray) -> np.ndarray:
        answers = model.predict_proba(inputs)
        answers[(inputs == rows[7]).all(axis=1)] = np.nan
        return answers

    spoiled = Model(inputs="rows", score_kind="logit", ask=ask, classes=("0", "1"), estimator=model)
    with pytest.raises(BadOutput, match=r"row 8: .* is not finite"):
        run(evaluator, spoiled, rows, labels, rows=len(rows), **EVERY[evaluator])


@every
def test_a_missing_or_infinite_cell_is_refused_with_its_place(evaluator: str) -> None:
    model, rows, labels = breast_cancer()
    for value, word in ((np.nan, "missing"), (np.inf, "infinite")):
        spoiled = rows.copy()
        spoiled[2, 3] = value
        with pytest.raises(SubjectError, match=rf"row 3, column 'x3': the value is {word}"):
            run(evaluator, as_model(model), spoiled, labels, **EVERY[evaluator])


@every
def test_one_row_is_no_evidence(evaluator: str) -> None:
    model, rows, labels = breast_cancer()
    found = run(evaluator, as_model(model), rows[:1], labels[:1], **EVERY[evaluator])
    statuses = {reading.status for (metric, _), reading in found.items() if not metric.endswith("flag")}
    assert statuses <= {Status.INSUFFICIENT_DATA, Status.NOT_APPLICABLE}


@every
def test_a_constant_model_is_answered(evaluator: str) -> None:
    _, rows, labels = breast_cancer()
    constant = Model(
        inputs="rows", score_kind="logit", ask=lambda x: np.tile([[1.0, 0.0]], (len(x), 1)), classes=("0", "1")
    )
    for reading in run(evaluator, constant, rows, labels, **EVERY[evaluator]).values():
        assert reading.status is not Status.ERROR
        assert reading.status is not Status.OK or reading.value is not None


@every
@pytest.mark.parametrize(("inputs", "kind"), [(TEXTS, "logit"), ("rows", VALUE)], ids=["texts", "regression"])
def test_models_of_another_kind_are_not_applicable_as_they_declare(evaluator: str, inputs: str, kind: str) -> None:
    _, rows, labels = breast_cancer()
    classes = ("0", "1") if kind == "logit" else ()
    model = Model(inputs=inputs, score_kind=kind, ask=lambda x: x[:, :1], classes=classes)
    found = run(evaluator, model, rows, labels, **EVERY[evaluator])
    assert {reading.status for reading in found.values()} == {Status.NOT_APPLICABLE}


def test_a_constant_network_is_flagged_for_its_gradients() -> None:
    class Constant(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[1.0, 0.0]]).repeat(len(rows), 1)

    _, rows, labels = breast_cancer()
    found = run("robust.adversarial", torch_model(Constant(), shape=(30,), classes=2), rows, labels, steps=5)
    assert "zero_gradients" in found["robust.gradient_masking_flag", "overall"].detail["signs"]
    assert found["robust.linf.apgd_acc", "overall"].status is Status.INSUFFICIENT_DATA


def test_a_model_without_an_inside_is_not_applicable_for_gradients() -> None:
    model, rows, labels = breast_cancer()
    blind = as_model(model)
    blind.estimator = None
    found = run("robust.adversarial", blind, rows, labels)
    assert {reading.status for reading in found.values()} == {Status.NOT_APPLICABLE}
    assert "can only be asked" in found["robust.linf.pgd_acc", "overall"].reason


def test_an_input_of_another_width_is_refused() -> None:
    x, y = digits()
    model = torch_model(digit_network(), shape=(1, 8, 8))
    with pytest.raises(EvaluatorError, match="60 feature columns, and the model reads the shape"):
        run("robust.adversarial", model, x[:50, :60], y[:50])


def test_a_network_whose_answer_breaks_under_attack_says_so() -> None:
    class Fragile(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            logits = digit_network()(rows)
            return torch.where((rows < -0.01).flatten(1).any(dim=1, keepdim=True), float("nan"), logits)

    x, y = digits()
    with pytest.raises(BadOutput, match="perturbed input is not finite"):
        run("robust.adversarial", torch_model(Fragile(), shape=(1, 8, 8)), x[:50], y[:50], steps=5)


@pytest.mark.parametrize("box", [(1.0,), (1.0, 0.0), (0.5, 0.5)])
def test_a_box_is_a_lower_and_a_higher_number(box: tuple[float, ...]) -> None:
    model, rows, labels = breast_cancer()
    with pytest.raises(ParameterError, match="a lower and a higher number"):
        run("robust.boundary", as_model(model), rows, labels, box=box)
