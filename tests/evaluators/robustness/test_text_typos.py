from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Measured, Reading, Status, SubjectError
from evaluators.evaluate import silent
from evaluators.language.wording import words
from evaluators.models.model import TEXTS, Model
from evaluators.robustness.text_edits import KINDS, SHORTEST, edited, mistyped
from evaluators.robustness.text_typos import measure_model, variants_of
from evaluators.subjects.texts import open_texts
from tests.evaluators.texting import (
    CLASSES,
    bag_of_words,
    check_each_comes_back,
    completed,
    readings_of,
    texts_subject,
)

ID = "robust.text_typos"
ACCURACY, DROP = "robust.text.typo_acc", "robust.text.typo_drop"
TEXTS_AND_LABELS = [(f"parcel number {i} was splendid", "positive") for i in range(20)] + [
    (f"parcel number {i} was late", "negative") for i in range(20)
]


def measured(model: Model, where: Path, rows: Sequence[tuple[str, str]] = TEXTS_AND_LABELS, **params: Any) -> Measured:
    more = params.pop("more", {})
    groups = {"group": params.pop("group")} if "group" in params else {}
    subject = texts_subject(where, [t for t, _ in rows], [y for _, y in rows], more=more | groups)
    return measure_model(model, subject, params=completed(ID, params), seed=5, progress=silent)


def found(model: Model, where: Path, *rows: Any, **params: Any) -> dict[tuple[str, str], Reading]:
    return readings_of(ID, measured(model, where, *rows, **params).statistics)


def first_letters(weights: dict[str, float]) -> Model:
    """Reads only how words begin, which no typing error changes."""

    def ask(texts: Sequence[str]) -> np.ndarray:
        z = [-0.5 + sum(weights.get(word.text[0].lower(), 0.0) for word in words(text)) for text in texts]
        return np.stack([np.zeros(len(z)), np.array(z)], axis=1)

    return Model(inputs=TEXTS, score_kind="logit", ask=ask, classes=CLASSES)


@pytest.mark.verification
def test_a_model_of_one_exact_spelling_loses_every_text_that_needs_it(tmp_path: Path) -> None:
    readings = found(bag_of_words({"splendid": 1.0}, bias=-0.5), tmp_path, share=1.0, variants=1)
    accuracy, drop = readings[ACCURACY, "overall"], readings[DROP, "overall"]
    assert (accuracy.value, drop.value, accuracy.detail["clean_accuracy"]) == (0.5, 0.5, 1.0)
    assert (accuracy.n, drop.detail["initially_right"]) == (40, 40)


@pytest.mark.verification
def test_a_model_of_short_words_loses_none(tmp_path: Path) -> None:
    rows = [(f"number {i} is ok", "positive") for i in range(30)]
    readings = found(bag_of_words({"ok": 1.0}, bias=-0.5), tmp_path, rows, share=1.0)
    assert (readings[ACCURACY, "overall"].value, readings[DROP, "overall"].value) == (1.0, 0.0)
    assert readings[DROP, "overall"].status is Status.OK


def test_a_typo_brittle_model_fails_and_its_twin_that_reads_first_letters_passes(tmp_path: Path) -> None:
    brittle = found(bag_of_words({"splendid": 1.0}, bias=-0.5), tmp_path, share=0.4)
    sturdy = found(first_letters({"s": 1.0}), tmp_path, share=0.4)
    assert brittle[DROP, "overall"].low > 0.05  # type: ignore[operator]
    assert (sturdy[DROP, "overall"].value, sturdy[ACCURACY, "overall"].value) == (0.0, 1.0)


def test_rows_that_were_wrong_before_are_not_the_typos_fault(tmp_path: Path) -> None:
    readings = found(bag_of_words({}, bias=-0.5), tmp_path)
    assert (readings[ACCURACY, "overall"].value, readings[DROP, "overall"].value) == (0.5, 0.0)


def test_more_variants_never_raise_the_accuracy(tmp_path: Path) -> None:
    evidence = measured(bag_of_words({"splendid": 1.0}, bias=-0.5), tmp_path, share=0.1, variants=8).evidence
    curve = [point["y"] for point in evidence[0].data["series"][0]["points"]]
    assert curve == sorted(curve, reverse=True)
    assert (len(curve), curve[0]) == (9, 1.0)
    assert {"text", "mistyped"} < set(evidence[1].data["columns"])
    assert evidence[1].data["rows"]


def test_groups_are_shown_beside_the_whole(tmp_path: Path) -> None:
    groups = ["north"] * 10 + ["south"] * 10 + ["north"] * 10 + ["south"] * 10
    readings = found(bag_of_words({"splendid": 1.0}, bias=-0.5), tmp_path, group=groups)
    assert readings[ACCURACY, "group=north"].n == readings[ACCURACY, "group=south"].n == 20


def test_row_order_changes_nothing(tmp_path: Path) -> None:
    model = bag_of_words({"splendid": 1.0}, bias=-0.5)
    once = measured(model, tmp_path, share=0.1).statistics["slices"]
    again = measured(model, tmp_path, TEXTS_AND_LABELS[::-1], share=0.1).statistics["slices"]
    assert once == again


def test_every_reading_comes_back_from_its_own_statistics(tmp_path: Path) -> None:
    check_each_comes_back(ID, found(bag_of_words({"splendid": 1.0}, bias=-0.5), tmp_path))


@pytest.mark.parametrize("text", ["", "🎉🎉🎉", "a b c", "12.30 € 🙂", "はい"])
def test_a_text_without_long_words_stays_as_it_is(text: str) -> None:
    assert mistyped(text, share=1.0, rng=np.random.default_rng(0)) == text


def test_other_scripts_and_emoji_around_words_survive(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    changed = mistyped("Добрый вечер 🎉 naïve façade", share=1.0, rng=rng)
    assert "🎉" in changed
    assert changed != "Добрый вечер 🎉 naïve façade"
    rows = [("Добрый вечер 🎉", "negative"), ("", "negative"), ("🎉", "negative")]
    assert found(bag_of_words({}, bias=-1), tmp_path, rows)[ACCURACY, "overall"].value == 1.0


def test_one_document_is_no_evidence(tmp_path: Path) -> None:
    reading = found(bag_of_words({}, bias=-1), tmp_path, [("hello there", "negative")])[ACCURACY, "overall"]
    assert (reading.status, reading.value) == (Status.INSUFFICIENT_DATA, 1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_one_edit_behind_the_first_letter(kind: str) -> None:
    rng = np.random.default_rng(2)
    for word in ("wonderful", "Text", "aaaa", "ÄÖÜß", "SHOUT", "don't"):
        for _ in range(20):
            wrong = edited(word, kind=kind, rng=rng)
            assert wrong != word
            assert wrong[0] == word[0]
            assert abs(len(wrong) - len(word)) <= 1


def test_each_word_has_one_error_at_most_and_spaces_stay() -> None:
    text = "The quick brown foxes are jumping over many lazy sleeping dogs"
    for wrong in variants_of(text, variants=20, share=1.0, seed=3):
        pairs = list(zip(text.split(), wrong.split(), strict=True))
        assert all((len(word) >= SHORTEST) == (word != other) for word, other in pairs)
        assert all(abs(len(word) - len(other)) <= 1 for word, other in pairs)


def test_a_label_the_model_does_not_know_is_named(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="'neutral' is not a class"):
        found(bag_of_words({}), tmp_path, [("fine", "neutral")])


def test_copies_of_a_text_are_drawn_one_by_one(tmp_path: Path) -> None:
    texts = [f"text {i % 60}" for i in range(2400)]
    drawn = open_texts(texts_subject(tmp_path, texts), rows=50, seed=7)
    assert len({row.text for row in drawn}) > 25
    assert open_texts(texts_subject(tmp_path, texts[::-1]), rows=50, seed=7) == drawn


def test_a_label_outside_the_rows_drawn_is_named_with_its_row(tmp_path: Path) -> None:
    labels = ["positive"] * 300
    labels[200] = "neutral"
    about = texts_subject(tmp_path, [f"text {i}" for i in range(300)], labels)
    with pytest.raises(SubjectError, match="row 201, column 'label': the label 'neutral' is not a class of the model"):
        open_texts(about, rows=5, seed=7, classes=("negative", "positive"))
