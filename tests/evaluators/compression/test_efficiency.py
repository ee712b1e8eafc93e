"""Costs of models whose every weight is counted by hand, and quantiles of made-up times."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from evaluators import catalog
from evaluators.budget import Budget
from evaluators.compression.costs import operations_of, weights_of
from evaluators.compression.efficiency import P50, P95, timed
from evaluators.contract import Reading, Status
from evaluators.evaluate import evaluate
from evaluators.models.model import IMAGES, ROWS, Model
from evaluators.notebook import in_memory
from tests.evaluators.data import ends, subject, write_csv


def model_of(network: Any, shape: tuple[int, ...]) -> Model:
    def ask(rows: np.ndarray) -> np.ndarray:
        inputs = torch.as_tensor(rows, dtype=torch.float32).reshape(len(rows), *shape)
        return network(inputs).detach().double().numpy()

    inputs = ROWS if len(shape) == 1 else IMAGES
    features = tuple(f"x{i}" for i in range(int(np.prod(shape))))
    return Model(
        inputs=inputs, score_kind="logit", ask=ask, classes=("a", "b"), features=features, shape=shape, network=network
    )


def perceptron() -> torch.nn.Sequential:
    network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2, bias=False))
    network[0].weight.data[0] = 0
    return network.eval()


def readings(model: Model, rows: np.ndarray, **params: Any) -> dict[str, Reading]:
    table = {f"x{i}": rows[:, i] for i in range(rows.shape[1])}
    outcome = evaluate(
        "efficiency.model", in_memory(tables={"table": table}, models={"model": model}, facts={}), params=params
    )
    return {reading.metric: reading for reading in outcome.readings}


@pytest.mark.verification
def test_a_perceptron_is_counted_by_hand() -> None:
    model = model_of(perceptron(), (4,))
    # Twelve weights, of which four are 0, three biases and six weights.
    assert weights_of(model) == {"numbers": 21, "zeros": 4}
    assert operations_of(model, np.ones((1, 4))) == {"operations": 24 + 3 + 12, "not_counted": ["ReLU"]}


@pytest.mark.verification
def test_a_convolution_is_counted_at_every_place_it_visits() -> None:
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(72, 2, bias=False)
    )
    counted = operations_of(model_of(network.eval(), (1, 8, 8)), np.ones((1, 64)))
    # Six by six places, two channels, nine weights and a bias each; then 72 by 2 weights.
    assert counted == {"operations": 36 * 2 * (2 * 9 + 1) + 2 * 72 * 2, "not_counted": ["Flatten", "ReLU"]}


def test_every_metric_of_a_network_is_read() -> None:
    found = readings(model_of(perceptron(), (4,)), np.random.default_rng(0).normal(0, 1, (50, 4)))
    assert set(found) == {metric["id"] for metric in catalog.describe("efficiency.model")["metrics"]}
    assert {reading.status for reading in found.values()} == {Status.OK}
    assert found["eff.sparsity"].value == pytest.approx(4 / 21)
    assert found["eff.size_bytes"].value == 84
    assert (found["eff.flops"].value, found["eff.latency_p95"].n) == (39, 200)
    for metric in (P50, P95):
        assert 0 < ends(found[metric])[0] <= (found[metric].value or 0) <= ends(found[metric])[1]


def test_a_linear_model_in_a_file_shows_its_size_and_a_tree_hides_its_numbers(tmp_path: Path) -> None:
    rows, label = np.random.default_rng(1).normal(0, 1, (60, 3)), np.arange(60) % 2
    table = write_csv(tmp_path / "t.csv", {f"x{i}": rows[:, i] for i in range(3)})
    found = {}
    for name, estimator in (("linear", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=2))):
        path = tmp_path / f"{name}.skops"
        skops.io.dump(estimator.fit(rows, label), path)
        outcome = evaluate("efficiency.model", subject(table, model=path, features=["x0", "x1", "x2"]))
        found[name] = {reading.metric: reading for reading in outcome.readings}
        assert found[name]["eff.size_bytes"].value == path.stat().st_size
    assert (found["linear"]["eff.sparsity"].value, found["linear"]["eff.flops"].value) == (0.0, 6)
    assert found["tree"]["eff.sparsity"].status is Status.NOT_APPLICABLE


@pytest.mark.verification
def test_made_up_times_have_the_quantiles_they_were_made_with() -> None:
    times = [float(i) for i in range(1, 201)]
    statistics = {"weights": None, "size": None, "operations": None, "times": times, "budget_exhausted": False}
    found = {
        reading.metric: reading
        for reading in catalog.summarise("efficiency.model", statistics, params={}, level=0.95, seed=0)
    }
    assert (found[P95].value, found[P95].low, found[P95].high) == (190.0, 184.0, 197.0)
    assert found[P95].detail["coverage"] == pytest.approx(0.967, abs=5e-4)
    assert found[P50].value == 100.0


def test_a_large_network_takes_more_operations_than_a_small_one() -> None:
    large = torch.nn.Sequential(*(torch.nn.Linear(300, 300) for _ in range(6)), torch.nn.Linear(300, 2))
    small = torch.nn.Sequential(torch.nn.Linear(300, 2, bias=False))
    rows = np.random.default_rng(2).normal(0, 1, (20, 300))
    first, second = (readings(model_of(network.eval(), (300,)), rows, calls=100) for network in (large, small))
    assert (first["eff.flops"].value or 0) > 100 * (second["eff.flops"].value or 0)


def test_too_few_times_and_no_table_are_answered() -> None:
    few = readings(model_of(perceptron(), (4,)), np.ones((1, 4)), calls=5)
    assert few[P95].status is few[P50].status is Status.INSUFFICIENT_DATA
    bare = in_memory(tables={}, models={"model": model_of(perceptron(), (4,))}, facts={})
    found = {reading.metric: reading for reading in evaluate("efficiency.model", bare).readings}
    assert found[P50].status is Status.NOT_APPLICABLE
    assert found["eff.sparsity"].status is Status.OK


def test_a_spent_budget_keeps_what_was_timed() -> None:
    budget = Budget(0.0)
    assert len(timed(model_of(perceptron(), (4,)), np.ones((3, 4)), 500, budget)) == 10
    assert budget.is_exhausted


def test_readings_come_back_from_their_own_statistics() -> None:
    for reading in readings(model_of(perceptron(), (4,)), np.ones((5, 4))).values():
        again = catalog.summarise("efficiency.model", reading.statistics, params={}, level=0.95, seed=0)
        match = next(other for other in again if other.metric == reading.metric)
        assert (match.value, match.low, match.high, match.n) == (reading.value, reading.low, reading.high, reading.n)
