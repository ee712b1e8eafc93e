from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression

from evaluators import catalog
from evaluators.arithmetic.draws import generator
from evaluators.contract import Reading, Status, SubjectError
from evaluators.explainability.explainers import choose, explain
from evaluators.explainability.gradients import saliency
from evaluators.explainability.randomisation import explaining, kept, randomisation_reading
from evaluators.explainability.rewired import how, layers, redrawn
from evaluators.models.model import Model
from tests.evaluators.data import write_csv
from tests.evaluators.explainability.cases import (
    cancer,
    cancer_network,
    case,
    function_model,
    input_only,
    measured,
    network_model,
    saved,
)


def reading_of(explainer: Callable[[Model, np.ndarray], np.ndarray], *, draws: int = 10, n: int = 60) -> Reading:
    model, rows = cancer_network(), cancer()[0][:n]
    original = explainer(model, rows)
    found = [kept(original, explainer(redrawn(model, layers(model), generator(0, str(i))), rows)) for i in range(draws)]
    return randomisation_reading({"draws": found, "facts": {}}, level=0.95)


@pytest.mark.verification
def test_an_explainer_that_repeats_the_input_fails_and_the_gradient_passes() -> None:
    x, _ = cancer()
    told = case(cancer_network(), x[:60], x[100:130], kind="gradient", favourable="1")
    gradient = reading_of(explaining(told, 0))
    assert gradient.status is Status.OK
    assert gradient.high < 0.3  # type: ignore[operator]
    twin = reading_of(lambda model, rows: input_only(rows, x[100:130]))
    assert twin.low > 0.3  # type: ignore[operator]
    assert twin.value == pytest.approx(1)


@pytest.mark.verification
def test_shapley_values_of_a_network_pass_too() -> None:
    x, _ = cancer()
    told = case(cancer_network(), x[:12], x[100:103], kind="permutation", favourable="1")
    found = reading_of(explaining(told, 0), draws=3, n=12)
    assert found.value < 0.3  # type: ignore[operator]


def test_gradients_of_a_linear_network_are_its_weights() -> None:
    network = torch.nn.Linear(4, 2)
    model = network_model(network, 4)
    weights = network.weight.detach().double().numpy()
    rows = np.random.default_rng(0).normal(size=(3, 4))
    assert saliency(model, rows, "1") == pytest.approx(np.tile(weights[1] - weights[0], (3, 1)), abs=1e-6)
    found = explain(model, rows, rows, kind="gradient", favourable="0", seed=0)
    assert found.phi == pytest.approx((weights[0] - weights[1]) * (rows - rows.mean(axis=0)), abs=1e-6)
    assert found.gap < 1e-5


def test_redrawn_layers_leave_the_model_itself_alone() -> None:
    model = cancer_network()
    before = model.network[0].weight.clone()
    assert layers(model) == ["2", "0"]
    other = redrawn(model, ["0"], generator(0, "x"))
    assert torch.equal(model.network[0].weight, before)
    assert not torch.equal(other.network[0].weight, before)
    assert torch.equal(other.network[2].weight, model.network[2].weight)


def test_an_estimator_is_fitted_again_on_shuffled_labels(tmp_path: Path) -> None:
    found = measured("explain.randomisation", saved(tmp_path, LogisticRegression(), features=20), {"draws": 8})
    reading = found["explain.randomisation", "overall"]
    assert reading.status is Status.OK
    assert reading.detail["randomised"] == "labels"
    assert reading.value < 0.3  # type: ignore[operator]
    again = catalog.summarise("explain.randomisation", reading.statistics, params={}, level=0.95, seed=0)
    assert (again[0].value, again[0].low, again[0].high) == (reading.value, reading.low, reading.high)


def test_a_regression_is_fitted_again_on_shuffled_numbers(tmp_path: Path) -> None:
    found = measured("explain.randomisation", saved(tmp_path, LinearRegression(), features=20), {"draws": 4})
    assert found["explain.randomisation", "overall"].status is Status.OK


@pytest.mark.parametrize("label", [0, 1])
def test_a_class_that_the_rows_to_fit_again_on_lack_is_told_and_ends_no_run(label: int, tmp_path: Path) -> None:
    """The class explained is "1": rows of one class alone teach nothing of it, whichever it is."""
    told = saved(tmp_path, LogisticRegression())
    rows = cancer()[0][:, :6]
    columns = {f"f{i}": rows[:, i] for i in range(6)}
    write_csv(told["table"], columns | {"y": [label] * len(rows), "g": ["a"] * len(rows)})
    found = measured("explain.randomisation", told, {"draws": 3})["explain.randomisation", "overall"]
    assert found.status is Status.INSUFFICIENT_DATA
    assert found.reason == "3 of 3 times the rows to fit again on had no label '1', or no other"


def test_a_model_without_weights_or_labels_is_not_applicable() -> None:
    assert how(function_model(lambda rows: rows[:, 0], 3), has_label=True) == ""
    assert how(cancer_network(), has_label=False) == "weights"


def test_attributions_that_never_vary_are_insufficient() -> None:
    assert kept(np.ones((4, 5)), np.random.default_rng(0).normal(size=(4, 5))) is None
    found = randomisation_reading({"draws": [None, None, 0.1], "facts": {}}, level=0.95)
    assert (found.status, found.value) == (Status.INSUFFICIENT_DATA, None)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("linear", "reads coefficients"),
        ("tree", "reads trees"),
        ("gradient", "gives no gradient"),
        ("exact", "all subsets of 30 features"),
    ],
)
def test_an_explainer_that_can_not_work_on_the_model_says_why(kind: str, message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        choose(function_model(lambda rows: rows[:, 0], 30), np.zeros((2, 30)), kind)


@pytest.mark.statistics
def test_students_interval_over_models_covers_where_rows_are_not_independent() -> None:
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(3000):
        found = randomisation_reading({"draws": list(rng.normal(0.1, 0.2, 10)), "facts": {}}, level=0.95)
        inside.append(found.low <= 0.1 <= found.high)  # type: ignore[operator]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)
