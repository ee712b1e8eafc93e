from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluators import catalog
from evaluators.compression.answers import modal
from evaluators.compression.cohorts import cohort_ratios, ratio_gap
from evaluators.compression.readings import _taxicab
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate, silent
from tests.evaluators.data import ends, subject, write_csv
from tests.evaluators.reference import modal_by_rows

COLUMNS = {"label": "label", "prediction": "new", "baseline": "old", "group": ["group"]}
Found = dict[tuple[str, str], Reading]


def rows(rng: np.random.Generator, *, n: int = 20_000, harm: float = 0.0) -> dict[str, Any]:
    """An original that is right 9 times in 10; compression changes 2 rows in 100, and more in group b by `harm`."""
    label, group = rng.integers(0, 2, n), rng.choice(["a", "b", "c"], n)
    old = np.where(rng.random(n) < 0.9, label, 1 - label)
    slips = rng.random(n) < np.where(group == "b", 0.02 + harm, 0.02)
    return {"label": label, "old": old, "new": np.where(slips, 1 - old, old), "group": group}


def measured(path: Path, data: dict[str, Any], **facts: Any) -> Found:
    outcome = evaluate("compression.harm", subject(write_csv(path / "p.csv", data), **({"columns": COLUMNS} | facts)))
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


def test_a_model_compressed_badly_for_one_group_fails_and_the_clean_twin_passes(tmp_path: Path) -> None:
    harmed = measured(tmp_path, rows(np.random.default_rng(0), harm=0.06))
    clean = measured(tmp_path, rows(np.random.default_rng(1)))
    ratio, fine = (found["compress.cohort_ratio", "overall"] for found in (harmed, clean))
    assert ratio.detail["highest"] == "group=b"
    assert ends(ratio)[0] > 1.5
    assert ends(fine)[1] <= 1.5
    worst, kept = (found["compress.accuracy_delta", "worst"] for found in (harmed, clean))
    assert ends(worst)[1] < -0.03
    assert ends(kept)[0] >= -0.03


@pytest.mark.verification
def test_identical_models_change_nothing(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(2), n=600)
    data |= {"new": data["old"], "p": data["old"] * 0.8, "q": data["old"] * 0.8}
    found = measured(tmp_path, data, columns=COLUMNS | {"probability": "p", "baseline_probability": "q"})
    for metric in ("compress.cie_rate", "compress.taxicab", "compress.accuracy_delta"):
        assert found[metric, "overall"].value == 0.0
        assert found[metric, "overall"].status is Status.OK
        assert ends(found[metric, "overall"])[1] > 0
    ratio = found["compress.cohort_ratio", "overall"]
    assert (ratio.status, ratio.value) == (Status.INSUFFICIENT_DATA, None)
    assert "no row has changed" in ratio.reason


@pytest.mark.verification
def test_relabelling_a_share_at_random_changes_that_share_of_the_rest(tmp_path: Path) -> None:
    """A share r among K classes: r (K - 1) / K."""
    rng, n = np.random.default_rng(3), 200_000
    old = rng.integers(0, 5, n)
    new = np.where(rng.random(n) < 0.2, rng.integers(0, 5, n), old)
    found = measured(tmp_path, {"old": old, "new": new}, columns={"prediction": "new", "baseline": "old"})
    rate = found["compress.cie_rate", "overall"]
    assert rate.value == pytest.approx(0.16, abs=0.0025)
    assert ends(rate)[0] <= 0.16 <= ends(rate)[1]
    assert rate.detail["is_churn"]
    assert found["compress.accuracy_delta", "overall"].status is Status.NOT_APPLICABLE


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 5))
def test_the_most_frequent_label_equals_counting_votes(seed: int, models: int, classes: int) -> None:
    codes = np.random.default_rng(seed).integers(0, classes, (models, 30))
    assert modal(codes).tolist() == modal_by_rows(codes)


def test_several_models_outvote_the_churn_of_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    base = rng.integers(0, 2, 3000)
    noisy = {name: np.where(rng.random(3000) < 0.05, 1 - base, base) for name in ("o1", "o2", "o3", "c1", "c2", "c3")}
    columns = {"prediction": "c1", "compressed": ["c2", "c3"], "baseline": ["o1", "o2", "o3"]}
    many = measured(tmp_path, noisy, columns=columns)["compress.cie_rate", "overall"]
    one = measured(tmp_path, noisy, columns={"prediction": "c1", "baseline": "o1"})["compress.cie_rate", "overall"]
    assert many.detail["models"] == [3, 3]
    assert ends(many)[1] < ends(one)[0]


def test_distances_are_half_the_absolute_differences(tmp_path: Path) -> None:
    data = {
        "old": ["a"] * 40, "new": ["a"] * 40, "p1": [0.5] * 40, "p2": [0.3] * 40, "p3": [0.2] * 40,
        "q1": [0.6] * 40, "q2": [0.3] * 40, "q3": [0.1] * 40,
    }  # fmt: skip
    columns = {"prediction": "new", "baseline": "old"}
    columns |= {"probability": ["p1", "p2", "p3"], "baseline_probability": ["q1", "q2", "q3"]}  # type: ignore[dict-item]
    assert measured(tmp_path, data, columns=columns)["compress.taxicab", "overall"].value == pytest.approx(0.1)
    with pytest.raises(SubjectError, match="row 1.*no probabilities"):
        measured(tmp_path, data | {"p1": [0.9] * 40}, columns=columns)


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(5), n=2000) | {"p": np.random.default_rng(6).random(2000), "q": [0.5] * 2000}
    found = measured(tmp_path, data, columns=COLUMNS | {"probability": "p", "baseline_probability": "q"})
    for key, reading in found.items():
        again = catalog.summarise("compression.harm", reading.statistics, params={}, level=0.95, seed=reading.seed or 0)
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high, match.n) == (reading.value, reading.low, reading.high, reading.n)
    expected = {metric["id"] for metric in catalog.describe("compression.harm")["metrics"]}
    assert {metric for metric, name in found if name == "overall"} == expected


def test_seven_shards_are_the_whole(tmp_path: Path) -> None:
    evaluator, rng = catalog.load("compression.harm"), np.random.default_rng(7)
    data = rows(rng, n=700) | {"p": rng.random(700), "q": rng.random(700)}
    columns = COLUMNS | {"probability": "p", "baseline_probability": "q"}
    parts = [data] + [{name: values[i::7] for name, values in data.items()} for i in range(7)]
    states = [
        evaluator.measure(
            subject(write_csv(tmp_path / f"{i}.csv", part), columns=columns),
            params={"variant": "int8"},
            seed=0,
            progress=silent,
        ).statistics
        for i, part in enumerate(parts)
    ]
    total = states[1]
    for state in states[2:]:
        total = evaluator.merge(total, state)  # type: ignore[attr-defined]
    assert total["counts"] == states[0]["counts"]
    assert np.allclose(total["distances"], states[0]["distances"], rtol=1e-12)


@pytest.mark.parametrize("groups", [1, 10_000])
def test_one_group_and_ten_thousand_are_answered(groups: int, tmp_path: Path) -> None:
    n = max(groups, 200)
    data = {"label": [1, 0] * (n // 2), "old": [1, 0] * (n // 2), "new": [1] * n, "group": np.arange(n) % groups}
    found = measured(tmp_path, data)
    assert found["compress.cie_rate", "overall"].value == 0.5
    assert found["compress.cohort_ratio", "overall"].status is Status.INSUFFICIENT_DATA


def test_without_another_model_there_is_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="baseline"):
        measured(tmp_path, rows(np.random.default_rng(8), n=50), columns={"prediction": "new"})


@pytest.mark.statistics
@pytest.mark.parametrize(("sizes", "rates"), [((2000, 1000, 500), (0.05, 0.05, 0.05)), ((5000, 800), (0.03, 0.1))])
def test_the_largest_ratio_is_covered(sizes: tuple[int, ...], rates: tuple[float, ...]) -> None:
    rng, m, covered = np.random.default_rng(9), np.array(sizes), 0
    law = np.array(rates)
    truth = (law / ((m * law).sum() / m.sum())).max()
    for _ in range(1000):
        found = ratio_gap(rng.binomial(m, law), m, level=0.95, replicates=800, rng=rng)
        covered += found.low <= truth <= found.high
    assert covered / 1000 >= 0.93


def test_equal_groups_have_ratios_of_one() -> None:
    assert cohort_ratios(np.array([5, 10]), np.array([100, 200])).tolist() == [1.0, 1.0]


@pytest.mark.verification
@pytest.mark.parametrize(("n", "share"), [(150, 0.02), (300, 0.01), (1_000, 0.005)])
def test_few_rows_that_differ_much_leave_room_above(n: int, share: float) -> None:
    """A normal interval lay below the mean distance in up to one sample of seven."""
    common: dict[str, Any] = {"level": 0.95, "seed": 1, "statistics": {}}
    found = [_taxicab("overall", [[n, float(x), float(x)]], common) for x in range(40)]
    missed = sum(stats.binom.pmf(x, n, share) for x, one in enumerate(found) if ends(one)[1] < share)
    assert missed <= 0.025
    assert all(ends(one)[0] <= (one.value or 0) <= ends(one)[1] for one in found)
