from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evaluators import catalog
from evaluators.arithmetic.intervals import clopper_pearson
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.uncertainty.conformal import all_scores, cut, in_order, law, law_p, law_range
from evaluators.uncertainty.coverage import _size, worst_reading
from tests.evaluators.data import subject, write_csv
from tests.evaluators.nulls import null_rate

CLASSES = ("ant", "bee", "cat")
COLUMNS = {"label": "y", "probability": [f"p_{name}" for name in CLASSES], "group": ["g"]}


def forecasts(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Labels drawn from the stated probabilities of three classes, and two groups."""
    p = rng.dirichlet([1, 1, 1], n)
    y = (rng.random((n, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    data: dict[str, Any] = {f"p_{name}": p[:, k] for k, name in enumerate(CLASSES)}
    return data | {"y": [CLASSES[k] for k in y], "g": rng.choice(["a", "b"], n)}


def measured(tmp_path: Path, data: dict[str, Any], params: dict | None = None, **facts: Any) -> dict[Any, Reading]:
    told = {"columns": COLUMNS} | facts
    found = evaluate("uncertainty.conformal", subject(write_csv(tmp_path / "p.csv", data), **told), params=params)
    return {(reading.metric, reading.slice): reading for reading in found.readings}


@pytest.mark.verification
def test_the_cut_of_500_scores_is_the_451st_and_its_coverage_is_beta() -> None:
    found = cut(np.arange(500) / 500, 0.1)
    assert (found.k, found.value, found.ties) == (451, 450 / 500, 0)
    weights = law(1000, 500, 451)
    assert weights.sum() == pytest.approx(1, abs=1e-9)
    assert float((np.arange(1001) * weights).sum()) / 1000 == pytest.approx(451 / 501, abs=1e-9)
    assert law_range(1000, 500, 451) == (854, 939)
    assert stats.beta(451, 50).mean() == pytest.approx(0.9002, abs=5e-5)
    assert stats.beta(451, 50).ppf([0.025, 0.975]) == pytest.approx([0.8725, 0.9249], abs=5e-5)
    expected = stats.betabinom(1000, 451, 50)
    assert np.cumsum(weights)[[850, 900, 940]] == pytest.approx(expected.cdf([850, 900, 940]))


@pytest.mark.verification
@pytest.mark.parametrize("method", ["threshold", "adaptive"])
def test_hits_follow_the_law_and_not_the_beta_of_the_true_coverage(method: str) -> None:
    rng = np.random.default_rng(31)
    hits = []
    for _ in range(1500):
        p = rng.dirichlet([1, 1, 1], 1500)
        y = (rng.random((1500, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
        own = all_scores(p, method, rng.random(1500))[np.arange(1500), y]
        hits.append(int((own[500:] <= cut(own[:500], 0.1).value).sum()))
    low, high = np.quantile(hits, [0.005, 0.995])
    assert 845 <= low <= 862
    assert 934 <= high <= 944
    assert np.mean(hits) == pytest.approx(900.2, abs=1.6)


@pytest.mark.statistics
def test_the_laws_p_is_uniform_enough_and_keeps_its_level() -> None:
    rng = np.random.default_rng(32)
    p = [
        law_p(int((rng.random(800) <= cut(rng.random(300), 0.1).value).sum()), 800, 300, 271, ties=0)
        for _ in range(4000)
    ]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.mean(np.array(p) <= 0.01) == pytest.approx(0.01, abs=0.006)

    def is_uncovered(rng: np.random.Generator) -> bool:
        covered = int((rng.random(800) <= cut(rng.random(300), 0.1).value).sum())
        return law_p(covered, 800, 300, 271, ties=0) <= 0.05

    assert null_rate(is_uncovered, seed=32) <= 0.055


def test_calibrated_sets_cover_and_grow_where_the_model_hesitates(tmp_path: Path) -> None:
    found = measured(tmp_path, forecasts(np.random.default_rng(1), 4000))
    overall = found["conformal.coverage", "overall"]
    assert overall.status is Status.OK
    assert overall.detail["is_inside_law"]
    assert overall.p_value is not None
    assert overall.p_value > 0.01
    assert found["conformal.coverage", "worst"].low > 0.85  # type: ignore[operator]
    assert 1 < found["conformal.set_size", "overall"].value < 3  # type: ignore[operator]
    assert {slice_ for _, slice_ in found} >= {"g=a", "g=b", "class=ant", "worst class"}


def test_the_worst_class_is_sought_among_rare_ones_too() -> None:
    """A class held in 13 of 24 cases stood above a "worst class" of 81 %, since it had fewer than 30 rows."""
    items = [
        {"name": name, "kind": "class", "n": n, "hits": hits}
        for name, n, hits in (("class=8", 24, 13), ("class=0", 37, 30), ("class=5", 400, 380), ("class=9", 4, 0))
    ]
    found = worst_reading("conformal.coverage", "worst class", items, 10, {"level": 0.95})
    assert found.value == pytest.approx(13 / 24)
    assert found.detail["lowest"] == "class=8"
    assert [entry["group"] for entry in found.detail["excluded"]] == ["class=9"]
    assert found.detail["support"] == {"class=8": 24, "class=0": 37, "class=5": 400}
    assert found.low == pytest.approx(clopper_pearson(13, 24, level=0.95 ** (1 / 3))[0])
    assert found.high == pytest.approx(clopper_pearson(13, 24, level=0.95 ** (1 / 3))[1])


def test_parts_from_different_worlds_break_the_law(tmp_path: Path) -> None:
    """The twin: the model was as good as it says on the calibration rows only."""
    rng = np.random.default_rng(2)
    data = forecasts(rng, 3000)
    data["part"] = ["calibration"] * 1500 + ["test"] * 1500
    told = {"columns": COLUMNS | {"split": "part"}}
    assert measured(tmp_path, data, **told)["conformal.coverage", "overall"].p_value > 0.01  # type: ignore[operator]
    data["y"] = data["y"][:1500] + list(rng.choice(CLASSES, 1500))
    bad = measured(tmp_path, data, **told)["conformal.coverage", "overall"]
    assert bad.p_value is not None
    assert bad.p_value < 0.01
    assert bad.high < 0.9  # type: ignore[operator]


def test_predicted_intervals_are_widened_until_they_cover(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    mean = rng.normal(size=4000)
    y = mean + rng.normal(size=4000)
    data = {"y": y, "lo": mean - 0.5, "hi": mean + rng.uniform(0.4, 0.6, 4000), "g": rng.choice(["a", "b"], 4000)}
    columns = {"label": "y", "lower": "lo", "upper": "hi", "group": ["g"]}
    found = measured(tmp_path, data, columns=columns)
    assert found["conformal.coverage", "overall"].detail["is_inside_law"]
    assert found["conformal.coverage", "overall"].detail["method"] == "intervals"
    assert found["conformal.set_size", "overall"].value == pytest.approx(3.3, abs=0.25)


def test_neither_row_order_nor_group_names_change_a_value(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    data = forecasts(rng, 600)
    order = rng.permutation(600)
    moved = {name: np.asarray(values)[order] for name, values in data.items()}
    moved["g"] = np.where(moved["g"] == "a", "z", "b")
    first, second = (measured(tmp_path, each, {"method": "adaptive"}) for each in (data, moved))
    # The seed follows from the subject, so shares and halves are drawn anew: only the law binds both.
    assert first["conformal.coverage", "overall"].n == second["conformal.coverage", "overall"].n
    assert [in_order(np.array([0.1, 0.2, 0.3]), np.array(keys)).tolist() for keys in ([3, 1, 2], [1, 2, 3])] == [
        [0.3, 0.1, 0.2],
        [0.1, 0.2, 0.3],
    ]


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    for key, reading in measured(tmp_path, forecasts(np.random.default_rng(5), 500)).items():
        again = catalog.summarise(
            "uncertainty.conformal", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)


def test_tied_scores_cover_more_and_are_not_held_against_the_model(tmp_path: Path) -> None:
    data = {f"p_{name}": [value] * 400 for name, value in zip(CLASSES, (0.8, 0.1, 0.1), strict=True)}
    data |= {"y": ["ant"] * 390 + ["bee"] * 10, "g": ["a"] * 400}
    found = measured(tmp_path, data)
    assert found["conformal.coverage", "overall"].p_value > 0.01  # type: ignore[operator]
    assert found["conformal.set_size", "overall"].value == 1.0
    assert found["conformal.set_size", "overall"].high > 1.0  # type: ignore[operator]


def test_too_few_rows_to_calibrate_with_are_insufficient(tmp_path: Path) -> None:
    found = measured(tmp_path, forecasts(np.random.default_rng(6), 12))
    assert {reading.status for reading in found.values()} == {Status.INSUFFICIENT_DATA}
    one = {name: values[:1] for name, values in forecasts(np.random.default_rng(6), 12).items()}
    assert {reading.status for reading in measured(tmp_path, one).values()} == {Status.INSUFFICIENT_DATA}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p_ant": [0.9] * 40}, r"row 1: the probabilities of the 3 classes add up to 1\.4, not to 1 \(40 such rows\)"),
        ({"p_ant": [1.5] * 40}, r"row 1, column 'p_ant': 1\.5 is not a probability"),
        ({"p_ant": [""] * 40}, "row 1, column 'p_ant': the probability is missing or infinite"),
        ({"y": ["dog"] * 40}, "no probability column is named after the label 'dog'"),
    ],
)
def test_what_is_no_probability_is_named(tmp_path: Path, change: dict, message: str) -> None:
    data = {f"p_{name}": [value] * 40 for name, value in zip(CLASSES, (0.5, 0.25, 0.25), strict=True)}
    data |= {"y": ["ant"] * 40, "g": ["a"] * 40}
    with pytest.raises(SubjectError, match=message):
        measured(tmp_path, data | change)


def test_a_split_without_rows_to_calibrate_is_refused(tmp_path: Path) -> None:
    data = forecasts(np.random.default_rng(7), 40) | {"part": ["test"] * 40}
    with pytest.raises(SubjectError, match="must mark some rows and not all"):
        measured(tmp_path, data, columns=COLUMNS | {"split": "part"})


def test_a_table_without_probabilities_is_not_applicable(tmp_path: Path) -> None:
    data = {"y": ["ant"], "s": [0.2]}
    for columns in ({"label": "y"}, {"label": "y", "score": "s"}):
        assert {r.status for r in measured(tmp_path, data, columns=columns).values()} == {Status.NOT_APPLICABLE}


@pytest.mark.verification
@pytest.mark.parametrize(("n", "share", "large"), [(300, 0.01, 10.0), (1_000, 0.005, 10.0), (300, 0.02, 2.0)])
def test_few_large_sets_leave_room_for_more(n: int, share: float, large: float) -> None:
    """The central limit alone lay below the mean size in up to one sample of six."""
    missed, mean = 0.0, 1 + share * (large - 1)
    for x in range(1, 60):
        size = [n, n - x + x * large, n - x + x * large**2]
        reading = _size("overall", {"size": size, "seen": [1.0, large]}, 10, {"level": 0.95, "statistics": {}})
        assert (reading.low or 0) <= (reading.value or 0) <= (reading.high or 0)
        missed += stats.binom.pmf(x, n, share) * ((reading.high or 0) < mean)
    assert missed <= 0.05
