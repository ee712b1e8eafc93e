from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.fairness.individual import _order
from evaluators.fairness.neighbours import consistency, nearest, standardised, steepness
from tests.evaluators.data import ends, subject, write_csv
from tests.evaluators.reference import consistency_by_rows

COLUMNS = {"prediction": "prediction", "score": "score", "feature": ["x0", "x1"]}
FACTS = {"columns": COLUMNS, "favourable": "1", "score_kind": "probability"}


def people(rng: np.random.Generator, *, n: int = 2000, lottery: float = 0.0) -> dict[str, Any]:
    """Decided by x0, but for a share of people for whom lots are drawn."""
    x = rng.normal(0, 1, (n, 2))
    score = 1 / (1 + np.exp(-2 * x[:, 0]))
    drawn = rng.random(n) < lottery
    score = np.where(drawn, rng.random(n), score)
    return {"x0": x[:, 0], "x1": x[:, 1] * 1e6, "score": score, "prediction": (score > 0.5).astype(int)}


def measured(path: Path, data: dict[str, Any], *, params: dict[str, Any] | None = None, **facts: Any) -> dict:
    outcome = evaluate(
        "fairness.individual", subject(write_csv(path / "p.csv", data), **(FACTS | facts)), params=params
    )
    return {reading.metric: reading for reading in outcome.readings}


def test_a_lottery_fails_and_its_clean_twin_passes(tmp_path: Path) -> None:
    drawn = measured(tmp_path, people(np.random.default_rng(0), lottery=0.5))
    clean = measured(tmp_path, people(np.random.default_rng(1)))
    assert ends(drawn["fairness.individual_consistency"])[1] < 0.85
    assert ends(clean["fairness.individual_consistency"])[0] > 0.9
    assert ends(drawn["fairness.lipschitz_ratio"])[0] > 2 * ends(clean["fairness.lipschitz_ratio"])[1]


@pytest.mark.verification
def test_a_constant_model_treats_everybody_alike(tmp_path: Path) -> None:
    data = people(np.random.default_rng(2)) | {"prediction": [1] * 2000, "score": [0.7] * 2000}
    found = measured(tmp_path, data)
    alike = found["fairness.individual_consistency"]
    assert (alike.value, alike.high) == (1.0, 1.0)
    assert 0.99 < ends(alike)[0] < 1
    assert found["fairness.lipschitz_ratio"].value == 0.0


@pytest.mark.verification
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_consistency_equals_looking_at_every_neighbour(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    rows, decision = rng.normal(0, 1, (60, 3)), rng.integers(0, 2, 60).astype(float)
    theirs = NearestNeighbors(n_neighbors=k).fit(rows).kneighbors(return_distance=False)
    expected = 1 - np.mean(np.abs(decision - decision[theirs].mean(axis=1)))
    found = consistency(decision, nearest(rows, k + 1)[1])
    assert found.value == pytest.approx(expected)
    assert found.value == pytest.approx(consistency_by_rows(rows, decision, k))


def test_leaving_out_a_row_is_what_the_jackknife_says() -> None:
    rng = np.random.default_rng(3)
    rows, decision = rng.normal(0, 1, (40, 2)), rng.integers(0, 2, 40).astype(float)
    left = [consistency_by_rows(np.delete(rows, i, 0), np.delete(decision, i), 4) for i in range(40)]
    variance = 39 / 40 * np.sum((np.array(left) - np.mean(left)) ** 2)
    assert consistency(decision, nearest(rows, 5)[1]).variance == pytest.approx(variance)


def test_the_unit_of_a_feature_does_not_matter() -> None:
    rows = np.random.default_rng(4).normal(0, 1, (50, 3))
    changed = rows * [1, 1e6, 1e-6] + [0, 5, -3]
    assert standardised(changed) == pytest.approx(standardised(rows), abs=1e-6)
    assert standardised(np.ones((5, 2))).tolist() == np.zeros((5, 2)).tolist()


def test_identical_people_with_another_score_are_counted(tmp_path: Path) -> None:
    places = np.repeat(np.random.default_rng(11).normal(0, 1, (50, 2)), 2, axis=0)
    data = {"x0": places[:, 0], "x1": places[:, 1], "score": [0.1, 0.9] * 50, "prediction": [0, 1] * 50}
    found = measured(tmp_path, data, params={"neighbours": 1})
    assert found["fairness.individual_consistency"].detail["identical_rows_with_another_score"] == 100
    assert found["fairness.lipschitz_ratio"].status is Status.INSUFFICIENT_DATA


def test_steepness_is_the_slope_of_a_line() -> None:
    rows = np.arange(50.0)[:, None]
    distance, position = nearest(rows, 3)
    ratios, _ = steepness(0.01 * rows[:, 0], distance, position)
    assert ratios == pytest.approx(np.full(50, 0.01))


def test_row_order_leaves_no_trace(tmp_path: Path) -> None:
    data = people(np.random.default_rng(5), n=300, lottery=0.2)
    order = np.random.default_rng(6).permutation(300)
    first, second = (
        measured(tmp_path, {name: values[rows] for name, values in data.items()}) for rows in (slice(None), order)
    )
    assert [(r.value, r.low, r.high) for r in first.values()] == [(r.value, r.low, r.high) for r in second.values()]


def test_more_rows_than_asked_for_are_drawn_from(tmp_path: Path) -> None:
    found = measured(tmp_path, people(np.random.default_rng(7)), params={"rows": 500})
    reading: Reading = found["fairness.individual_consistency"]
    assert (reading.n, reading.detail["rows"]) == (500, 2000)


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    for reading in measured(tmp_path, people(np.random.default_rng(8), lottery=0.1)).values():
        again = catalog.summarise("fairness.individual", reading.statistics, params={}, level=0.95, seed=0)
        assert ends(reading) == ends(next(other for other in again if other.metric == reading.metric))


def test_one_row_is_answered(tmp_path: Path) -> None:
    found = measured(tmp_path, {"x0": [1], "x1": [2], "score": [0.5], "prediction": [1]})
    assert found["fairness.individual_consistency"].status is Status.INSUFFICIENT_DATA


def test_without_features_nobody_is_alike(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="declare features"):
        measured(tmp_path, people(np.random.default_rng(9)), columns={"prediction": "prediction", "score": "score"})


@pytest.mark.statistics
def test_the_interval_of_consistency_covers_its_mean() -> None:
    rng = np.random.default_rng(10)
    truth = np.mean([sample(rng)[0] for _ in range(1500)])
    covered = [low <= truth <= high for _, (low, high) in (sample(rng) for _ in range(1000))]
    assert 0.94 <= np.mean(covered) <= 1.0


def sample(rng: np.random.Generator) -> tuple[float, tuple[float, float]]:
    rows = rng.normal(0, 1, (300, 2))
    decision = (rng.random(300) < 1 / (1 + np.exp(-3 * rows[:, 0]))).astype(float)
    found = consistency(decision, nearest(rows, 6)[1])
    return found.value, found.interval(0.95)


def test_one_row_that_disagrees_is_no_better_known_than_one_hit() -> None:
    decision, neighbours = np.zeros(200), (np.arange(200)[:, None] + np.arange(1, 7)) % 200
    decision[7] = 1.0
    found = consistency(decision, neighbours)
    assert found.value - found.interval(0.95)[0] > 3 * (1 - found.value)


def test_a_high_level_finds_its_order_statistics_among_few_rows() -> None:
    kept = _order(np.arange(150.0))
    assert [place for place, _ in kept["top"]][0] == 0
