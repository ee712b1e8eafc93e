from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators import catalog
from evaluators.arithmetic.counts import rate, tally
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.fairness.arrays import group_gaps
from tests.evaluators.data import compas, random_table, subject, write_csv

FACTS = {"columns": {"label": "label", "prediction": "prediction", "group": ["group"]}, "favourable": "1"}


def readings(table: Path, **facts: Any) -> dict[tuple[str, str], Reading]:
    outcome = evaluate("fairness.group", subject(table, **(FACTS | facts)))
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


def measured(tmp_path: Path, data: dict[str, Any], **facts: Any) -> dict[tuple[str, str], Reading]:
    return readings(write_csv(tmp_path / "p.csv", data), **facts)


@pytest.fixture
def by_race(tmp_path: Path) -> dict[tuple[str, str], Reading]:
    data = compas()
    columns = {"label": data["label"], "prediction": data["prediction"], "group": data["race"]}
    return measured(tmp_path, columns)


@pytest.mark.verification
def test_compas_through_the_whole_evaluator(by_race: dict[tuple[str, str], Reading]) -> None:
    fpr = by_race["fairness.fpr", "group=African-American"]
    assert (fpr.value, fpr.n, fpr.status) == (pytest.approx(0.4485, abs=5e-5), 1795, Status.OK)
    assert by_race["fairness.fnr", "group=Caucasian"].value == pytest.approx(0.4772, abs=5e-5)
    assert by_race["fairness.fpr", "overall"].value == pytest.approx(0.3235, abs=5e-5)
    gap = by_race["fairness.fpr_difference", "overall"]
    assert (gap.low, gap.high) == pytest.approx((0.233, 0.364), abs=0.01)
    assert gap.detail["highest"] == "group=African-American"
    assert gap.detail["lowest"] == "group=Other"


@pytest.mark.verification
def test_groups_below_thirty_leave_the_comparison_and_are_listed(by_race: dict[tuple[str, str], Reading]) -> None:
    excluded = by_race["fairness.fpr_difference", "overall"].detail["excluded"]
    assert [(entry["group"], entry["n"]) for entry in excluded] == [("group=Asian", 23), ("group=Native American", 8)]
    assert all("fewer than 30" in entry["reason"] for entry in excluded)


def test_below_ten_a_rate_is_shown_but_is_no_evidence(by_race: dict[tuple[str, str], Reading]) -> None:
    tiny = by_race["fairness.fpr", "group=Native American"]
    assert tiny.status is Status.INSUFFICIENT_DATA
    assert tiny.value == pytest.approx(0.375)
    assert by_race["fairness.fpr", "group=Asian"].method == "clopper-pearson"
    assert by_race["fairness.fpr", "group=Asian"].status is Status.OK


def test_every_metric_is_read_at_slice_overall(by_race: dict[tuple[str, str], Reading]) -> None:
    expected = {metric["id"] for metric in catalog.describe("fairness.group")["metrics"]}
    assert {metric for metric, name in by_race if name == "overall"} == expected


@pytest.mark.verification
@pytest.mark.statistics
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_raw_gaps_equal_an_independent_library(seed: int, groups: int) -> None:
    data = random_table(np.random.default_rng(seed), groups=groups)
    y, p, g = data["label"], data["prediction"], data["group"]
    names, codes = np.unique(g, return_inverse=True)
    found = group_gaps(codes, y, p, groups=len(names), replicates=40, seed=0)
    theirs = {
        "demographic_parity_difference": fairlearn.demographic_parity_difference(y, p, sensitive_features=g),
        "equal_opportunity_difference": fairlearn.equal_opportunity_difference(y, p, sensitive_features=g),
        "equalized_odds_difference": fairlearn.equalized_odds_difference(y, p, sensitive_features=g),
    }
    for name, value in theirs.items():
        assert found[name].value == pytest.approx(value, abs=1e-12)
    x, m = rate(tally(codes, y, p, groups=len(names)), "selection_rate")
    theirs_ratio = fairlearn.demographic_parity_ratio(y, p, sensitive_features=g)
    assert (x / m).min() / (x / m).max() == pytest.approx(theirs_ratio, abs=1e-12)


def test_a_group_without_positives_has_no_true_positive_rate(tmp_path: Path) -> None:
    """Six rows for which a rate of 0 at 0/0 would claim a gap of two thirds."""
    columns = {"label": [1, 1, 1, 0, 0, 0], "prediction": [1, 1, 0, 0, 1, 0], "group": list("aaabbb")}
    theirs = fairlearn.equal_opportunity_difference(
        columns["label"], columns["prediction"], sensitive_features=columns["group"]
    )
    assert theirs == pytest.approx(2 / 3)
    found = measured(tmp_path, columns)
    tpr = found["fairness.tpr", "group=b"]
    assert (tpr.status, tpr.value, tpr.n) == (Status.INSUFFICIENT_DATA, None, 0)
    gap = found["fairness.equal_opportunity_difference", "overall"]
    assert (gap.status, gap.value) == (Status.INSUFFICIENT_DATA, None)


def test_a_gap_of_zero_is_a_result(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 100, "prediction": [1, 1, 0, 0] * 50, "group": ["a"] * 100 + ["b"] * 100}
    gap = measured(tmp_path, rows)["fairness.demographic_parity_difference", "overall"]
    assert (gap.status, gap.value, gap.low) == (Status.OK, 0.0, 0.0)


def test_no_interval_of_a_difference_reaches_beyond_one(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 100, "prediction": [1] * 100 + [0] * 100, "group": ["a"] * 100 + ["b"] * 100}
    found = measured(tmp_path, rows)
    assert found["fairness.demographic_parity_difference", "overall"].value == 1.0
    assert all((reading.high or 0) <= 1 for (name, _), reading in found.items() if name.endswith("_difference"))


def test_nobody_selected_means_no_ratio(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 100, "prediction": [0] * 200, "group": ["a"] * 100 + ["b"] * 100}
    ratio = measured(tmp_path, rows)["fairness.demographic_parity_ratio", "overall"]
    assert (ratio.status, ratio.value) == (Status.INSUFFICIENT_DATA, None)
    assert "no ratio" in ratio.reason
    # A gap of nothing is not one that 200 rows would have shown.
    assert 0.01 < ratio.detail["minimum_detectable_gap"] < 0.1


def test_readings_come_back_from_their_own_statistics_without_the_table(
    by_race: dict[tuple[str, str], Reading],
) -> None:
    for key, reading in by_race.items():
        again = catalog.summarise("fairness.group", reading.statistics, params={}, level=0.95, seed=reading.seed or 0)
        match = next(other for other in again if (other.metric, other.slice) == key)
        assert (match.value, match.low, match.high, match.n) == (reading.value, reading.low, reading.high, reading.n)


def test_another_level_needs_no_table_either(by_race: dict[tuple[str, str], Reading]) -> None:
    stored = by_race["fairness.fpr_difference", "overall"]
    again = catalog.summarise("fairness.group", stored.statistics, params={}, level=0.8, seed=stored.seed or 0)
    narrower = next(reading for reading in again if reading.metric == stored.metric and reading.slice == "overall")
    assert narrower.value == stored.value
    assert stored.low < narrower.low < narrower.high < stored.high  # type: ignore[operator]


def test_row_order_changes_nothing_but_the_bytes(tmp_path: Path) -> None:
    data = random_table(np.random.default_rng(3), rows=500)
    order = np.random.default_rng(4).permutation(500)
    outcome = evaluate("fairness.group", subject(write_csv(tmp_path / "a.csv", data), **FACTS))
    shuffled = {name: values[order] for name, values in data.items()}
    other = evaluate("fairness.group", subject(write_csv(tmp_path / "b.csv", shuffled), **FACTS))
    assert outcome.seed != other.seed
    again = catalog.summarise(
        "fairness.group", whole_statistics(other.readings), params={}, level=0.95, seed=outcome.seed
    )
    assert [(r.metric, r.slice, r.value, r.low, r.high) for r in again] == [
        (r.metric, r.slice, r.value, r.low, r.high) for r in outcome.readings
    ]


def whole_statistics(found: tuple[Reading, ...]) -> dict[str, Any]:
    return next(reading.statistics for reading in found if reading.metric == "fairness.fpr_difference")


def test_the_same_subject_gives_the_same_bits(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "p.csv", random_table(np.random.default_rng(5)))
    first, second = (evaluate("fairness.group", subject(path, **FACTS)) for _ in range(2))
    assert [reading.as_dict() for reading in first.readings] == [reading.as_dict() for reading in second.readings]


def test_without_outcomes_only_selection_is_measured(tmp_path: Path) -> None:
    columns = {"prediction": [1, 0] * 100, "group": ["a"] * 100 + ["b"] * 100}
    found = measured(tmp_path, columns, columns={"prediction": "prediction", "group": "group"})
    assert found["fairness.demographic_parity_ratio", "overall"].status is Status.OK
    assert found["fairness.fpr_difference", "overall"].status is Status.NOT_APPLICABLE
    assert "no label" in found["fairness.tpr", "overall"].reason


def test_without_groups_gaps_are_not_applicable(tmp_path: Path) -> None:
    found = measured(
        tmp_path, random_table(np.random.default_rng(0)), columns={"label": "label", "prediction": "prediction"}
    )
    assert found["fairness.selection_rate", "overall"].status is Status.OK
    assert found["fairness.fpr_difference", "overall"].status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("groups", [1_000, 10_000])
def test_an_identifier_as_group_column_is_answered_and_not_exploded(groups: int, tmp_path: Path) -> None:
    quarter = groups // 4
    rows = {"label": [1, 0] * 2 * quarter, "prediction": [1, 1, 0, 0] * quarter, "group": list(range(groups))}
    found = measured(tmp_path, rows)
    gap = found["fairness.demographic_parity_difference", "overall"]
    assert gap.status is Status.INSUFFICIENT_DATA
    assert f"{groups:,} groups" in gap.reason
    assert {name for _, name in found} == {"overall"}


def test_two_hundred_groups_are_compared(tmp_path: Path) -> None:
    rows = {"prediction": [1, 0, 0] * 2000, "group": [f"g{i % 200}" for i in range(6000)]}
    found = measured(tmp_path, rows, columns={"prediction": "prediction", "group": "group"})
    assert found["fairness.demographic_parity_ratio", "overall"].status is Status.OK


def test_a_missing_group_is_a_group_and_not_dropped(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 60, "prediction": [1, 1, 0, 0] * 30, "group": ["a"] * 60 + [""] * 60}
    found = measured(tmp_path, rows)
    assert found["fairness.selection_rate", "group=(missing)"].n == 60


def test_combinations_are_compared_and_every_margin_is_shown(tmp_path: Path) -> None:
    data = compas()
    columns = {"label": data["label"], "prediction": data["prediction"], "race": data["race"], "sex": data["sex"]}
    found = measured(
        tmp_path, columns, columns={"label": "label", "prediction": "prediction", "group": ["race", "sex"]}
    )
    assert found["fairness.fpr", "race=Caucasian"].value == pytest.approx(0.2345, abs=5e-5)
    assert found["fairness.fpr", "sex=Female"].status is Status.OK
    assert found["fairness.fpr", "race=Caucasian & sex=Female"].n < found["fairness.fpr", "race=Caucasian"].n
    assert " & " in found["fairness.fpr_difference", "overall"].detail["highest"]


def test_groups_are_words_and_never_numbers(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 100, "prediction": [1, 1, 0, 0] * 50, "group": ["10"] * 100 + ["9"] * 100}
    slices = [name for metric, name in measured(tmp_path, rows) if metric == "fairness.tpr"]
    assert slices == ["overall", "group=10", "group=9"]


def test_labels_the_model_never_says_are_refused_and_not_counted_as_wrong(tmp_path: Path) -> None:
    rows = {"label": ["granted", "refused", "open"], "prediction": ["1", "0", "1"], "group": ["a", "b", "a"]}
    with pytest.raises(SubjectError, match="different words"):
        measured(tmp_path, rows)


def test_constant_predictions_one_group_and_unicode_are_answered(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 50, "prediction": [1] * 100, "group": ["日本", "Ελλάδα"] * 50}
    found = measured(tmp_path, rows)
    assert found["fairness.selection_rate", "group=日本"].value == 1.0
    gap = found["fairness.demographic_parity_difference", "overall"]
    assert (gap.status, gap.value, gap.low) == (Status.OK, 0.0, 0.0)
    alone = measured(tmp_path, rows | {"group": ["日本"] * 100})
    assert alone["fairness.demographic_parity_difference", "overall"].status is Status.INSUFFICIENT_DATA
