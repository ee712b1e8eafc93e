"""Questions about texts: each different one once, and decided as the model itself decides."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Reading
from evaluators.evaluate import evaluate
from evaluators.models.model import Model
from evaluators.notebook import in_memory
from evaluators.subjects.texts import Asker
from tests.evaluators.texting import bag_of_words

WEIGHTS = {"good": 1.0, "bad": -1.0}


def strict(cut: float, **weights: float) -> Model:
    """Says "positive" from a probability of `cut` on, where the larger of the two would do from one half on."""
    model = bag_of_words(WEIGHTS | weights)

    def decide(texts: Sequence[str]) -> Any:
        return (1 / (1 + np.exp(-model.ask(texts)[:, 1])) >= cut).astype(int)

    model.decide = decide
    return model


def test_labels_are_the_models_own() -> None:
    asker = Asker(strict(0.9))
    assert asker.labels(["good", "good good good", "bad"]) == ["negative", "positive", "negative"]
    assert Asker(bag_of_words(WEIGHTS)).labels(["good", "good good good", "bad"]) == [
        "positive",
        "positive",
        "negative",
    ]


def test_every_different_text_is_asked_about_once_for_scores_and_once_for_a_decision() -> None:
    texts = ["good", "bad", "good", "so so"]
    own, plain = Asker(strict(0.9)), Asker(bag_of_words(WEIGHTS))
    for asker in (own, plain):
        asker.ask_ahead(texts)
        asker.labels(texts)
        asker.probabilities(texts)
    assert (own.model.queries, plain.model.queries) == (6, 3)


def readings(evaluator_id: str, cut: float, texts: Sequence[str], **facts: Any) -> dict[str, Reading]:
    """Overall readings of a model that minds Mohammed and greetings, on texts that are all positive."""
    table = {"text": list(texts), "label": ["positive"] * len(texts)}
    declared = {"columns": {"text": "text", "label": "label"}, "favourable": "positive"}
    model = strict(cut, mohammed=-0.5, hello=-0.5)
    subject = in_memory(tables={"table": table}, models={"model": model}, facts=declared)
    found = evaluate(evaluator_id, subject, params=facts).readings
    return {reading.metric: reading for reading in found if reading.slice == "overall"}


@pytest.mark.parametrize(
    ("evaluator_id", "metric"),
    [
        ("robust.text_typos", "robust.text.typo_acc"),
        ("robust.text_synonyms", "robust.text.synonym_asr"),
    ],
)
def test_a_text_is_right_where_the_model_itself_says_so(evaluator_id: str, metric: str) -> None:
    """A probability of .73 is positive to everybody but to a model that asks for .9, which is never right."""
    texts = [f"A good thing, number {i}" for i in range(30)]
    found = [readings(evaluator_id, cut, texts)[metric].detail["clean_accuracy"] for cut in (0.5, 0.9)]
    assert found == [1.0, 0.0]


def test_a_flip_is_a_flip_of_what_the_model_decides() -> None:
    """Mohammed costs some probability: it falls from .73 to .62, below this model's own cut-off and above one half."""
    texts = [f"A good day for James, number {i}" for i in range(40)]
    metric = "fairness.counterfactual_flip_rate"
    by_half, by_own = (
        readings("fairness.counterfactual", cut, texts, source="table", sets=["names"])[metric] for cut in (0.5, 0.7)
    )
    assert (by_half.value, by_own.detail["changed_labels"]) == (0.0, 40)


def test_a_change_of_writing_is_judged_by_what_the_model_decides() -> None:
    """A greeting turns every text of the table by this model's own cut-off, and only built-in ones by one half."""
    texts = [f"Good {i}" for i in range(160)]
    by_half, by_own = (readings("robust.text_checklist", cut, texts)["robust.text.checklist_inv"] for cut in (0.5, 0.7))
    assert by_own.value > by_half.value + 0.05  # type: ignore[operator]
