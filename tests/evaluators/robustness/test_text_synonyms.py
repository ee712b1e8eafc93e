import itertools
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Measured, Reading, Status
from evaluators.evaluate import silent
from evaluators.language.wording import exchanged, words
from evaluators.models.model import Model
from evaluators.robustness.text_search import Limits, Search
from evaluators.robustness.text_synonyms import measure_model
from evaluators.robustness.words_like import Neighbours, Substitutes, is_alike, lists
from evaluators.subjects.texts import Asker
from tests.evaluators.texting import bag_of_words, check_each_comes_back, completed, readings_of, texts_subject

ID = "robust.text_synonyms"
SUCCESS = "robust.text.synonym_asr"
BRITTLE = {"good": 1.0, "fine": -1.0, "decent": 0.8}


def measured(model: Model, where: Path, rows: Sequence[tuple[str, str]], **params: Any) -> Measured:
    subject = texts_subject(where, [t for t, _ in rows], [y for _, y in rows])
    return measure_model(model, subject, params=completed(ID, params), seed=5, progress=silent)


def found(model: Model, where: Path, rows: Sequence[tuple[str, str]], **params: Any) -> Reading:
    return readings_of(ID, measured(model, where, rows, **params).statistics)[SUCCESS, "overall"]


def optimum(text: str, model: Model, given: dict[str, tuple[str, ...]], most: int) -> float:
    """The lowest log-odds of "positive" over every combination of at most `most` exchanged words."""
    spots = words(text)
    best = np.inf
    for size in range(most + 1):
        for places in itertools.combinations(range(len(spots)), size):
            for chosen in itertools.product(*(given.get(spots[i].text, ()) for i in places)):
                changed = exchanged(text, spots, dict(zip(places, chosen, strict=True)))
                best = min(best, float(model.ask([changed])[0, 1]))
    return best


@pytest.mark.verification
@pytest.mark.parametrize("seed", range(4))
def test_on_a_model_that_adds_up_words_the_greedy_search_is_the_exact_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"{a}{b}" for a in "bcdfg" for b in "aeiou"]
    weights = {name: float(rng.normal()) for name in names}
    given = {name: tuple(rng.choice(names, size=3, replace=False).tolist()) for name in names if rng.random() < 0.8}
    model = bag_of_words(weights, bias=4.0)
    texts = [" ".join(rng.choice(names, size=8)) for _ in range(20)]
    right = [text for text in texts if model.ask([text])[0, 1] > 0]
    search = Search(Asker(model), Substitutes(8, 0.5, None, given), Limits(share=0.4, tried=50, cosine=0.8))
    turned = [bool(hunt.turned) for hunt in search.run(right, [1] * len(right))]
    assert turned == [optimum(text, model, given, most=3) < 0 for text in right]
    assert len(set(turned)) == 2


def test_a_model_of_one_of_two_synonyms_fails_and_its_twin_that_knows_both_passes(tmp_path: Path) -> None:
    rows = [(f"the answer to ticket {i} was good", "positive") for i in range(30)]
    brittle = found(bag_of_words(BRITTLE, bias=-0.5), tmp_path, rows)
    sturdy = found(bag_of_words({"good": 1.0, "fine": 1.0, "decent": 1.0, "answer": 0.1}, bias=-0.5), tmp_path, rows)
    assert (brittle.value, brittle.status) == (1.0, Status.OK)
    assert brittle.low > 0.2  # type: ignore[operator]
    assert (sturdy.value, sturdy.detail["accuracy_under_attack"]) == (0.0, 1.0)
    assert sturdy.high < 0.2  # type: ignore[operator]


def test_texts_that_were_wrong_before_are_no_success(tmp_path: Path) -> None:
    rows = [("good", "negative"), *[(f"a good day number {i}", "positive") for i in range(10)]]
    reading = found(bag_of_words(BRITTLE, bias=-0.5), tmp_path, rows)
    assert (reading.n, reading.detail["texts"], reading.detail["turned"]) == (10, 11, 10)


def test_no_more_words_change_than_allowed(tmp_path: Path) -> None:
    """Two of twenty words would have to change: one of ten may, and two of twenty may."""
    rows = [(f"good {'so ' * 16} and {i} great it was".replace("  ", " "), "positive") for i in range(12)]
    model = bag_of_words({"good": 1.0, "great": 1.0, "fine": 0.0, "excellent": 0.0, "decent": 0.5}, bias=-0.9)
    assert found(model, tmp_path, rows, share=0.05).value == 0.0
    twice = found(model, tmp_path, rows, share=0.1)
    assert (twice.value, twice.detail["words_changed"]) == (1.0, 24)


def test_a_sentence_that_moves_too_far_is_no_proposal(tmp_path: Path) -> None:
    """The encoder of this model finds every change far away, and says so in the constraint pass rate."""
    rows = [(f"ticket {i} was good", "positive") for i in range(12)]
    strict = bag_of_words(BRITTLE, bias=-0.5)
    strict.encode = lambda texts: np.array([[1.0, 0.0] if "good" in text else [0.0, 1.0] for text in texts])
    reading = found(strict, tmp_path, rows)
    assert (reading.value, reading.detail["constraint_pass_rate"]) == (0.0, 0.0)
    assert reading.detail["is_similarity_checked"] is True
    loose = found(bag_of_words(BRITTLE, bias=-0.5), tmp_path, rows)
    assert (loose.value, loose.detail["is_similarity_checked"]) == (1.0, False)


def test_neighbours_are_used_only_where_an_encoder_can_judge_the_sentence(tmp_path: Path) -> None:
    rows = [(f"parcel {i} was zesty", "positive") for i in range(12)]

    def vectors() -> tuple[list[str], np.ndarray]:
        return ["zesty", "spicy", "##ing", "far"], np.array([[1.0, 0.1], [1.0, 0.2], [1.0, 0.1], [-1.0, 0.0]])

    model = bag_of_words({"zesty": 1.0, "parcel": 0.0}, bias=-0.5, word_vectors=vectors)
    assert found(model, tmp_path, rows).value == 0.0
    model.encode = lambda texts: np.ones((len(texts), 2))
    assert found(model, tmp_path, rows).value == 1.0


def test_textattack_fetches_its_encoder_at_use_and_here_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the share of proposals that the constraints let through is published, because loose ones inflate success."""

    def refuse(*_: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    model = bag_of_words(BRITTLE, bias=-0.5)
    model.encode = lambda texts: np.ones((len(texts), 2))
    reading = found(model, tmp_path, [(f"good day {i}", "positive") for i in range(12)])
    assert (reading.value, reading.detail["constraint_pass_rate"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("word", "other"),
    [("good", "bad"), ("happy", "unhappy"), ("slow", "fast"), ("film", "films"), ("quickly", "quick"), ("on", "off"),
     ("terrible", "terrific"), ("running", "walked"), ("cheap", "expensive"), ("good", "not")],
)  # fmt: skip
def test_opposites_other_forms_and_function_words_are_no_synonyms(word: str, other: str) -> None:
    assert not is_alike(word, other)


def test_hand_made_synonyms_are_no_opposites() -> None:
    table = lists()
    wrong = [
        (word, other) for word, others in table.synonyms.items() for other in others if table.are_opposed(word, other)
    ]
    assert wrong == []


def test_names_and_case_are_kept(tmp_path: Path) -> None:
    rows = [(f"Good day {i}, said Mr Good", "positive") for i in range(12)]
    evidence = measured(bag_of_words({"good": 0.3, "fine": -1.0}, bias=-0.5 + 0.3), tmp_path, rows).evidence[0]
    assert all(row[1].startswith("Fine day") and row[1].endswith("Mr Good") for row in evidence.data["rows"])
    assert len(evidence.data["rows"]) == 12


@pytest.mark.parametrize("text", ["", "🎉", "Ωραία", "the and of"])
def test_texts_without_substitutes_stay_as_they_are(tmp_path: Path, text: str) -> None:
    reading = found(bag_of_words({}, bias=-1), tmp_path, [(text, "negative")])
    assert (reading.value, reading.detail["without_substitutes"], reading.status) == (0.0, 1, Status.INSUFFICIENT_DATA)


def test_a_model_that_is_never_right_has_nothing_to_lose(tmp_path: Path) -> None:
    reading = found(bag_of_words({}, bias=-1), tmp_path, [("fine", "positive")] * 20)
    assert (reading.status, reading.value) == (Status.INSUFFICIENT_DATA, None)


def test_every_reading_comes_back_from_its_own_statistics(tmp_path: Path) -> None:
    rows = [(f"good day {i}", "positive") for i in range(12)]
    reading = found(bag_of_words(BRITTLE, bias=-0.5), tmp_path, rows)
    check_each_comes_back(ID, {(reading.metric, reading.slice): reading})


def test_word_pieces_are_no_neighbours() -> None:
    near = Neighbours.of(lambda: (["##able", "able", "apt"], np.array([[1.0, 0.0], [1.0, 0.0], [0.9, 0.1]])))
    assert near.near("able", cosine=0.5) == ["apt"]
    assert near.near("unknown", cosine=0.5) == []
