"""The text evaluators on a real sentence encoder with a linear head, from files to readings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evaluators.contract import Reading, Status, Subject
from evaluators.evaluate import evaluate, silent
from evaluators.fairness import counterfactual
from evaluators.models.heads import head_files
from evaluators.models.model import Model
from evaluators.models.opening import open_model
from evaluators.robustness import checklist, text_synonyms
from tests.evaluators.data import write_csv
from tests.evaluators.models.subjects import held, minilm
from tests.evaluators.texting import completed, readings_of, texts_subject

CLASSES = ("negative", "positive")
Build = Callable[[int], Subject]
GOOD = ["wonderful", "excellent", "friendly", "delicious", "helpful", "great", "lovely", "comfortable"]
BAD = ["terrible", "awful", "rude", "disgusting", "useless", "bad", "dirty", "broken"]
THINGS = ["hotel", "meal", "film", "phone", "parcel", "service", "garden", "book"]
WHO = ["My brother", "The woman at the desk", "James", "An American guest", "Our neighbour", "She"]


def documents(n: int, *, seed: int) -> tuple[list[str], list[str]]:
    """Sentences of some thirty tokens that praise or blame."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n):
        tone = i % 2
        words = [str(rng.choice((BAD, GOOD)[tone])) for _ in range(2)]
        who, thing, other = str(rng.choice(WHO)), *(str(word) for word in rng.choice(THINGS, 2, replace=False))
        text = f"{who} said on day {i} that the {thing} was {words[0]} and that the {other} seemed {words[1]} as well"
        texts.append(f"{text}, so we talked about it for quite a while.")
        labels.append(CLASSES[tone])
    return texts, labels


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Subjects of n documents and a head that was trained on others."""
    folder = tmp_path_factory.mktemp("classifier")
    encoder = open_model(held(folder, {**minilm(), "head.json": b'{"pooling": "mean", "normalise": true}'}))
    texts, labels = documents(120, seed=1)
    fitted = LogisticRegression(C=10.0).fit(encoder.embeddings(texts), labels)
    files = {**minilm(), **head_files(CLASSES, fitted.coef_, fitted.intercept_)}
    roles = {"text": "text", "label": "label"}

    def subject(n: int) -> Subject:
        texts, labels = documents(n, seed=2)
        table = write_csv(folder / f"{n}.csv", {"text": texts, "label": labels})
        return held(folder, files, table=table, columns=roles, favourable="positive")

    return subject


@pytest.fixture(scope="module")
def model(build: Build) -> Model:
    return open_model(build(4))


def run(evaluator: str, subject: Subject, model: Model, **params: Any) -> dict[str, Reading]:
    """Measured on a model that is open already: opening takes longer than asking."""
    measure = {
        "robust.text_synonyms": text_synonyms.measure_model,
        "robust.text_checklist": checklist.measure_model,
        "fairness.counterfactual": counterfactual.measure_model,
    }[evaluator]
    found = measure(model, subject, params=completed(evaluator, params), seed=1, progress=silent)
    return {m: reading for (m, name), reading in readings_of(evaluator, found.statistics).items() if name == "overall"}


def test_typing_errors_on_a_real_encoder_from_files_to_readings(build: Build) -> None:
    outcome = evaluate("robust.text_typos", build(30), params={"variants": 2})
    accuracy = next(reading for reading in outcome.readings if reading.metric == "robust.text.typo_acc")
    assert accuracy.status is Status.OK
    assert accuracy.detail["clean_accuracy"] > 0.9
    assert 0 < accuracy.low < accuracy.value <= 1  # type: ignore[operator]


def test_synonyms_are_judged_by_the_encoder_itself(build: Build, model: Model) -> None:
    reading = run("robust.text_synonyms", build(12), model, words=3, candidates=3)["robust.text.synonym_asr"]
    assert (reading.detail["is_similarity_checked"], reading.detail["has_neighbours"]) == (True, True)
    assert 0 < reading.detail["constraint_pass_rate"] <= 1
    assert reading.status is Status.OK


def test_people_are_exchanged_on_a_real_encoder(build: Build, model: Model) -> None:
    found = run("fairness.counterfactual", build(30), model, source="table", swaps=2)
    reading = found["fairness.counterfactual_token_gap"]
    assert reading.status is Status.OK
    assert reading.detail["exchanges_not_read"] == 0
    assert reading.value > 0  # type: ignore[operator]


def test_behaviour_of_a_real_encoder(build: Build, model: Model) -> None:
    found = run("robust.text_checklist", build(4), model, positive="positive", negative="negative", fills=2)
    assert {reading.status for reading in found.values()} == {Status.OK}
    assert found["robust.text.checklist_mft"].value > 0.2  # type: ignore[operator]


def test_words_beyond_what_the_tokenizer_reads_are_told(model: Model, tmp_path: Path) -> None:
    texts = [f"Number {i} was good. " * 60 + "He left." for i in range(3)]
    long = texts_subject(tmp_path, texts)
    reading = run("fairness.counterfactual", long, model, source="table", sets=["gender"])
    assert reading["fairness.counterfactual_flip_rate"].detail["exchanges_not_read"] == 3
