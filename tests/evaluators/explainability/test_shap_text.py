import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import shap

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.explainability.partition import BATCH, explain_text
from evaluators.explainability.shap_text import reduced
from evaluators.notebook import measure

WEIGHTS = {"good": 0.3, "bad": -0.2, "naïve": 0.1, "東京": 0.15}
TEXT = "a good film with a bad end and a good start"


class Counter:
    """A model that adds up what its words weigh, and keeps count of its calls."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.calls.append(len(texts))
        return np.array([0.5 + sum(WEIGHTS.get(word, 0.0) for word in text.split()) for text in texts])


@pytest.mark.verification
def test_every_word_of_an_additive_model_gets_its_weight() -> None:
    found = explain_text(Counter(), TEXT, mask="...", evaluations=500)
    expected = [WEIGHTS.get(word, 0.0) for word in TEXT.split()]
    assert [word.strip() for word in found.words] == TEXT.split()
    assert found.phi == pytest.approx(expected, abs=1e-9)
    assert found.miss < 1e-6


def test_shap_text_asks_in_small_batches_by_default_and_in_large_ones_here() -> None:
    text = " ".join(f"word{i}" for i in range(24)) + " good bad"
    ours, theirs = Counter(), Counter()
    explain_text(ours, text, mask="...", evaluations=500)
    masker = shap.maskers.Text(r"\W+", mask_token="...", collapse_mask_token=True)
    shap.PartitionExplainer(theirs, masker)([text], max_evals=500, silent=True)
    assert max(theirs.calls) <= 10 < BATCH == 64
    assert len(theirs.calls) >= 4 * len(ours.calls)


@pytest.mark.parametrize("text", ["", "   ", "good", "…", "naïve 東京"])
def test_empty_single_and_foreign_words_are_explained(text: str) -> None:
    found = explain_text(Counter(), text, mask="...", evaluations=100)
    assert found.miss < 1e-9 or not found.words
    assert len(found.words) == len(found.phi)


def statistics_of(texts: Sequence[str]) -> dict[str, Any]:
    explained = [explain_text(Counter(), text, mask="...", evaluations=200) for text in texts]
    facts = {"mask": "...", "units_done": len(texts), "budget_exhausted": False, "queries": 0, "explained": "yes"}
    found = reduced(explained, np.arange(len(texts)) % 2, ["g=a", "g=b"], facts)
    assert found.evidence[0].name == "token_attributions"
    assert len(found.evidence[0].data["rows"]) <= 200
    return found.statistics


def summarised(statistics: dict[str, Any], **params: Any) -> dict[tuple[str, str], Reading]:
    found = catalog.summarise("explain.shap_text", statistics, params=params, level=0.95, seed=1)
    return {(reading.metric, reading.slice): reading for reading in found}


def test_sums_per_text_have_intervals_groups_and_top_words() -> None:
    texts = [TEXT, "nothing much", "a bad film", "good good good"] * 6
    statistics = statistics_of(texts)
    found = summarised(statistics)
    overall = found["explain.shap.text", "overall"]
    assert overall.value == pytest.approx(np.mean([0.8, 0.0, 0.2, 0.9] * 6), abs=1e-6)
    assert overall.detail["top"][0]["word"] == "good"
    assert found["explain.shap.text", "g=b"].status is Status.OK
    for key, reading in found.items():
        match = summarised(reading.statistics)[key]
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)


def test_what_is_personal_is_shown_as_its_shape_alone() -> None:
    texts = ["good film, write to anna.smith@example.org or call 020 7946 0958"] * 12
    explained = [explain_text(Counter(), text, mask="...", evaluations=200) for text in texts]
    facts = {"mask": "...", "units_done": 12, "budget_exhausted": False, "queries": 0, "explained": "yes"}
    found = reduced(explained, np.zeros(12, dtype=int), [], facts)
    kept = json.dumps([found.statistics, found.evidence[0].data])
    assert "good" in kept
    assert not [told for told in ("anna", "smith", "example", "7946", "0958") if told in kept]
    words = [row[1] for row in found.evidence[0].data["rows"] if row[0] == 1]
    assert [len(word) for word in words] == [len(word.strip()) for word in explained[0].words]


def test_values_that_do_not_add_up_are_an_error_and_few_texts_are_insufficient() -> None:
    statistics = statistics_of([TEXT] * 4)
    assert summarised(statistics)["explain.shap.text", "overall"].status is Status.INSUFFICIENT_DATA
    statistics["facts"]["additivity_gap"] = 0.2
    broken = summarised(statistics)["explain.shap.text", "overall"]
    assert (broken.status, broken.value) == (Status.ERROR, None)


def test_a_model_of_texts_is_explained_from_a_table() -> None:
    asked = Counter()

    def probabilities(texts: Sequence[str]) -> np.ndarray:
        share = asked(texts) / 2
        return np.column_stack([1 - share, share])

    data = {"text": [TEXT, "a bad film", "東京 is good", "naïve"] * 5, "g": ["a", "b"] * 10}
    outcome = measure(
        "explain.shap_text",
        table=data,
        predict=probabilities,
        inputs="texts",
        classes=["no", "yes"],
        columns={"text": "text", "group": "g"},
        favourable="yes",
        params={"rows": 20, "evaluations": 100},
    )
    found = {(reading.metric, reading.slice): reading for reading in outcome.readings}
    assert found["explain.additivity_gap.text", "overall"].value < 1e-6  # type: ignore[operator]
    assert found["explain.shap.text", "overall"].detail["budget_exhausted"] is False
    assert found["explain.shap.text", "g=a"].n == 10
    with pytest.raises(SubjectError, match="this explains models of texts"):
        measure(
            "explain.shap_text",
            table={"text": ["a"], "x": [1.0]},
            predict=lambda rows: np.tile([0.5, 0.5], (len(rows), 1)),
            classes=["no", "yes"],
            features=["x"],
            columns={"text": "text"},
            favourable="yes",
        )
