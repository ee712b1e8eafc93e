"""Copying a model and inferring a trait from its answers: what is known exactly, and twins."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.models.model import Model
from evaluators.privacy.surrogates import solve
from tests.evaluators.privacy.subjects import columns, fitted, noisy_rows, read, run

FIDELITY, ADVANTAGE = "privacy.extraction.fidelity", "privacy.attribute_inference.advantage"


@pytest.mark.verification
def test_a_logistic_model_is_recovered_from_one_query_more_than_it_has_features() -> None:
    rows, label = load_breast_cancer(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    model = fitted(LogisticRegression(max_iter=5_000), rows, label)
    asked = model.queries
    found = solve(model.probabilities, 30, centre=np.zeros(30), step=np.ones(30))
    assert model.queries - asked == 31
    assert found.weights[:, 0] == pytest.approx(model.estimator.coef_[0], abs=1e-9)
    assert found.offset == pytest.approx(model.estimator.intercept_, abs=1e-9)
    assert found.probabilities(rows) == pytest.approx(model.probabilities(rows), abs=1e-9)
    assert (found.probabilities(rows).argmax(axis=1) == model.labels(rows)).all()


@pytest.mark.verification
def test_the_evaluator_copies_a_logistic_model_without_an_error() -> None:
    rows, label = load_breast_cancer(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    found = read("privacy.extraction", columns(rows), model=fitted(LogisticRegression(max_iter=5_000), rows, label))
    overall = found[FIDELITY, "overall"]
    assert overall.value == 1.0
    assert overall.detail["equations"]["queries"] == 31
    assert overall.detail["equations"]["largest_error"] < 1e-9
    assert overall.detail["queries_at_95"] <= 31


def test_three_classes_are_recovered_too() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 4))
    model = fitted(LogisticRegression(max_iter=2_000), rows, (rows @ rng.normal(size=(4, 3))).argmax(axis=1))
    found = solve(model.probabilities, 4, centre=rows.mean(axis=0), step=rows.std(axis=0))
    assert found.probabilities(rows) == pytest.approx(model.probabilities(rows), abs=1e-8)


def test_a_model_that_is_no_logistic_one_is_copied_better_with_more_answers() -> None:
    rows, label = noisy_rows(1, 1_500)
    label = ((rows[:, 0] > 0) ^ (rows[:, 1] > 0)).astype(int)
    found = read(
        "privacy.extraction",
        columns(rows),
        model=fitted(RandomForestClassifier(30, random_state=0), rows, label),
        params={"queries": 700},
    )
    curve = {int(name.removeprefix("queries=")): r.value or 0 for (_, name), r in found.items() if "queries" in name}
    assert curve[max(curve)] > curve[min(curve)] + 0.1
    assert (found[FIDELITY, "overall"].value or 0) > (found[FIDELITY, "equations"].value or 1)
    assert found[FIDELITY, "overall"].detail["units_done"] == len(curve)


def test_a_model_of_labels_only_is_copied_from_its_answers_alone() -> None:
    rows, _ = noisy_rows(2, 400)
    model = Model(inputs="rows", score_kind="label", ask=lambda x: np.eye(2)[(x[:, 0] > 0).astype(int)])
    model.classes, model.features = ("no", "yes"), tuple(f"f{i}" for i in range(8))
    found = read("privacy.extraction", columns(rows), model=model)
    assert (found[FIDELITY, "overall"].value or 0) > 0.9
    assert found[FIDELITY, "overall"].detail["equations"] is None


def test_a_constant_model_is_copied_and_a_regression_is_not() -> None:
    rows, _ = noisy_rows(3, 200)
    model = Model(inputs="rows", score_kind="label", ask=lambda x: np.tile([1.0, 0.0], (len(x), 1)))
    model.classes, model.features = ("no", "yes"), tuple(f"f{i}" for i in range(8))
    assert read("privacy.extraction", columns(rows), model=model)[FIDELITY, "overall"].value == 1.0
    regression = fitted(LinearRegression(), rows, rows[:, 0])
    refused = read("privacy.extraction", columns(rows), model=regression)[FIDELITY, "overall"]
    assert refused.status is Status.NOT_APPLICABLE


def test_copies_are_the_same_bits_twice_and_need_no_model_to_be_read_again() -> None:
    rows, label = noisy_rows(5, 300)
    model = fitted(LogisticRegression(), rows, label)
    first, second = (run("privacy.extraction", columns(rows), model=model) for _ in range(2))
    assert [r.as_dict() for r in first.readings] == [r.as_dict() for r in second.readings]
    stored = first.readings[0].statistics
    again = catalog.summarise("privacy.extraction", stored, params={}, level=0.95, seed=first.seed)
    assert [(r.slice, r.value, r.low) for r in again] == [(r.slice, r.value, r.low) for r in first.readings]
    assert first.evidence[0].data["draw"] == "curve"


def with_trait(seed: int, *, weight: float) -> tuple[dict[str, Any], Model]:
    """A trait that nothing else in the row tells, and a model that uses it with that weight."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(1_500, 3))
    trait = rng.integers(0, 2, 1_500)
    table = {"a": rows[:, 0], "b": rows[:, 1], "trait": trait}

    def ask(x: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-(x[:, 0] + weight * (x[:, 2] - 0.5))))
        return np.column_stack([1 - p, p])

    model = Model(inputs="rows", score_kind="probability", ask=ask, classes=("0", "1"), features=("a", "b", "trait"))
    return table, model


def advantage(table: dict[str, Any], model: Model, **facts: Any) -> Reading:
    roles = {"sensitive": ("trait",)}
    return read("privacy.attribute_inference", table, model=model, roles=roles, **facts)[ADVANTAGE, "overall"]


@pytest.mark.verification
def test_a_trait_the_model_does_not_use_is_not_betrayed() -> None:
    found = advantage(*with_trait(0, weight=0.0))
    assert (found.low or 0) <= 0 <= (found.high or 0)
    assert abs(found.value or 0) < 0.05


@pytest.mark.verification
def test_an_answer_equal_to_the_trait_betrays_all_that_was_not_known() -> None:
    rng = np.random.default_rng(1)
    table = {"a": rng.normal(size=1_000), "trait": (rng.random(1_000) < 0.7).astype(int)}

    def ask(x: np.ndarray) -> np.ndarray:
        return np.column_stack([1 - x[:, 1], x[:, 1]])

    model = Model(inputs="rows", score_kind="probability", ask=ask, classes=("0", "1"), features=("a", "trait"))
    found = advantage(table, model)
    assert found.detail["attack_accuracy"] == 1.0
    assert found.value == pytest.approx(1 - found.detail["baseline_accuracy"], abs=1e-12)
    assert (found.low or 0) > 0.02


def test_a_model_that_uses_the_trait_fails_where_its_clean_twin_does_not() -> None:
    assert (advantage(*with_trait(2, weight=2.0)).low or 0) > 0.02
    assert (advantage(*with_trait(2, weight=0.0)).low or 0) <= 0.02


def test_a_trait_of_one_value_or_of_too_many_is_no_question() -> None:
    table, model = with_trait(3, weight=0.0)
    single = advantage(table | {"trait": np.ones(1_500)}, model)
    assert (single.status, single.reason) == (Status.INSUFFICIENT_DATA, "the trait has one value only")
    with pytest.raises(SubjectError, match="1,500 values, more than 20"):
        advantage(table | {"trait": np.arange(1_500)}, model)


def test_few_rows_are_insufficient() -> None:
    table, model = with_trait(4, weight=0.0)
    assert advantage({k: v[:30] for k, v in table.items()}, model).status is Status.INSUFFICIENT_DATA


@pytest.mark.statistics
def test_the_advantage_of_an_unused_trait_seldom_excludes_nothing() -> None:
    """Each side takes the best of its guessers; the interval still starts above 0 in at most 5.5 % of innocent runs."""
    runs = 60
    above = sum((advantage(*with_trait(100 + i, weight=0.0), params={"rows": 300}).low or 0) > 0 for i in range(runs))
    assert above / runs <= 0.055 + 2 * (0.05 * 0.95 / runs) ** 0.5


def test_one_row_is_too_few_to_infer_a_trait_from() -> None:
    rows, label = noisy_rows(0, 200)
    model = fitted(LogisticRegression(), rows, label)
    table = columns(rows[:1], secret=["a"])
    found = read("privacy.attribute_inference", table, model=model, roles={"sensitive": ("secret",)})
    reading = found["privacy.attribute_inference.advantage", "overall"]
    assert (reading.status, reading.value, reading.n) == (Status.INSUFFICIENT_DATA, None, 1)
