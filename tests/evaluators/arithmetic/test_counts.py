import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.arithmetic.counts import RATES, GroupCounts, rate, ratio_or_none, tally
from tests.evaluators.data import compas, random_table
from tests.evaluators.reference import rate_by_rows

# TN, FP, FN, TP of COMPAS by race, as in the published analysis of the same file.
COMPAS = {
    "African-American": (990, 805, 532, 1369),
    "Asian": (21, 2, 3, 6),
    "Caucasian": (1139, 349, 461, 505),
    "Hispanic": (318, 87, 129, 103),
    "Native American": (5, 3, 1, 9),
    "Other": (208, 36, 90, 43),
}
COMPAS_RATES = {
    "African-American": {"fpr": 0.4485, "fnr": 0.2799, "ppv": 0.6297, "npv": 0.6505, "selection_rate": 0.5882},
    "Caucasian": {"fpr": 0.2345, "fnr": 0.4772, "ppv": 0.5913, "npv": 0.7119, "selection_rate": 0.3480},
    "Hispanic": {"fpr": 0.2148, "fnr": 0.5560, "ppv": 0.5421, "npv": 0.7114, "selection_rate": 0.2983},
    "Other": {"fpr": 0.1475, "fnr": 0.6767, "ppv": 0.5443, "npv": 0.6980, "selection_rate": 0.2095},
    "Asian": {"fpr": 0.0870, "fnr": 0.3333, "ppv": 0.7500, "npv": 0.8750, "selection_rate": 0.2500},
    "Native American": {"fpr": 0.3750, "fnr": 0.1000, "ppv": 0.7500, "npv": 0.8333, "selection_rate": 0.6667},
}


def compas_counts() -> GroupCounts:
    data = compas()
    names, codes = np.unique(data["race"], return_inverse=True)
    counts = tally(codes, data["label"], data["prediction"], groups=len(names))
    return GroupCounts(("race",), tuple((str(name),) for name in names), counts)


@pytest.mark.verification
def test_compas_is_counted_to_the_row() -> None:
    table = compas_counts()
    for (name,), cells in zip(table.values, table.counts, strict=True):
        assert tuple(cells.ravel()) == COMPAS[name]
    assert table.counts.sum(axis=0).ravel().tolist() == [2681, 1282, 1216, 2035]


@pytest.mark.verification
@pytest.mark.parametrize("group", sorted(COMPAS_RATES))
def test_compas_rates_are_the_published_ones(group: str) -> None:
    table = compas_counts()
    position = table.values.index((group,))
    for name, published in COMPAS_RATES[group].items():
        x, m = rate(table.counts, name)
        assert x[position] / m[position] == pytest.approx(published, abs=5e-5)


@pytest.mark.verification
def test_a_group_is_divided_by_its_own_denominator_and_not_by_all_rows() -> None:
    table = compas_counts()
    x, m = rate(table.counts, "fnr")
    black, white = (table.values.index((name,)) for name in ("African-American", "Caucasian"))
    by_all = x / table.counts[:, 1, :].sum()
    assert by_all[black] > by_all[white]  # what dividing by everybody's positives would claim
    assert x[black] / m[black] < x[white] / m[white]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 80))
def test_every_rate_equals_counting_row_by_row(seed: int, groups: int, rows: int) -> None:
    data = random_table(np.random.default_rng(seed), rows=rows, groups=groups)
    names, codes = np.unique(data["group"], return_inverse=True)
    counts = tally(codes, data["label"], data["prediction"], groups=len(names))
    for name in RATES:
        x, m = rate(counts, name)
        for i in range(len(names)):
            mine = codes == i
            assert ratio_or_none(x[i], m[i]) == rate_by_rows(data["label"][mine], data["prediction"][mine], name)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_shards_added_are_the_whole_in_any_row_order(seed: int, shards: int) -> None:
    rng = np.random.default_rng(seed)
    data = random_table(rng, rows=90, groups=5)
    shuffled = rng.permutation(90)
    whole = counted(data, np.arange(90))
    parts = [counted(data, part) for part in np.array_split(shuffled, shards)]
    total = parts[0]
    for part in parts[1:]:
        total = total.merged(part)
    assert total.values == whole.values
    assert (total.counts == whole.counts).all()


def counted(data: dict[str, np.ndarray], rows: np.ndarray) -> GroupCounts:
    names, codes = np.unique(data["group"][rows], return_inverse=True)
    counts = tally(codes, data["label"][rows], data["prediction"][rows], groups=len(names))
    return GroupCounts(("g",), tuple((str(name),) for name in names), counts)


def test_statistics_survive_being_stored() -> None:
    table = compas_counts()
    again = GroupCounts.from_statistics(table.as_statistics())
    assert again.names == table.names
    assert (again.counts == table.counts).all()


def test_slices_have_readable_names() -> None:
    counts = np.zeros((1, 2, 2), dtype=np.int64)
    assert GroupCounts(("race", "sex"), (("A", "F"),), counts).names == ["race=A & sex=F"]
    assert GroupCounts((), ((),), counts).names == ["overall"]


def test_a_margin_sums_the_other_column_away() -> None:
    counts = np.arange(16).reshape(4, 2, 2)
    table = GroupCounts(("race", "sex"), (("A", "F"), ("A", "M"), ("B", "F"), ("B", "M")), counts)
    margin = table.marginal(1)
    assert margin.values == (("F",), ("M",))
    assert (margin.counts[0] == counts[0] + counts[2]).all()


def test_nothing_observed_has_no_rate() -> None:
    assert ratio_or_none(0, 0) is None
    assert ratio_or_none(0, 5) == 0.0


def test_codes_are_not_changed_by_counting() -> None:
    group = np.array([0, 1, 1])
    tally(group, np.array([0, 1, 1]), np.array([1, 1, 0]), groups=2)
    assert group.tolist() == [0, 1, 1]
