from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators import catalog
from evaluators.arithmetic.counts import tally
from evaluators.contract import Reading, Status
from evaluators.evaluate import evaluate
from evaluators.fairness.subsets import Subgroups, violation_interval, violations
from tests.evaluators.data import ends, subject, write_csv
from tests.evaluators.nulls import null_rate
from tests.evaluators.reference import violation_by_rows

COLUMNS = {"label": "label", "prediction": "prediction", "group": ["sex", "age"]}


def rows(rng: np.random.Generator, *, n: int = 8000, harm: float = 0.0) -> dict[str, Any]:
    """Fair for women and men, for old and young; old women and young men are selected less by `harm`, others more."""
    sex, age = rng.choice(["f", "m"], n), rng.choice(["old", "young"], n)
    crossed = (sex == "f") == (age == "old")
    return {
        "label": rng.integers(0, 2, n),
        "prediction": (rng.random(n) < np.where(crossed, 0.5 - harm, 0.5 + harm)).astype(int),
        "sex": sex,
        "age": age,
    }


def measured(path: Path, data: dict[str, Any], **facts: Any) -> dict[str, Reading]:
    given_facts = {"columns": COLUMNS, "favourable": "1"} | facts
    outcome = evaluate("fairness.subgroup", subject(write_csv(path / "p.csv", data), **given_facts))
    return {reading.metric: reading for reading in outcome.readings}


def test_harm_that_no_single_column_shows_is_found_and_the_clean_twin_passes(tmp_path: Path) -> None:
    """Fairness gerrymandering: every marginal looks fair."""
    biased = measured(tmp_path, rows(np.random.default_rng(0), harm=0.15))["fairness.subgroup_violation"]
    clean = measured(tmp_path, rows(np.random.default_rng(1)))["fairness.subgroup_violation"]
    assert " & " in biased.detail["subgroup"]
    assert ends(biased)[0] > 0.01
    assert ends(clean)[0] == 0.0
    assert ends(clean)[1] <= 0.01


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from(["selection_rate", "tpr", "fpr"]))
def test_the_largest_violation_equals_looking_at_every_subgroup(seed: int, columns: int, rate: str) -> None:
    rng = np.random.default_rng(seed)
    people = rng.integers(0, 2, (120, columns))
    label, said = rng.integers(0, 2, 120), rng.integers(0, 2, 120)
    values = [tuple(map(str, value)) for value in product((0, 1), repeat=columns)]
    codes = np.array([values.index(tuple(map(str, row))) for row in people])
    counts = tally(codes, label, said, groups=len(values))
    names = tuple(f"c{i}" for i in range(columns))
    found = Subgroups.of(names, values)
    by_rows = violation_by_rows(people.astype(str), label, said, rate)
    with np.errstate(invalid="ignore", divide="ignore"):
        ours = violations(counts, found.member, rate)
    assert float(np.nanmax(ours.value)) == pytest.approx(max(by_rows.values()), abs=1e-12)
    assert len(found.names) == len(by_rows) if columns > 1 else 2


def test_marginals_and_intersections_are_all_there_once() -> None:
    found = Subgroups.of(("sex", "age"), [("f", "old"), ("f", "young"), ("m", "old"), ("m", "young")])
    assert found.names == (
        "sex=f", "sex=m", "age=old", "age=young",
        "sex=f & age=old", "sex=f & age=young", "sex=m & age=old", "sex=m & age=young",
    )  # fmt: skip
    alike = Subgroups.of(("a", "b"), [("x", "1"), ("y", "2")])
    assert alike.names == ("a=x", "a=y")


def test_small_subgroups_are_excluded_and_listed(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(2), n=1000)
    data["age"] = np.where(np.arange(1000) < 5, "ünbekannt", data["age"])
    found = measured(tmp_path, data)["fairness.subgroup_violation"]
    assert "age=ünbekannt" in [entry["group"] for entry in found.detail["excluded"]]


@pytest.mark.parametrize("ages", [1, 10_000])
def test_one_group_and_ten_thousand_are_answered(ages: int, tmp_path: Path) -> None:
    n = max(ages, 100)
    data = {"label": [1, 0] * (n // 2), "prediction": [0, 1] * (n // 2), "sex": ["f"] * n, "age": np.arange(n) % ages}
    found = measured(tmp_path, data)["fairness.subgroup_violation"]
    assert found.status is Status.INSUFFICIENT_DATA


def test_without_labels_only_selection_is_judged(tmp_path: Path) -> None:
    columns = {"prediction": "prediction", "group": ["sex", "age"]}
    found = measured(tmp_path, rows(np.random.default_rng(3)), columns=columns)
    assert found["fairness.subgroup_violation"].status is Status.OK
    assert found["fairness.subgroup_violation_tpr"].status is Status.NOT_APPLICABLE


def test_readings_come_back_and_shards_add_up(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(4), n=700)
    whole = measured(tmp_path, data)["fairness.subgroup_violation"]
    parts = [measured(tmp_path, {name: v[i::7] for name, v in data.items()}) for i in range(7)]
    total = parts[0]["fairness.subgroup_violation"].statistics
    for part in parts[1:]:
        total = catalog.load("fairness.subgroup").merge(  # type: ignore[attr-defined]
            total, part["fairness.subgroup_violation"].statistics
        )
    again = catalog.summarise("fairness.subgroup", total, params={}, level=0.95, seed=whole.seed or 0)
    assert ends(again[0]) == ends(whole)


LAW = np.array([0.4, 0.2, 0.15, 0.25])


@pytest.mark.statistics
@pytest.mark.parametrize("smallest", [0.03, 0.1])
@pytest.mark.parametrize("rate", ["selection_rate", "tpr"])
def test_fair_models_are_rarely_accused(rate: str, smallest: float) -> None:
    sizes = np.array([0.5 - smallest, 0.3, 0.2, smallest])
    member = Subgroups.of(("a", "b"), [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]).member

    def is_accused(rng: np.random.Generator) -> bool:
        counts = rng.multinomial(1500, (sizes[:, None] * LAW).ravel()).reshape(4, 2, 2)
        return violation_interval(counts, member, rate, level=0.95, replicates=2000, rng=rng).low > 0

    assert null_rate(is_accused, seed=5) <= 0.055


@pytest.mark.statistics
def test_the_largest_violation_is_covered() -> None:
    rng, covered = np.random.default_rng(6), 0
    sizes, rates = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.5, 0.5, 0.4, 0.2])
    law = np.stack([1 - rates, rates], axis=1)[:, None, :] * sizes[:, None, None] * np.array([[[0.5], [0.5]]])
    member = Subgroups.of(("a", "b"), [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]).member
    truth = violations((law * 1e9).astype(np.int64), member, "selection_rate").value.max()
    for _ in range(4000):
        counts = rng.multinomial(3000, law.ravel()).reshape(4, 2, 2)
        found = violation_interval(counts, member, "selection_rate", level=0.95, replicates=600, rng=rng)
        covered += found.low <= truth <= found.high
    assert covered / 800 >= 0.94


def test_two_dozen_columns_name_more_subgroups_than_anybody_compares(tmp_path: Path) -> None:
    kinds = np.random.default_rng(0).choice(["x", "y", "z"], (150, 24))
    people = {f"c{i}": np.tile(kinds[:, i], 20) for i in range(24)}
    data = people | {"label": [0, 1] * 1500, "prediction": [1, 1, 0] * 1000}
    columns = {"label": "label", "prediction": "prediction", "group": list(people)}
    found = measured(tmp_path, data, columns=columns)
    assert {reading.status for reading in found.values()} == {Status.INSUFFICIENT_DATA}
    assert "more than 20,000 subgroups" in found["fairness.subgroup_violation"].reason
