from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Measured, Reading, Status, Subject, SubjectError
from evaluators.evaluate import silent
from evaluators.models.model import TEXTS, Model
from evaluators.robustness.checklist import measure_model
from evaluators.robustness.checklist_templates import built_in, direction, invariance, minimum_functionality
from tests.evaluators.data import subject, write_csv
from tests.evaluators.texting import (
    CLASSES,
    bag_of_words,
    check_each_comes_back,
    completed,
    readings_of,
    texts_subject,
)

ID = "robust.text_checklist"
MFT, INV, DIR = (f"robust.text.checklist_{kind}" for kind in ("mft", "inv", "dir"))
NO_TABLE = Subject.from_dict({"kind": "model", "files": {}})
NAMED = {"positive": "positive", "negative": "negative"}
LIKING = ("love", "loves", "loved", "recommend", "happy", "like", "liked", "enjoyed", "exceeded", "best", "better")
LOATHING = ("hate", "hates", "waste", "unhappy", "warn", "dislike", "regret", "disappointment", "worst", "worse")
PRAISE = {word: 1.0 for word in [*built_in()["fill"]["good"], *LIKING]}
BLAME = {word: -1.0 for word in [*built_in()["fill"]["bad"], *LOATHING]}


def measured(model: Model, where: Subject = NO_TABLE, **params: Any) -> Measured:
    return measure_model(model, where, params=completed(ID, params), seed=3, progress=silent)


def found(model: Model, where: Subject = NO_TABLE, **params: Any) -> dict[tuple[str, str], Reading]:
    return readings_of(ID, measured(model, where, **params).statistics)


def by_rule(rule: Any) -> Model:
    """A model that is sure of "positive" where the rule holds."""

    def ask(texts: Sequence[str]) -> np.ndarray:
        return np.array([[0.0, 1.0] if rule(text) else [1.0, 0.0] for text in texts])

    return Model(inputs=TEXTS, score_kind="probability", ask=ask, classes=CLASSES)


@pytest.mark.verification
def test_a_model_that_counts_words_fails_exactly_where_words_mislead() -> None:
    """The sum of praise and blame is right on plain words and wrong on plain negation; both can be read off."""
    readings = found(bag_of_words(PRAISE | BLAME, bias=-0.1), **NAMED)
    assert readings[MFT, "capability=vocabulary"].value == 0.0
    for name in ("negation", "time", "who speaks", "contrast"):
        wrong = [answer_of_sum(text) != expected for kind, text, expected in built_in()["mft"] if kind == name]
        assert readings[MFT, f"capability={name}"].value == pytest.approx(np.mean(wrong))
        assert np.mean(wrong) >= 0.3
    assert readings[DIR, "overall"].value == 0.0


def answer_of_sum(template: str) -> str:
    words = template.replace("{good}", "good").replace("{bad}", "bad").lower().split()
    total = sum((PRAISE | BLAME).get(word.strip(",.;:?!"), 0) for word in words)
    return "positive" if total > 0.1 else "negative"


@pytest.mark.verification
def test_a_rule_with_a_known_failure_rate_is_measured_at_that_rate(tmp_path: Path) -> None:
    """Of 20 own templates with five rows each, every fifth row says seven, at which the model turns."""
    rows = [
        (f"template {c} row {i} {'seven' if i == 0 else 'other'}", "mft", f"t{c}") for c in range(20) for i in range(5)
    ]
    where = own(tmp_path, [(text, kind, cluster, "positive") for text, kind, cluster in rows])
    reading = found(by_rule(lambda text: "seven" not in text), where)[MFT, "overall"]
    assert (reading.value, reading.n, reading.detail["clusters"]) == (pytest.approx(0.2), 100, 20)
    assert reading.low < 0.2 < reading.high  # type: ignore[operator]


def own(where: Path, rows: Sequence[tuple[str, str, str, str]], groups: Sequence[str] = ()) -> Subject:
    columns = dict(zip(("text", "split", "cluster", "label"), zip(*rows, strict=True), strict=True))
    roles: dict[str, Any] = {name: name for name in columns}
    if groups:
        columns["capability"] = tuple(groups)
        roles["group"] = "capability"
    return subject(write_csv(where / "own.csv", columns), columns=roles, favourable="positive")


def test_own_templates_of_all_three_kinds(tmp_path: Path) -> None:
    rows = [
        ("fine", "mft", "m", "positive"),
        ("It is fine", "inv", "i", "base"),
        ("IT IS FINE", "inv", "i", "same"),
        ("so", "dir", "d", "base"),
        ("so fine", "dir", "d", "up"),
        ("so fine", "dir", "d", "down"),
    ]
    readings = found(bag_of_words({"fine": 1.0}, bias=-0.5), own(tmp_path, rows, ["a", "b", "b", "c", "c", "c"]))
    assert {metric: readings[metric, "overall"].value for metric in (MFT, INV, DIR)} == {MFT: 0.0, INV: 0.0, DIR: 0.5}
    assert readings[DIR, "capability=c"].n == 2
    assert readings[MFT, "overall"].status is Status.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("x", "mtf", "a", "positive"), "row 1: 'mtf' is not one of"),
        (("x", "mft", "a", "neutral"), "row 1: 'neutral' is not a class"),
        (("x", "mft", "a", "base"), "row 1: 'base' is not a class"),
        (("x", "inv", "a", "same"), "row 1: the template 'a' has no base"),
        (("x", "dir", "a", "sideways"), "row 1: a row of kind dir"),
    ],
)
def test_own_templates_that_make_no_sense_are_refused(
    tmp_path: Path, row: tuple[str, str, str, str], words: str
) -> None:
    with pytest.raises(SubjectError, match=words):
        found(bag_of_words({}), own(tmp_path, [row]))


def test_praise_and_blame_are_asked_only_of_a_model_that_names_them() -> None:
    readings = found(bag_of_words(PRAISE | BLAME, bias=-0.1))
    assert readings[MFT, "overall"].status is readings[DIR, "overall"].status is Status.NOT_APPLICABLE
    assert readings[INV, "overall"].status is Status.OK
    with pytest.raises(SubjectError, match="'happy' is not a class"):
        found(bag_of_words({}), positive="positive", negative="happy")


def test_a_model_that_minds_capitals_fails_and_its_twin_passes(tmp_path: Path) -> None:
    texts = [f"Letter {i} is about a house." for i in range(200)]
    shouting = found(by_rule(lambda text: not text.isupper()), texts_subject(tmp_path, texts))
    calm = found(by_rule(lambda text: "house" in text.lower()), texts_subject(tmp_path, texts))
    assert shouting[INV, "overall"].low > 0.05  # type: ignore[operator]
    assert calm[INV, "overall"].value == 0.0
    assert calm[INV, "overall"].high < 0.05  # type: ignore[operator]
    assert shouting[INV, "capability=names"].value == 0.0


def test_a_model_that_praise_makes_worse_moves_the_wrong_way() -> None:
    weights = PRAISE | BLAME
    turned = found(bag_of_words({word: -weight for word, weight in weights.items()}), **NAMED)
    twin = found(bag_of_words(weights), **NAMED)
    assert turned[DIR, "capability=praise added"].low > 0.05  # type: ignore[operator]
    assert (turned[DIR, "overall"].value > 0.2, twin[DIR, "overall"].value) == (True, 0.0)  # type: ignore[operator]


@pytest.mark.verification
def test_a_model_without_a_failure_is_shown_to_meet_the_default_limit() -> None:
    """The bound is Clopper and Pearson's over templates, so it takes 72 of them to show 5 %."""
    readings = found(oracle(), **NAMED)
    overall = {metric: readings[metric, "overall"] for metric in (MFT, INV, DIR)}
    assert {reading.value for reading in overall.values()} == {0.0}
    assert [round(reading.high or 1, 3) for reading in overall.values()] == [0.04, 0.039, 0.046]
    for reading in overall.values():
        assert reading.high == pytest.approx(1 - 0.025 ** (1 / reading.detail["clusters"]))


def oracle() -> Model:
    """A model that knows what each built-in text should get: sure where that is said, and else undecided."""
    trials = [*minimum_functionality({name: name for name in CLASSES}, fills=5, seed=3), *direction(fills=5, seed=3)]
    known = {trial.text: float(trial.expected in ("positive", "up")) for trial in trials}

    def ask(texts: Sequence[str]) -> np.ndarray:
        p = np.array([known.get(text, 0.5) for text in texts])
        return np.stack([1 - p, p], axis=1)

    return Model(inputs=TEXTS, score_kind="probability", ask=ask, classes=CLASSES)


def test_the_built_in_trials_are_several_hundred_different_texts_and_no_more_than_are_paid_for() -> None:
    trials = [
        *minimum_functionality({name: name for name in CLASSES}, fills=5, seed=3),
        *direction(fills=5, seed=3),
        *invariance(built_in()["sentences"], fills=5, seed=3),
    ]
    texts = {text for trial in trials for text in trial.asked}
    assert 1_500 < len(texts) == measured(bag_of_words({}), **NAMED).statistics["queries"] < 2_000
    assert len({trial.cluster for trial in trials if trial.kind == "mft"}) >= 60
    assert len({trial.cluster for trial in trials if trial.kind == "dir"}) >= 60


def test_filled_templates_have_the_right_article() -> None:
    texts = [trial.text for trial in direction(fills=100, seed=1)]
    assert any(" an excellent " in text for text in texts)
    assert not any(" a excellent " in text or " an good " in text for text in texts)


def test_empty_texts_and_emoji_are_asked_about_too(tmp_path: Path) -> None:
    reading = found(bag_of_words({}), texts_subject(tmp_path, ["", "🎉", "日本語"]))[INV, "overall"]
    assert reading.value == 0.0


def test_failures_are_shown_with_what_was_expected() -> None:
    evidence = measured(bag_of_words(PRAISE | BLAME, bias=-0.1), **NAMED).evidence[0]
    assert evidence.name == "behaviour_failures"
    assert {row[0] for row in evidence.data["rows"]} == {"must hold"}
    assert len(evidence.data["rows"]) <= 20


def test_every_reading_comes_back_from_its_own_statistics() -> None:
    check_each_comes_back(ID, found(bag_of_words(PRAISE | BLAME), **NAMED))
