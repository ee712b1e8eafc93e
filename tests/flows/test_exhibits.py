"""The demo's further models are what their texts say: real sentences and digits, split with care, and their words."""

import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import load

from evaluators.catalog import describe
from registry.cards.answers import parse_answers
from registry.cards.completeness import measure_completeness
from registry.cards.schemas import load_schema
from registry.management.demo import digit_training, made, reviews, sentence_training, texts
from registry.management.demo.assessing import RATED, WAY
from registry.management.demo.exhibits import EXHIBITS
from registry.models.choices import Priority, Treatment
from registry.services.policy_text import read_policy

pytestmark = pytest.mark.flow
NAMES = [exhibit.texts for exhibit in EXHIBITS]


def figures(plain: dict) -> dict[str, str]:
    return dict.fromkeys(plain["figures"], "0.5 (0.4 to 0.6)") | {"registered": "2026-01-01"}


@pytest.fixture(scope="module")
def sentences() -> reviews.Sentences:
    return reviews.read_sentences()


def test_the_sentences_are_the_published_ones(sentences) -> None:
    assert (len(sentences.texts), len(set(sentences.reviews))) == (3708, 300)
    assert sentences.labels.count(reviews.COMPLAINT) == pytest.approx(len(sentences.labels) / 3, abs=10)


def test_no_review_stands_on_both_sides_of_the_split(sentences) -> None:
    known, held_out = reviews.split(sentences)
    assert set(known.reviews).isdisjoint(held_out.reviews)
    assert sorted([*known.texts, *held_out.texts]) == sorted(sentences.texts)
    assert len(set(held_out.reviews)) == 100


def test_the_datasheet_of_what_was_kept_counts_what_was_kept(sentences) -> None:
    known, held_out = reviews.split(sentences)
    told = texts.load("complaint_finder")["held_out_datasheet"]
    assert told["composition.instance_count"] == f"{len(held_out.texts):,} sentences of 100 reviews."
    assert f"{held_out.labels.count(reviews.COMPLAINT)} of {len(held_out.texts):,}" in told["composition.labels"]
    assert sum(text in set(known.texts) for text in held_out.texts) == 6
    assert "Six sentences" in told["composition.noise_redundancy"]
    digits = np.bincount(digit_training.read_digits().unseen_labels)
    said = f"{digits.sum()} images, {digits.min()} to {digits.max()} of each digit."
    assert texts.load("form_digits")["held_out_datasheet"]["composition.instance_count"] == said


def test_another_archive_in_the_place_of_the_sentences_is_refused(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(reviews, "ARCHIVE", tmp_path / "sentences.tar.gz")
    with pytest.raises(made.NotHere, match="is not here"):
        reviews.read_sentences()
    (tmp_path / "sentences.tar.gz").write_bytes(b"something else")
    with pytest.raises(made.NotHere, match="expected 5d7c06e027fc"):
        reviews.read_sentences()


def test_the_head_says_what_the_regression_says() -> None:
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((200, 5))
    fitted = sentence_training.LogisticRegression().fit(rows, rows[:, 0] > 0.3)
    found = dict(sentence_training.head(fitted))
    weights = load(found["head.safetensors"])
    logits = rows @ weights["weight"].T + weights["bias"]
    assert logits[:, 1] - logits[:, 0] == pytest.approx(fitted.decision_function(rows), abs=1e-5)
    assert json.loads(found["head.json"])["classes"] == ["other", "complaint"]


def test_the_digits_are_split_once_and_every_digit_is_on_both_sides() -> None:
    digits = digit_training.read_digits()
    assert (len(digits.known), len(digits.unseen)) == (1198, 599)
    assert set(digits.unseen_labels.tolist()) == set(digits.known_labels.tolist()) == set(range(10))
    assert (digits.known.min(), digits.known.max()) == (0, 1)


def test_training_on_the_digits_twice_gives_the_same_files(monkeypatch) -> None:
    monkeypatch.setattr(digit_training, "EPOCHS", 2)
    digits = digit_training.read_digits()
    first, again = ([hashlib.sha256(data).hexdigest() for _, data in digit_training.train(digits)] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("name", NAMES)
def test_its_policy_can_be_used_and_gives_a_source_for_every_number(name: str) -> None:
    inference = read_policy(texts.load(name, room="policies"))["stages"]["inference"]
    limits = [limit for wanted in inference["evaluations"] for limit in wanted["thresholds"]]
    assert limits
    assert all(len(limit["source"]) > 40 for limit in limits)


@pytest.mark.parametrize("name", NAMES)
def test_its_card_and_datasheet_answer_what_the_policy_asks(name: str) -> None:
    plain = texts.load(name)
    kept = plain["datasheet"] | plain["held_out_datasheet"]
    for kind, answers in (("model_card", plain["card"]), ("datasheet", plain["datasheet"]), ("datasheet", kept)):
        schema = load_schema(kind)
        told = figures(plain) if kind == "model_card" else {}
        measured = measure_completeness(schema, parse_answers(schema, texts.as_answers(answers, told)))
        assert measured.missing == ()
        assert measured.fraction is not None
        assert measured.fraction >= 0.9


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_it_quotes_is_measured_by_its_policy(name: str) -> None:
    inference = read_policy(texts.load(name, room="policies"))["stages"]["inference"]
    from_policy = {wanted["evaluator"] for wanted in inference["evaluations"]}
    for metric, _ in texts.load(name)["figures"].values():
        assert any(metric in measured_by(evaluator) for evaluator in from_policy), metric


def measured_by(evaluator: str) -> set[str]:
    return {metric["id"] for metric in describe(evaluator)["metrics"]}


@pytest.mark.parametrize("name", NAMES)
def test_every_risk_is_rated_and_treated(name: str) -> None:
    plain = texts.load(name)
    for item in plain["risks"]:
        assert set(RATED) <= set(item)
        assert (item["priority"] in Priority.values, item["treatment"] in Treatment.values) == (True, True)
        assert set(item["at"]) <= set(WAY)
        said = [value for at in item["at"].values() for value in at.values() if isinstance(value, str)]
        assert all(texts.fill(text, figures(plain)) for text in said)
