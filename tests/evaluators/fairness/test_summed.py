"""Group fairness where rows have weights or belong together, and of shards that are added."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import catalog
from evaluators.contract import Reading, Status, Subject, SubjectError
from evaluators.evaluate import evaluate, silent
from tests.evaluators.data import compas, ends, random_table, subject, write_csv

COLUMNS = {"label": "label", "prediction": "prediction", "group": ["group"]}
Found = dict[tuple[str, str], Reading]


def table_of(path: Path, data: dict[str, Any], **facts: Any) -> Subject:
    return subject(write_csv(path, data), **({"columns": COLUMNS, "favourable": "1"} | facts))


def measured(path: Path, data: dict[str, Any], *, params: dict[str, Any] | None = None, **columns: str) -> Found:
    outcome = evaluate("fairness.group", table_of(path / "p.csv", data, columns=COLUMNS | columns), params=params)
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


def people(rng: np.random.Generator, *, clusters: int = 200, gap: float = 0.0) -> dict[str, Any]:
    """Ten rows of every person, nearly alike; group b is selected less often by `gap`."""
    group = rng.choice(["a", "b"], clusters)
    luck = rng.random(clusters) < np.where(group == "b", 0.5 - gap, 0.5)
    person = np.repeat(np.arange(clusters), 10)
    flipped = rng.random(len(person)) < 0.1
    return {
        "label": rng.integers(0, 2, len(person)),
        "prediction": (luck[person] ^ flipped).astype(int),
        "group": group[person],
        "person": [f"p{i}" for i in person],
    }


def test_rows_of_one_person_are_not_counted_as_many_people(tmp_path: Path) -> None:
    data = people(np.random.default_rng(0))
    naive, honest = measured(tmp_path, data), measured(tmp_path, data, cluster="person")
    key = ("fairness.selection_rate", "overall")
    assert naive[key].value == honest[key].value
    assert width(honest[key]) > 2 * width(naive[key])
    assert honest[key].detail["units"] == 200
    assert honest["fairness.demographic_parity_difference", "overall"].low == 0.0


def width(reading: Reading) -> float:
    low, high = ends(reading)
    return high - low


def test_a_biased_model_fails_with_clusters_too(tmp_path: Path) -> None:
    found = measured(tmp_path, people(np.random.default_rng(1), gap=0.45), cluster="person")
    gap = found["fairness.demographic_parity_difference", "overall"]
    assert ends(gap)[0] > 0.1
    ratio = found["fairness.demographic_parity_ratio", "overall"]
    assert ends(ratio)[1] < 0.8


def test_nine_people_are_no_evidence(tmp_path: Path) -> None:
    found = measured(tmp_path, people(np.random.default_rng(2), clusters=9), cluster="person")
    assert found["fairness.selection_rate", "overall"].status is Status.INSUFFICIENT_DATA
    assert "9 clusters" in found["fairness.selection_rate", "overall"].reason


def test_what_counts_rows_is_not_offered_for_clusters(tmp_path: Path) -> None:
    found = measured(tmp_path, people(np.random.default_rng(3)), cluster="person")
    assert found["fairness.permutation_p", "overall"].status is Status.NOT_APPLICABLE
    expected = {metric["id"] for metric in catalog.describe("fairness.group")["metrics"]}
    assert {metric for metric, name in found if name == "overall"} == expected


def test_weights_change_the_rate_and_its_certainty(tmp_path: Path) -> None:
    data = random_table(np.random.default_rng(4), rows=1000, groups=2)
    data["w"] = np.where(data["prediction"] == 1, 3.0, 1.0)
    found = measured(tmp_path, data, weight="w")["fairness.selection_rate", "overall"]
    share = data["prediction"].mean()
    assert found.value == pytest.approx(3 * share / (3 * share + 1 - share))
    assert found.detail["effective_n"] < 1000


def test_weights_of_one_give_nearly_the_interval_of_counts(tmp_path: Path) -> None:
    data = random_table(np.random.default_rng(5), rows=2000, groups=3) | {"w": np.ones(2000)}
    plain, weighed = measured(tmp_path, data), measured(tmp_path, data, weight="w")
    for metric in ("fairness.fpr_difference", "fairness.equalized_odds_difference"):
        first, second = plain[metric, "overall"], weighed[metric, "overall"]
        assert first.value == pytest.approx(second.value)
        assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=0.005)


@pytest.mark.parametrize(("weight", "message"), [("-1", "row 2.*-1"), ("", "row 2.*missing"), ("0", "every weight")])
def test_a_weight_that_makes_no_sense_is_refused(weight: str, message: str, tmp_path: Path) -> None:
    data = {"label": [1, 0], "prediction": [1, 0], "group": ["a", "b"], "w": ["0", weight]}
    with pytest.raises(SubjectError, match=message):
        measured(tmp_path, data, weight="w")


@pytest.mark.parametrize("role", ["cluster", "weight"])
def test_readings_come_back_from_their_own_statistics(role: str, tmp_path: Path) -> None:
    data = people(np.random.default_rng(6)) | {"w": np.random.default_rng(6).integers(1, 4, 2000)}
    for key, reading in measured(tmp_path, data, **{role: "person" if role == "cluster" else "w"}).items():
        if not reading.statistics:
            continue
        again = catalog.summarise("fairness.group", reading.statistics, params={}, level=0.95, seed=reading.seed or 0)
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high, match.n) == (reading.value, reading.low, reading.high, reading.n)


@pytest.mark.parametrize("columns", [{}, {"weight": "w"}, {"cluster": "person"}, {"cluster": "person", "weight": "w"}])
def test_seven_shards_are_the_whole(columns: dict[str, str], tmp_path: Path) -> None:
    evaluator = catalog.load("fairness.group")
    rng = np.random.default_rng(7)
    data = {name: np.asarray(values) for name, values in people(rng).items()} | {"w": rng.integers(1, 4, 2000)}
    shard = np.arange(2000) // 10 % 7
    parts = [{name: values[shard == i] for name, values in data.items()} for i in range(7)]
    states = [
        evaluator.measure(
            table_of(tmp_path / f"{i}.csv", part, columns=COLUMNS | columns), params={}, seed=0, progress=silent
        ).statistics
        for i, part in enumerate([data, *parts])
    ]
    total = states[1]
    for state in states[2:]:
        total = evaluator.merge(total, state)  # type: ignore[attr-defined]
    assert total == states[0]


def test_ten_thousand_groups_with_weights_are_answered(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 10_000, "prediction": [1, 1, 0, 0] * 5000, "group": [f"g{i // 2}" for i in range(20_000)]}
    found = measured(tmp_path, rows | {"w": [2] * 20_000}, weight="w")
    assert found["fairness.selection_rate", "overall"].status is Status.OK
    assert "10,000 groups" in found["fairness.fpr_difference", "overall"].reason


def test_equalized_odds_may_be_the_mean_of_both_gaps(tmp_path: Path) -> None:
    data = compas()
    columns = {"label": data["label"], "prediction": data["prediction"], "group": data["race"]}
    worst, mean = (
        measured(tmp_path, columns, params={"equalized_odds": option})["fairness.equalized_odds_difference", "overall"]
        for option in ("worst", "mean")
    )
    gaps = [item["gap"] for item in worst.detail["rates"].values()]
    assert (worst.value, mean.value) == (max(gaps), pytest.approx(sum(gaps) / 2))
    assert ends(mean)[0] < mean.value < ends(mean)[1]


@pytest.mark.verification
def test_pairs_of_several_groups_are_tested_at_once(tmp_path: Path) -> None:
    data = compas()
    columns = {"label": data["label"], "prediction": data["prediction"], "group": data["race"]}
    tests = measured(tmp_path, columns)["fairness.permutation_p", "overall"].detail["tests"]
    pairs = tests["false positive rate"]["pairs"]
    assert min(pair["p"] for pair in pairs) == pytest.approx(tests["false positive rate"]["p"])
    assert {"group=African-American", "group=Caucasian"} in [set(pair["groups"]) for pair in pairs]
