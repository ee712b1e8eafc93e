from pathlib import Path

import numpy as np
import pytest

from evaluators.catalog import summarise
from evaluators.contract import Status, SubjectError
from tests.evaluators.quality.making import reading, run

PROXY, ALIAS = "data.proxy.auc", "fairness.proxy_auc"


def people(n: int = 600) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"sex": rng.choice(["f", "m"], n), "income": rng.normal(size=n), "town": rng.choice(list("ABC"), n)}


@pytest.mark.verification
def test_an_independent_column_is_no_proxy_and_a_copied_one_tells_everything(tmp_path: Path) -> None:
    table = people()
    facts = {"columns": {"group": ["sex"]}}
    clean = run("data.proxy", tmp_path, table, features=["income", "town"], **facts)
    found = reading(clean, PROXY)
    assert found.value == pytest.approx(0.5, abs=0.08)
    assert (found.high or 1) <= 0.7
    table["code"] = np.where(table["sex"] == "f", 7, 3)
    leaking = run("data.proxy", tmp_path, table, features=["income", "town", "code"], **facts)
    found = reading(leaking, PROXY)
    assert found.value == 1
    assert (found.low or 0) > 0.9
    assert found.detail["features"][0][1] == "code"
    assert reading(leaking, ALIAS).value == found.value


def test_a_relation_that_turns_back_is_seen_in_a_single_feature(tmp_path: Path) -> None:
    table = people()
    rng = np.random.default_rng(1)
    table["hours"] = np.where(
        table["sex"] == "f", rng.normal(0, 0.5, 600), rng.choice([-3, 3], 600) + rng.normal(size=600)
    )
    found = reading(run("data.proxy", tmp_path, table, features=["income", "hours"], columns={"group": ["sex"]}), PROXY)
    strongest = found.detail["features"][0]
    assert strongest[1] == "hours"
    assert strongest[2] > 0.9


def test_every_value_of_a_column_with_several_is_told_from_the_rest(tmp_path: Path) -> None:
    table = people()
    found = run("data.proxy", tmp_path, table, features=["income"], columns={"group": ["town"]})
    assert {item.slice for item in found.readings if item.metric == PROXY} == {"overall", "town=A", "town=B", "town=C"}
    whole = reading(found, PROXY)
    assert whole.value == max(item.value for item in found.readings if item.metric == PROXY and item.value)


def test_a_group_too_small_is_left_out_and_named(tmp_path: Path) -> None:
    table = people()
    table["town"] = np.where(np.arange(600) < 5, "tiny", table["town"])
    found = reading(run("data.proxy", tmp_path, table, features=["income"], columns={"group": ["town"]}), PROXY)
    assert [item["group"] for item in found.detail["excluded"]] == ["town=tiny"]
    lonely = run("data.proxy", tmp_path, table | {"sex": ["f"] * 600}, features=["income"], columns={"group": ["sex"]})
    assert reading(lonely, PROXY).status is Status.INSUFFICIENT_DATA


def test_features_must_be_declared_and_groups_few(tmp_path: Path) -> None:
    table = people()
    with pytest.raises(SubjectError, match="feature columns must be declared"):
        run("data.proxy", tmp_path, table, columns={"group": ["sex"]})
    table["id"] = np.arange(600)
    with pytest.raises(SubjectError, match="600 values"):
        run("data.proxy", tmp_path, table, features=["income"], columns={"group": ["id"]})


def test_readings_come_back_from_their_statistics(tmp_path: Path) -> None:
    found = run("data.proxy", tmp_path, people(200), features=["income"], columns={"group": ["sex"]})
    for item in found.readings:
        again = summarise("data.proxy", item.statistics, params={}, level=0.95, seed=found.seed)
        other = next(o for o in again if (o.metric, o.slice) == (item.metric, item.slice))
        assert (other.value, other.low, other.high) == (item.value, item.low, item.high)


def test_of_a_large_table_rows_are_drawn(tmp_path: Path) -> None:
    table = people(3000)
    found = run("data.proxy", tmp_path, table, features=["income"], columns={"group": ["sex"]}, params={"rows": 500})
    assert reading(found, PROXY).n == 500
    assert reading(found, PROXY).statistics["total"] == 3000
