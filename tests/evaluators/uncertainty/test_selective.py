from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from evaluators import catalog
from evaluators.arithmetic.intervals import clopper_pearson
from evaluators.arithmetic.ranks import delong
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.uncertainty.forecasts import class_names
from evaluators.uncertainty.selective import areas, aurc, confidence, entropy, oracle, resampled, risks_at, steps
from evaluators.uncertainty.selective_risk import RISK, _interval, _readings
from tests.evaluators.data import subject, write_csv

COLUMNS = {"label": "y", "score": "s", "group": ["g"]}
FACTS = {"columns": COLUMNS, "favourable": "1", "score_kind": "probability"}


def measured(tmp_path: Path, data: dict[str, Any], params: dict | None = None, **facts: Any) -> dict[Any, Reading]:
    table = write_csv(tmp_path / "p.csv", data)
    found = evaluate("uncertainty.selective", subject(table, **(FACTS | facts)), params=params)
    return {(reading.metric, reading.slice): reading for reading in found.readings}


def guesses(rng: np.random.Generator, n: int) -> dict[str, Any]:
    p = rng.random(n)
    return {"y": (rng.random(n) < p).astype(int), "s": p, "g": rng.choice(["a", "b"], n)}


def aurc_by_rows(score: np.ndarray, wrong: np.ndarray) -> float:
    order = np.argsort(-score, kind="stable")
    return float((np.cumsum(wrong[order]) / np.arange(1, len(wrong) + 1)).mean())


@pytest.mark.verification
def test_the_area_is_known_for_the_oracle_and_for_random_order() -> None:
    n = 200_000
    wrong = (np.arange(n) >= 0.8 * n).astype(float)
    best = steps(-np.arange(n, dtype=float), wrong, limit=n)
    assert aurc(best) == pytest.approx(0.2 + 0.8 * np.log(0.8), abs=1e-5)
    assert 0.2 + 0.8 * np.log(0.8) == pytest.approx(0.021485, abs=5e-7)
    assert float(oracle(n, np.array([int(wrong.sum())]))[0]) == pytest.approx(aurc(best), abs=1e-12)
    assert aurc(steps(np.zeros(n), wrong)) == pytest.approx(0.2, abs=1e-12)


def test_counts_give_what_looking_at_every_row_gives() -> None:
    rng = np.random.default_rng(0)
    score, wrong = rng.random(400), (rng.random(400) < 0.3).astype(float)
    assert aurc(steps(score, wrong)) == pytest.approx(aurc_by_rows(score, wrong), abs=1e-12)
    tied = np.round(score, 1)
    draws = [aurc_by_rows(tied[o], wrong[o]) for o in (rng.permutation(400) for _ in range(400))]
    assert aurc(steps(tied, wrong)) == pytest.approx(np.mean(draws), abs=4 * np.std(draws) / 20)


def test_gathered_steps_hardly_move_the_area() -> None:
    rng = np.random.default_rng(1)
    score = rng.random(50_000)
    wrong = (rng.random(50_000) > score).astype(float)
    assert aurc(steps(score, wrong)) == pytest.approx(aurc_by_rows(score, wrong), abs=2e-3)


def test_risk_at_full_coverage_is_the_error_rate() -> None:
    rng = np.random.default_rng(2)
    found = steps(rng.random(300), (np.arange(300) < 60).astype(float))
    assert risks_at(found.rows[None], found.errors[None], 1.0)[0] == pytest.approx(0.2)
    best = steps(-np.arange(300.0), (np.arange(300) >= 240).astype(float))
    assert risks_at(best.rows[None], best.errors[None], 0.8)[0] == 0.0
    assert risks_at(best.rows[None], best.errors[None], 0.9)[0] == pytest.approx(30 / 270)


@pytest.mark.verification
def test_uniform_probabilities_have_the_entropy_of_the_number_of_classes() -> None:
    assert entropy(np.full((1, 7), 1 / 7))[0] == pytest.approx(np.log(7), abs=1e-12)
    assert entropy(np.eye(7)) == pytest.approx(np.zeros(7), abs=0)
    assert confidence(np.eye(7), "margin") == pytest.approx(np.ones(7))
    assert confidence(np.full((1, 7), 1 / 7), "margin")[0] == 0.0


@pytest.mark.statistics
def test_redrawn_rows_cover_the_true_area() -> None:
    rng = np.random.default_rng(3)
    big = rng.random(400_000)
    truth = aurc(steps(np.maximum(big, 1 - big), (rng.random(400_000) > np.maximum(big, 1 - big)).astype(float)))
    inside = []
    for _ in range(800):
        p = rng.random(800)
        top = np.maximum(p, 1 - p)
        found = steps(top, (rng.random(800) > top).astype(float))
        low, high = np.quantile(areas(*resampled(found, rng, 400)), [0.025, 0.975])
        inside.append(low <= truth <= high)
    assert 0.925 <= np.mean(inside) <= 0.975


def test_confidence_that_knows_its_errors_has_less_risk(tmp_path: Path) -> None:
    data = guesses(np.random.default_rng(4), 3000)
    found = measured(tmp_path, data)
    risk, area = found["uncert.selective_risk_at_coverage", "overall"], found["uncert.aurc", "overall"]
    everything = measured(tmp_path, data, {"coverage": 1.0})["uncert.selective_risk_at_coverage", "overall"]
    assert risk.high < everything.low  # type: ignore[operator]
    assert area.low < area.value < area.high  # type: ignore[operator]
    excess = found["uncert.excess_aurc", "overall"]
    assert excess.value == pytest.approx(area.value - area.detail["oracle"])  # type: ignore[operator]
    by = [found["uncert.aurc", f"by={name}"].value for name in ("margin", "entropy")]
    assert by == pytest.approx([area.value] * 2, abs=2e-3)
    assert {slice_ for _, slice_ in found} >= {"g=a", "g=b"}


def test_a_model_that_is_surest_where_it_is_wrong_fails_and_its_twin_passes(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    sure, unsure = 0.5 + rng.uniform(0.35, 0.5, 1000), 0.5 + rng.uniform(0.0, 0.15, 1000)
    wrong = np.arange(1000) < 200
    y = np.where(wrong, 0, 1)
    clean = {"y": y, "s": np.where(wrong, unsure, sure), "g": ["a"] * 1000}
    twin = {"y": y, "s": np.where(wrong, sure, unsure), "g": ["a"] * 1000}
    good, bad = (measured(tmp_path, data) for data in (clean, twin))
    assert good["uncert.excess_aurc", "overall"].high < 0.05  # type: ignore[operator]
    assert bad["uncert.excess_aurc", "overall"].low > 0.05  # type: ignore[operator]
    assert bad["uncert.selective_risk_at_coverage", "overall"].low > 0.2  # type: ignore[operator]


def test_no_error_at_all_is_a_result_with_an_exact_bound(tmp_path: Path) -> None:
    found = measured(tmp_path, {"y": [1, 0] * 20, "s": [0.9, 0.1] * 20, "g": ["a"] * 40})
    area, risk = found["uncert.aurc", "overall"], found["uncert.selective_risk_at_coverage", "overall"]
    assert (area.value, area.low, area.status) == (0.0, 0.0, Status.OK)
    assert area.high > risk.high > 0  # type: ignore[operator]
    everything = measured(tmp_path, {"y": [0] * 40, "s": [0.9] * 40, "g": ["a"] * 40})
    assert everything["uncert.aurc", "overall"].value == 1.0


def test_a_constant_prediction_ranks_nothing(tmp_path: Path) -> None:
    found = measured(tmp_path, {"y": [1, 0] * 100, "s": [0.7] * 200, "g": ["a"] * 200})
    assert found["uncert.aurc", "overall"].value == pytest.approx(0.5)
    assert found["uncert.excess_aurc", "overall"].low > 0.2  # type: ignore[operator]


def test_one_row_is_insufficient_and_ten_thousand_groups_are_not_listed(tmp_path: Path) -> None:
    one = measured(tmp_path, {"y": [1], "s": [0.7], "g": ["a"]})
    assert {reading.status for reading in one.values()} == {Status.INSUFFICIENT_DATA}
    many = guesses(np.random.default_rng(6), 10_000) | {"g": [f"ü{i}" for i in range(10_000)]}
    assert not [slice_ for _, slice_ in measured(tmp_path, many) if slice_.startswith("g=")]


def test_row_order_changes_nothing() -> None:
    rng = np.random.default_rng(7)
    score, wrong = np.round(rng.random(500), 2), (rng.random(500) < 0.2).astype(float)
    order = rng.permutation(500)
    assert aurc(steps(score, wrong)) == aurc(steps(score[order], wrong[order]))


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    for key, reading in measured(tmp_path, guesses(np.random.default_rng(8), 400)).items():
        again = catalog.summarise(
            "uncertainty.selective", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)


def test_torchmetrics_example_of_a_guessed_score_kind_is_declared_here(tmp_path: Path) -> None:
    """Scores .2 and .3 look like probabilities and 2 and 3 like logits; no guess is made from the values."""
    data = {"y": [1, 1, 1, 1], "s": [0.2, 0.3, 2, 3], "g": ["a"] * 4}
    logits = measured(tmp_path, data, {"coverage": 1}, score_kind="logit")
    assert logits["uncert.selective_risk_at_coverage", "overall"].value == 0.0
    with pytest.raises(SubjectError, match="row 3, column 's': 2 is not a probability"):
        measured(tmp_path, data)
    assert {r.status for r in measured(tmp_path, data, score_kind=None).values()} == {Status.NOT_APPLICABLE}


@pytest.mark.verification
def test_torchmetrics_auroc_of_scores_beyond_one_is_exact_here() -> None:
    score, label = np.linspace(20, 120, 15), np.array([0, 1] * 7 + [1])
    assert delong(score, label == 1).auc == pytest.approx(roc_auc_score(label, score)) == pytest.approx(0.625)


def test_classes_are_read_from_the_names_of_their_columns() -> None:
    assert class_names(["p_a", "p_b"], ["a"]) == ("a", "b")
    assert class_names(["a", "b"], ["b"]) == ("a", "b")
    assert class_names(["prob:car", "prob:cat"], ["cat", "car"]) == ("car", "cat")
    assert class_names(["p.1", "p.2", "p.11"], ["1", "11"]) == ("1", "2", "11")
    with pytest.raises(SubjectError, match="'dog'"):
        class_names(["p_a", "p_b"], ["dog"])


def test_one_error_among_the_answered_leaves_room_for_more() -> None:
    """The redrawn samples hold three at most; five and a half in a thousand can't be ruled out."""
    drawn = np.random.default_rng(0).poisson(1, 2_000) / 800
    low, high, _ = _interval(RISK, 1.0, 800, [drawn], 0.95)
    assert (low, high) == pytest.approx(clopper_pearson(1, 800, level=0.95), abs=1e-4)


@pytest.mark.verification
def test_few_errors_leave_room_for_a_larger_area() -> None:
    """One row of a hundred is wrong, whatever the confidence: redrawn rows alone miss the area in a fifth of cases."""
    rng, missed, samples = np.random.default_rng(3), 0, 100
    for _ in range(samples):
        found = steps(rng.random(300), (rng.random(300) < 0.01).astype(float), limit=50)
        part = {"rows": found.rows.tolist(), "errors": found.errors.tolist()}
        area = _readings("overall", part, 0.8, 1, {"level": 0.95, "statistics": {}})[0]
        missed += (area.high or 1) < 0.01
    assert missed / samples <= 0.05
