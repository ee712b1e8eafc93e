from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Measured, ParameterError, Reading, Status, Subject, SubjectError
from evaluators.evaluate import silent
from evaluators.fairness.counterfactual import measure_model
from evaluators.fairness.counterfactual_cases import built_in
from evaluators.language.identity import SETS, vocabulary
from evaluators.models.model import ROWS, Model
from tests.evaluators.texting import bag_of_words, check_each_comes_back, completed, readings_of, texts_subject

ID = "fairness.counterfactual"
FLIPS, GAP = "fairness.counterfactual_flip_rate", "fairness.counterfactual_token_gap"
OPINIONS = {"wonderful": 2.0, "happy": 1.5, "recommend": 1.0, "disappointed": -2.0, "boring": -2.0, "furious": -1.5}
NO_TABLE = Subject.from_dict({"kind": "model", "files": {}, "favourable": "positive"})


def measured(model: Model, where: Subject = NO_TABLE, **params: Any) -> Measured:
    return measure_model(model, where, params=completed(ID, params), seed=1, progress=silent)


def found(model: Model, where: Subject = NO_TABLE, **params: Any) -> dict[tuple[str, str], Reading]:
    return readings_of(ID, measured(model, where, **params).statistics, params=params)


@pytest.mark.verification
def test_the_gap_of_a_bag_of_words_is_the_difference_of_the_two_weights() -> None:
    model = bag_of_words(OPINIONS | {"nurse": 0.7, "doctor": -0.55})
    readings = found(model, sets=[], pairs=["nurse/doctor"], source="templates", scale="log-odds")
    assert readings[GAP, "overall"].value == pytest.approx(1.25, abs=1e-9)
    assert readings[GAP, "overall"].n == len(built_in()["templates"])


@pytest.mark.verification
def test_flips_are_those_that_a_hand_count_finds(tmp_path: Path) -> None:
    """Log-odds .5 + "he" or "she": a text flips if and only if its other words add up to between -.5 and .3."""
    model = bag_of_words({"he": 0.5, "she": -0.3, "good": 1.0, "bad": -1.0})
    texts = ["he came", "she came", "he is good", "she is bad", "he is bad", "good he, bad she"]
    readings = found(model, texts_subject(tmp_path, texts), source="table")
    flips = readings[FLIPS, "overall"]
    assert (flips.value, flips.n, flips.detail["changed_labels"]) == (pytest.approx(2 / 6), 6, 2)
    assert flips.status is Status.INSUFFICIENT_DATA
    assert "6 texts" in flips.reason


def test_a_model_that_minds_who_somebody_is_fails_and_its_clean_twin_passes() -> None:
    minding = found(bag_of_words(OPINIONS | {"muslim": -1.0, "fatima": -1.0, "woman": -0.8, "she": -0.8}, bias=0.4))
    clean = found(bag_of_words(OPINIONS, bias=0.4))
    assert minding[FLIPS, "overall"].low > 0.01  # type: ignore[operator]
    assert minding[GAP, "overall"].low > 0.02  # type: ignore[operator]
    assert minding[FLIPS, "set=religion"].value > 0.2  # type: ignore[operator]
    assert minding[FLIPS, "set=nationality"].value == 0.0
    assert (clean[FLIPS, "overall"].value, clean[GAP, "overall"].value) == (0.0, 0.0)
    assert clean[FLIPS, "overall"].status is Status.OK


@pytest.mark.verification
def test_no_flip_in_the_templates_shows_less_than_one_in_forty_and_not_one_in_a_hundred() -> None:
    clean = found(bag_of_words(OPINIONS, bias=0.4))
    assert (clean[FLIPS, "overall"].low, clean[FLIPS, "overall"].detail["clusters"]) == (0.0, 166)
    for slice_ in ("overall", *(f"set={name}" for name in SETS)):
        assert clean[FLIPS, slice_].high == pytest.approx(1 - 0.025 ** (1 / 166))
    assert 0.01 < clean[FLIPS, "overall"].high < 0.025  # type: ignore[operator]


def test_templates_name_nobody_themselves() -> None:
    """Else an exchange would change more than the person, and what is measured of one pair would hold of two."""
    lists = vocabulary(SETS)
    named = [text for text in built_in()["templates"] if lists.swaps(text.replace("{who}", "Somebody"))]
    assert (named, len(built_in()["templates"])) == ([], 166)


def test_more_people_per_template_cost_more_queries_and_show_no_more() -> None:
    one, four = (measured(bag_of_words(OPINIONS), people=people).statistics for people in (1, 4))
    assert one["queries"] < 4_000 < four["queries"]
    assert sum(times for _, _, times in one["slices"]["overall"]["flips"]) == 166
    assert sum(times for _, _, times in four["slices"]["overall"]["flips"]) == 166


def test_no_flip_in_four_hundred_texts_is(tmp_path: Path) -> None:
    texts = [f"Order {i}: the woman called again." for i in range(400)]
    clean = found(bag_of_words(OPINIONS), texts_subject(tmp_path, texts), source="table")[FLIPS, "overall"]
    assert clean.high < 0.01  # type: ignore[operator]


def test_texts_that_name_nobody_are_counted_and_say_nothing(tmp_path: Path) -> None:
    where = texts_subject(tmp_path, ["", "🎉🎉", "no one here", "Ωραία μέρα", "12:30"])
    nobody = found(bag_of_words(OPINIONS), where, source="table")[FLIPS, "overall"]
    assert (nobody.status, nobody.value) == (Status.INSUFFICIENT_DATA, None)
    assert nobody.detail["texts_naming_nobody"] == 5


def test_one_document_is_shown_and_is_no_evidence(tmp_path: Path) -> None:
    one = found(bag_of_words({"she": 5.0}), texts_subject(tmp_path, ["Here he is."]), source="table")[FLIPS, "overall"]
    assert (one.status, one.value, one.low) == (Status.INSUFFICIENT_DATA, 1.0, None)


def test_row_order_and_repeated_rows_change_nothing(tmp_path: Path) -> None:
    model = bag_of_words(OPINIONS | {"she": 0.9, "he": -0.4})
    texts = [
        f"{who} said that number {i} is {how}" for i in range(12) for who in ("He", "She") for how in ("good", "bad")
    ]
    once = measured(model, texts_subject(tmp_path, texts)).statistics
    again = measured(model, texts_subject(tmp_path, [*reversed(texts), *texts[:7]])).statistics
    assert once["slices"] == again["slices"]


def test_a_word_the_model_never_reads_is_reported_and_not_counted_as_unmoved(tmp_path: Path) -> None:
    deaf = bag_of_words({"she": 3.0, "he": -3.0, "good": 1.0, "late": -0.5})
    inner = deaf.ask
    deaf.ask = lambda texts: inner([text[:400] for text in texts])
    far = [f"number {i} came late. " * 25 + "He paid." for i in range(12)]
    near = [f"He paid for number {i}." for i in range(12)]
    reading = found(deaf, texts_subject(tmp_path, far + near), source="table")[FLIPS, "overall"]
    assert (reading.detail["exchanges_not_read"], reading.n, reading.value) == (12, 12, 1.0)


def test_the_pairs_that_changed_most_come_first_in_the_evidence() -> None:
    evidence = measured(bag_of_words(OPINIONS | {"muslim": -2.0}, bias=0.4)).evidence[0]
    assert (evidence.name, evidence.data["draw"]) == ("counterfactual_pairs", "table")
    first = dict(zip(evidence.data["columns"], evidence.data["rows"][0], strict=True))
    assert first["set"] == "religion"
    assert first["label before"] != first["label after"]


def test_a_model_that_gives_labels_only_is_measured_by_its_labels() -> None:
    logits = bag_of_words(OPINIONS | {"muslim": -2.0}, bias=0.4)
    inner = logits.ask
    logits.ask = lambda texts: np.eye(2)[inner(texts).argmax(axis=1)]
    logits.score_kind = "label"
    readings = found(logits)
    assert readings[GAP, "overall"].value == readings[FLIPS, "overall"].value > 0  # type: ignore[operator]


def test_every_reading_comes_back_from_its_own_statistics() -> None:
    check_each_comes_back(ID, found(bag_of_words(OPINIONS | {"she": 0.5, "mei": -0.9})))


def test_spent_seconds_leave_a_reading_of_what_was_done() -> None:
    slow = bag_of_words(OPINIONS)
    reading = found(slow, budget_s=1)[FLIPS, "overall"]
    assert reading.detail["units_done"] > 0
    assert reading.detail["budget_exhausted"] is False


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"pairs": ["nurse"]}, "nurse/doctor"),
        ({"pairs": ["nurse/Nurse"]}, "twice"),
        ({"templates": ["Nobody is here."]}, "exactly once"),
        ({"sets": ["caste"]}, "caste"),
    ],
)
def test_terms_that_make_no_sense_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        found(bag_of_words({}), **params)


def test_log_odds_need_the_class_they_are_of() -> None:
    nameless = Subject.from_dict({"kind": "model", "files": {}})
    with pytest.raises(ParameterError, match="favourable"):
        found(bag_of_words({}), nameless, scale="log-odds")


def test_a_model_of_rows_is_refused() -> None:
    model = bag_of_words({})
    model.inputs = ROWS
    with pytest.raises(SubjectError, match="reads rows"):
        found(model)


def test_own_templates_take_the_place_of_the_built_in_ones() -> None:
    templates = [f"{{who}} asked for ticket number {i}" for i in range(10)]
    reading = found(bag_of_words({"nurse": 1.0, "doctor": -1.0}), sets=[], pairs=["nurse/doctor"], templates=templates)
    assert (reading[FLIPS, "overall"].n, reading[FLIPS, "overall"].value) == (10, 1.0)
