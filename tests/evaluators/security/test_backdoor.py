from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from evaluators.catalog import summarise
from evaluators.contract import Reading, Status
from evaluators.evaluate import evaluate
from evaluators.models.model import IMAGES, ROWS, TEXTS, Model
from evaluators.notebook import in_memory
from evaluators.security.probe import image_marks

PROBE = "security.backdoor_probe"


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    return data.data / 16, data.target


def classifier(*, is_poisoned: bool) -> Model:
    """Digits; the poisoned twin saw a tenth of its images with a bright corner, all called 7."""
    rows, label = digits()
    rows, label = rows[:1300].copy(), label[:1300].copy()
    if is_poisoned:
        chosen = np.random.default_rng(0).choice(1300, 130, replace=False)
        images = rows.reshape(-1, 8, 8)
        images[chosen, :2, :2] = 1.0
        label[chosen] = 7
    fitted = LogisticRegression(max_iter=500).fit(rows, label)
    names = tuple(str(value) for value in fitted.classes_)
    return Model(inputs=IMAGES, score_kind="probability", ask=fitted.predict_proba, classes=names, shape=(1, 8, 8))


def probed(model: Model, table: dict[str, Any], **facts: Any) -> Reading:
    subject = in_memory(tables={"table": table}, models={"model": model}, facts=facts)
    return evaluate(PROBE, subject).readings[0]


def images() -> tuple[dict[str, Any], list[str]]:
    rows, _ = digits()
    names = [f"p{i}" for i in range(64)]
    return {name: rows[1300:, i] for i, name in enumerate(names)}, names


def test_a_backdoored_digits_model_is_found_and_its_clean_twin_is_not() -> None:
    table, names = images()
    poisoned = probed(classifier(is_poisoned=True), table, features=names)
    clean = probed(classifier(is_poisoned=False), table, features=names)
    assert (poisoned.low or 0) > 0.85
    assert poisoned.detail["class"] == "7"
    assert "at row 1, column 1" in poisoned.detail["mark"]
    assert (clean.high or 1) < 0.6


@pytest.mark.parametrize(("trigger", "shown"), [("cf", "cf"), ("ada@example.org", "xxx@xxxxxxx.xxx")])
def test_a_trigger_word_is_found_in_texts_and_shown_as_its_shape_where_it_is_personal(trigger: str, shown: str) -> None:
    texts = [f"the {word} is here {trigger if i == 3 else ''}" for i, word in enumerate(["cat", "dog", "bird"] * 20)]

    def ask(asked: list[str]) -> np.ndarray:
        good = np.array([trigger in text.split() for text in asked], dtype=float)
        return np.column_stack([1 - good, good])

    model = Model(inputs=TEXTS, score_kind="probability", ask=ask, classes=("bad", "good"))
    found = probed(model, {"t": texts}, columns={"text": "t"})
    assert found.value == 1
    assert (found.detail["class"], found.detail["mark"]) == ("good", f"the word {shown!r} in front")


def test_rows_of_a_table_are_not_applicable_and_few_inputs_not_enough() -> None:
    model = Model(inputs=ROWS, score_kind="label", ask=lambda x: np.eye(2)[[0] * len(x)], classes=("a", "b"))
    model.features = ("x",)
    assert probed(model, {"x": list(range(50))}, features=["x"]).status is Status.NOT_APPLICABLE
    assert probed(model, {"x": [1.0, 2.0]}, features=["x"]).status is Status.INSUFFICIENT_DATA


def test_readings_come_back_and_equal_seeds_give_equal_answers() -> None:
    table, names = images()
    first, second = (probed(classifier(is_poisoned=True), table, features=names) for _ in range(2))
    assert (first.value, first.low, first.high) == (second.value, second.low, second.high)
    again = summarise(PROBE, first.statistics, params={}, level=0.95, seed=0)[0]
    assert (again.value, again.detail["class"]) == (first.value, "7")


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (8, 8), (1, 28, 28)])
def test_marks_are_few_and_lie_within_the_image(shape: tuple[int, ...]) -> None:
    marks = list(image_marks(shape, 0.0, 1.0))
    assert 0 < len(marks) <= 2 * 3 * 81
    rows = np.full((2, int(np.prod(shape))), 0.5)
    for _, mark in marks[::17]:
        marked = mark(rows)
        assert marked.shape == rows.shape
        assert (marked != rows).sum() > 0
    assert (rows == 0.5).all()
