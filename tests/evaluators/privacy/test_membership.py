"""Membership inference through the whole evaluator: twins, controls, tables that pipelines bring, bad input."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluators import catalog
from evaluators.contract import FileRef, Reading, Status, Subject, SubjectError
from evaluators.evaluate import Outcome, evaluate
from evaluators.models.model import BadOutput, Model
from tests.evaluators.data import sha256, write_csv
from tests.evaluators.privacy.subjects import columns, fitted, memory, noisy_rows, run

Readings = dict[tuple[str, str], Reading]
BROUGHT = {"roles": {"member": ("member",)}, "score": "score", "score_kind": "probability"}


def by_key(outcome: Outcome) -> Readings:
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


@cache
def twin(kind: str, *, is_swapped: bool = False) -> Outcome:
    """The same 800 training rows, learned by a forest that remembers them and by a model too simple to.

    Swapped, the rows that the model was not trained on are given as its members.
    """
    rows, label = noisy_rows(0, 2_000)
    estimator: Any = RandomForestClassifier(15, random_state=0)
    if kind == "clean":
        estimator = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    model = fitted(estimator, rows[:800], label[:800])
    tables = [columns(rows[:800], y=label[:800]), columns(rows[800:], y=label[800:])]
    table, other = reversed(tables) if is_swapped else tables
    return run("privacy.membership", table, other=other, model=model, label="y", params={"shadows": 8})


def passes(reading: Reading, limit: float) -> bool:
    return reading.high is not None and reading.high <= limit


def fails(reading: Reading, limit: float) -> bool:
    return reading.low is not None and reading.low > limit


@pytest.mark.parametrize("metric", ["loss_auc", "lira_auc", "rmia_auc"])
def test_a_memorising_model_fails_and_its_clean_twin_passes(metric: str) -> None:
    assert fails(by_key(twin("memorising"))[f"privacy.mia.{metric}", "overall"], 0.6)
    assert passes(by_key(twin("clean"))[f"privacy.mia.{metric}", "overall"], 0.6)


def test_the_strong_attacks_name_members_where_the_loss_names_few() -> None:
    found = by_key(twin("memorising"))
    loss, rmia = (found[f"privacy.mia.{name}_tpr_at_fpr", "fpr=0.01"] for name in ("loss", "rmia"))
    assert fails(rmia, 0.01)
    assert (rmia.low or 0) > (loss.value or 0)


def test_the_relative_attack_is_at_least_as_good_as_the_loss() -> None:
    found = by_key(twin("memorising"))
    assert (found["privacy.mia.rmia_auc", "overall"].low or 0) > (found["privacy.mia.loss_auc", "overall"].high or 1)


def test_shadow_models_and_what_was_tuned_are_told() -> None:
    reading = by_key(twin("memorising"))["privacy.mia.rmia_auc", "overall"]
    assert reading.detail["references"] == 8
    assert reading.detail["tuned"] is True
    assert reading.statistics["facts"] == {
        "members": 800,
        "others": 1_200,
        "others_that_are_members": 0,
        "units_done": 8,
        "budget_exhausted": False,
    }
    assert by_key(twin("clean"))["privacy.mia.lira_auc", "overall"].detail["mode"] == "online"


def test_spent_time_leaves_fewer_shadow_models_and_says_so() -> None:
    rows, label = noisy_rows(21, 400)
    model = fitted(RandomForestClassifier(40, random_state=0), rows[:200], label[:200])
    table, other = columns(rows[:200], y=label[:200]), columns(rows[200:], y=label[200:])
    params = {"shadows": 256, "budget_s": 1}
    found = by_key(run("privacy.membership", table, other=other, model=model, label="y", params=params))
    detail = found["privacy.mia.loss_auc", "overall"].detail
    assert detail["budget_exhausted"] is True
    assert 2 <= detail["units_done"] < 256


def test_random_halves_leave_the_blind_control_at_chance() -> None:
    blind = by_key(twin("clean"))["privacy.mia.blind_auc", "overall"]
    assert (blind.low or 1) < 0.5 < (blind.high or 0)


def test_the_roc_curve_is_kept_on_a_logarithmic_scale() -> None:
    data = next(item.data for item in twin("memorising").evidence if item.name == "roc")
    assert (data["draw"], data["x_scale"], len(data["series"])) == ("curve", "log", 3)
    assert all(0 < point["x"] <= 1 for series in data["series"] for point in series["points"])


def test_readings_come_back_from_their_statistics_with_no_model() -> None:
    outcome = twin("memorising")
    for reading in outcome.readings:
        again = catalog.summarise(
            "privacy.membership", reading.statistics, params={"shadows": 8}, level=0.95, seed=outcome.seed
        )
        match = next(other for other in again if (other.metric, other.slice) == (reading.metric, reading.slice))
        assert (match.value, match.low, match.high, match.status) == (
            reading.value,
            reading.low,
            reading.high,
            reading.status,
        )


def test_the_order_of_rows_changes_nothing() -> None:
    rows, label = noisy_rows(4, 600)
    model = fitted(RandomForestClassifier(5, random_state=0), rows[:300], label[:300])
    order = np.random.default_rng(0).permutation(300)
    evaluator = catalog.load("privacy.membership")
    params = {name: rule["default"] for name, rule in evaluator.parameters.items()} | {"shadows": 4}
    found = []
    for places in (np.arange(300), order):
        table = columns(rows[:300][places], y=label[:300][places])
        other = columns(rows[300:][places], y=label[300:][places])
        subject = memory(table, other=other, model=model, label="y")
        found.append(evaluator.measure(subject, params=params, seed=1, progress=lambda *_: None).statistics)
    assert found[0] == found[1]


def test_a_copy_of_a_training_row_is_no_outsider() -> None:
    rows, label = noisy_rows(5, 300)
    model = fitted(LogisticRegression(), rows[:200], label[:200])
    table, other = columns(rows[:200], y=label[:200]), columns(rows[150:], y=label[150:])
    found = run("privacy.membership", table, other=other, model=model, label="y", params={"shadows": 4})
    assert found.readings[0].statistics["facts"]["others_that_are_members"] == 50


def test_sides_drawn_at_different_times_are_flagged_and_what_is_left_is_told() -> None:
    rng = np.random.default_rng(6)
    member = np.arange(2_000) < 1_000
    time = np.where(member, rng.normal(size=2_000), rng.normal(size=2_000) + 2)
    # The model's confidence follows the time and nothing else.
    score = 1 / (1 + np.exp(time + 0.3 * rng.normal(size=2_000)))
    table = {"member": member.astype(int), "score": score, "time": time}
    facts = BROUGHT | {"roles": {"member": ("member",), "feature": ("time",)}}
    found = by_key(run("privacy.membership", table, **facts))
    assert (found["privacy.mia.blind_auc", "overall"].low or 0) > 0.85
    attack = found["privacy.mia.loss_auc", "overall"]
    assert "differ without the model" in attack.reason
    assert attack.detail["sides_differ"] is True
    assert abs(attack.detail["beyond_blind"]) < 0.05


def brought(seed: int, *, n: int = 1_200, leak: float = 0.0, references: int = 2) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    member, hard = np.arange(2 * n) < n, rng.normal(size=2 * n) * 2
    scores = [1 / (1 + np.exp(-(hard + 0.3 * rng.normal(size=2 * n)))) for _ in range(references)]
    score = 1 / (1 + np.exp(-(hard + leak * member + 0.3 * rng.normal(size=2 * n))))
    return {"member": member.astype(int), "score": score} | {f"r{i}": values for i, values in enumerate(scores)}


def with_references(table: dict[str, Any], **facts: Any) -> Outcome:
    names = tuple(name for name in table if name.startswith("r"))
    roles = {"member": ("member",), "reference": names}
    return run("privacy.membership", table, **(BROUGHT | {"roles": roles} | facts))


def test_art_attacks_by_loss_alone_and_ours_by_likelihood_ratios_find_what_that_hides() -> None:
    found = by_key(with_references(brought(7, leak=1.0)))
    loss, lira, rmia = (found[f"privacy.mia.{name}_auc", "overall"] for name in ("loss", "lira", "rmia"))
    assert (lira.low or 0) > (loss.high or 1)
    assert (rmia.low or 0) > (loss.high or 1)
    assert lira.detail["mode"] == "offline"
    assert rmia.detail["interpolation"] == 0.3


def test_shuffled_membership_is_a_coin() -> None:
    found = by_key(with_references(brought(8)))
    for name in ("loss", "lira", "rmia"):
        area = found[f"privacy.mia.{name}_auc", "overall"]
        assert (area.low or 1) < 0.5 < (area.high or 0)


def test_losses_say_what_probabilities_say() -> None:
    table = brought(9, leak=1.0)
    losses = {name: values if name == "member" else -np.log(values) for name, values in table.items()}
    first, second = with_references(table), with_references(losses, score_kind=None, params={"score_is_loss": True})
    assert [reading.value for reading in first.readings] == pytest.approx([r.value for r in second.readings])


def test_several_target_models_are_the_sample_and_not_their_rows() -> None:
    """Rows of one model share its fate, so 20 models are as wide as 20 numbers."""
    rng = np.random.default_rng(10)
    model, member = np.repeat(np.arange(20), 100), np.tile(np.arange(100) < 50, 20)
    leak = np.abs(rng.normal(size=20))[model]
    score = 1 / (1 + np.exp(-(rng.normal(size=2_000) + leak * member)))
    table = {"member": member.astype(int), "score": score, "model": [f"m{i}" for i in model]}
    alone = by_key(run("privacy.membership", table, **BROUGHT))["privacy.mia.loss_auc", "overall"]
    roles = {"member": ("member",), "cluster": ("model",)}
    found = by_key(run("privacy.membership", table, **(BROUGHT | {"roles": roles})))
    grouped = found["privacy.mia.loss_auc", "overall"]
    assert grouped.detail["models"] == 20
    assert (grouped.high or 0) - (grouped.low or 0) > 1.5 * ((alone.high or 0) - (alone.low or 0))
    assert found["privacy.mia.loss_tpr_at_fpr", "fpr=0.01"].method == "cluster sandwich"


@pytest.mark.parametrize(
    ("change", "metric", "reason"),
    [
        ({"member": [1] * 2_400}, "privacy.mia.loss_auc", "only one side"),
        ({"score": [0.5] * 2_400}, "privacy.mia.loss_auc", "every row has the same score"),
        ({"member": [1] * 5 + [0] * 2_395}, "privacy.mia.loss_auc", "fewer than 10"),
        ({"member": [1] * 1_500 + [0] * 900}, "privacy.mia.loss_tpr_at_fpr", "needs 999"),
    ],
)
def test_too_little_is_insufficient_and_says_why(change: dict[str, Any], metric: str, reason: str) -> None:
    reading = by_key(run("privacy.membership", brought(11) | change, **BROUGHT))[metric, "overall"]
    assert (reading.status, reading.value) == (Status.INSUFFICIENT_DATA, None)
    assert reason in reading.reason


def test_an_attack_without_what_it_needs_is_not_applicable() -> None:
    table = {name: values for name, values in brought(12).items() if name in ("member", "score")}
    found = by_key(run("privacy.membership", table, **BROUGHT))
    assert found["privacy.mia.lira_auc", "overall"].status is Status.NOT_APPLICABLE
    assert found["privacy.mia.rmia_tpr_at_fpr", "overall"].reason == "no reference models"
    assert found["privacy.mia.blind_auc", "overall"].status is Status.NOT_APPLICABLE
    margins = by_key(with_references(brought(12), score_kind="margin"))
    assert "margins" in margins["privacy.mia.rmia_auc", "overall"].reason
    assert margins["privacy.mia.lira_auc", "overall"].status is Status.OK


def test_a_model_of_labels_only_shows_no_confidence() -> None:
    rows, label = noisy_rows(13, 100)
    model = Model(inputs="rows", score_kind="label", ask=lambda x: np.eye(2)[(x[:, 0] > 0).astype(int)])
    model.classes, model.features = ("0", "1"), tuple(f"f{i}" for i in range(8))
    table, other = columns(rows[:50], y=label[:50]), columns(rows[50:], y=label[50:])
    found = run("privacy.membership", table, other=other, model=model, label="y").readings
    assert {reading.status for reading in found} == {Status.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("change", "facts", "message"),
    [
        ({"member": ["1", "perhaps"] * 1_200}, {}, "row 2, column 'member': 'perhaps' is neither 1 nor 0"),
        ({"score": [0.5, 1.5] * 1_200}, {}, "row 2, column 'score': 1.5 is not a probability"),
        ({"score": [0.5, float("nan")] * 1_200}, {}, "row 2, column 'score': the score is missing"),
        ({}, {"score_kind": None}, "declare what the scores are"),
        ({}, {"roles": {}}, "no column was declared as member"),
    ],
)
def test_bad_rows_are_named(change: dict[str, Any], facts: dict[str, Any], message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        run("privacy.membership", brought(14) | change, **(BROUGHT | facts))


def test_a_text_classifier_that_learned_its_texts_by_heart_is_told_from_one_that_did_not() -> None:
    """No recipe to train again lies in it, so the loss alone is attacked."""
    rng = np.random.default_rng(20)
    words = ["köpek", "dog", "perro", "犬", "cane", "hund"]
    texts = [" ".join(rng.choice(words, 6)) + f" {i}" for i in range(400)]
    label = rng.integers(0, 2, 400)
    heart = dict(zip(texts[:200], label[:200], strict=True))

    def by_heart(asked: list[str]) -> np.ndarray:
        return np.array([[0.05, 0.95][:: 1 if heart.get(text, i % 2) else -1] for i, text in enumerate(asked)])

    def by_length(asked: list[str]) -> np.ndarray:
        return np.array([[1 - len(text) / 100, len(text) / 100] for text in asked])

    found = []
    for ask in (by_heart, by_length):
        model = Model(inputs="texts", score_kind="probability", ask=ask, classes=("0", "1"))
        sides = [{"text": texts[part], "y": label[part]} for part in (slice(0, 200), slice(200, 400))]
        facts: dict[str, Any] = {"label": "y", "roles": {"text": ("text",)}}
        found.append(by_key(run("privacy.membership", sides[0], other=sides[1], model=model, **facts)))
    assert fails(found[0]["privacy.mia.loss_auc", "overall"], 0.6)
    assert passes(found[1]["privacy.mia.loss_auc", "overall"], 0.6)
    assert found[0]["privacy.mia.lira_auc", "overall"].status is Status.NOT_APPLICABLE
    assert found[0]["privacy.mia.blind_auc", "overall"].status is Status.OK


def test_a_label_the_model_never_heard_of_is_named_with_its_row() -> None:
    rows, label = noisy_rows(15, 100)
    model = fitted(LogisticRegression(), rows, label)
    words = ["maybe" if i == 3 else str(value) for i, value in enumerate(label[:50])]
    with pytest.raises(SubjectError, match="row 4, column 'y': 'maybe' is not a class of the model"):
        run(
            "privacy.membership",
            columns(rows[:50], y=words),
            other=columns(rows[50:], y=label[50:]),
            model=model,
            label="y",
        )


def test_a_model_that_answers_nonsense_is_an_error_and_no_number() -> None:
    rows, label = noisy_rows(16, 100)
    model = Model(inputs="rows", score_kind="probability", ask=lambda x: np.full((len(x), 2), np.nan))
    model.classes, model.features = ("0", "1"), tuple(f"f{i}" for i in range(8))
    with pytest.raises(BadOutput):
        run(
            "privacy.membership",
            columns(rows, y=label),
            other=columns(rows[:20] + 1, y=label[:20]),
            model=model,
            label="y",
        )


def test_files_on_disk_are_read_as_memory_is(tmp_path: Path) -> None:
    rows, label = noisy_rows(17, 400)
    estimator = LogisticRegression().fit(rows[:200], label[:200])
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(estimator))
    paths = {
        "model": tmp_path / "model.skops",
        "table": write_csv(tmp_path / "in.csv", columns(rows[:200], y=label[:200])),
        "reference": write_csv(tmp_path / "out.csv", columns(rows[200:], y=label[200:])),
    }
    files = {role: FileRef(path=str(path), sha256=sha256(path), name=path.name) for role, path in paths.items()}
    subject = Subject(kind="model", files=files, label="y", features=tuple(f"f{i}" for i in range(8)))
    outcome = evaluate("privacy.membership", subject, params={"shadows": 4})
    assert by_key(outcome)["privacy.mia.loss_auc", "overall"].status is Status.OK


def test_ml_privacy_meter_cached_signals_are_not_taken_for_another_file_with_as_many_rows() -> None:
    """Two tables of one size are two subjects: their digests, seeds and figures differ."""
    first, second = (with_references(brought(seed, leak=1.0)) for seed in (18, 19))
    assert first.subject_hash != second.subject_hash
    assert first.readings[0].value != second.readings[0].value


def test_tables_given_the_wrong_way_round_meet_no_limit() -> None:
    attacks = [
        reading for reading in twin("memorising", is_swapped=True).readings if reading.metric != "privacy.mia.blind_auc"
    ]
    assert len(attacks) == 12
    assert {(reading.status, reading.high) for reading in attacks} == {(Status.INSUFFICIENT_DATA, None)}
    assert all("tables" in reading.reason and "may have been swapped" in reading.reason for reading in attacks)


def test_a_model_that_tells_nobody_apart_may_have_its_tables_in_any_order() -> None:
    found = by_key(twin("clean", is_swapped=True))
    assert passes(found["privacy.mia.loss_auc", "overall"], 0.6)


def test_a_member_column_turned_around_is_told_of() -> None:
    rng = np.random.default_rng(3)
    member = np.arange(400) % 2
    score = np.clip(0.6 - 0.3 * member + rng.normal(0, 0.1, 400), 0.01, 0.99)
    outcome = evaluate("privacy.membership", memory({"member": member, "score": score}, **BROUGHT))
    reading = by_key(outcome)["privacy.mia.loss_auc", "overall"]
    assert reading.status is Status.INSUFFICIENT_DATA
    assert "the words of the member column or the direction of the score" in reading.reason
