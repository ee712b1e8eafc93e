"""Seven parts of a table give what the whole gives, or it is said why they can't."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import catalog
from evaluators.arithmetic import scored as arithmetic_scored
from evaluators.contract import EvaluatorError
from evaluators.shards import WHY_NOT, merged
from tests.evaluators import every

ADDED = [name for name in sorted(catalog.EVALUATORS) if hasattr(catalog.load(name), "merge")]
PARTS = 7
# Sums of what is no whole number differ in the last bits.
SUMS = ("calibration.multiclass", "fairness.regression", "uncertainty.regression")


def outputs(*labels: str) -> every.Asked:
    rng = np.random.default_rng(5)
    said = np.array(["no", "ZX81", '{"a": 1}', "I'm sorry, I can't help with that."])
    table = {"t": [f"question {i}" for i in range(140)], "out": rng.choice(said, 140), "g": rng.choice(["a", "b"], 140)}
    columns = {"text": "t", "output": "out", "group": "g"} | ({"label": "l"} if labels else {})
    told_apart = {"l": np.resize(labels or ("",), 140)}
    return every.Asked(tables={"table": table | told_apart}, facts={"columns": columns})


ASKED: Mapping[str, Any] = {
    "gen.format": lambda: replace(outputs(), params={"schema": "{}"}),
    "gen.injection": lambda: outputs("ZX81"),
    "gen.refusals": lambda: outputs("harmful", "benign"),
}


def asked(name: str) -> every.Asked:
    given: every.Asked = ASKED[name]() if name in ASKED else every.asked(name)
    return given


def split(given: every.Asked) -> list[every.Asked]:
    table = {name: np.asarray(values) for name, values in given.tables["table"].items()}
    order = np.random.default_rng(1).permutation(len(next(iter(table.values()))))
    return [
        given.with_table({name: values[rows] for name, values in table.items()})
        for rows in np.array_split(order, PARTS)
    ]


def told(name: str, statistics: Any, params: Mapping[str, Any]) -> dict[Any, Any]:
    found = catalog.summarise(name, statistics, params=params, level=0.95, seed=3)
    return {(one.metric, one.slice): (one.status.value, one.n, one.value, one.low, one.high) for one in found}


@pytest.mark.parametrize("name", ADDED)
def test_seven_parts_in_any_order_are_the_whole(name: str, tmp_path: Path) -> None:
    given = asked(name)
    whole = every.measured(name, given, tmp_path).statistics
    parts = [every.measured(name, part, tmp_path).statistics for part in split(given)]
    for found in (merged(name, parts), merged(name, parts[::-1])):
        assert name in SUMS or found == whole
        wanted, own = told(name, whole, given.params), told(name, found, given.params)
        assert own.keys() == wanted.keys()
        for key, (status, *numbers) in wanted.items():
            near = [number if number is None else pytest.approx(number, rel=1e-9, abs=1e-12) for number in numbers]
            assert own[key] == (status, *near)


@pytest.mark.parametrize("name", sorted(WHY_NOT))
def test_what_needs_all_rows_at_once_says_why(name: str) -> None:
    with pytest.raises(EvaluatorError, match="all rows at once: ") as caught:
        merged(name, [{}, {}])
    assert len(str(caught.value).partition(": ")[2].split()) > 4


def test_every_evaluator_adds_or_has_a_reason() -> None:
    assert sorted([*ADDED, *WHY_NOT]) == sorted(catalog.EVALUATORS)
    with pytest.raises(EvaluatorError, match="no parts"):
        merged("fairness.group", [])


def scored(rng: np.random.Generator, n: int, digits: int) -> every.Asked:
    table = dict(every.people(n=n)) | {"p_yes": np.round(rng.random(n), digits)}
    return every.asked("performance.accuracy").with_table(table)


def test_ranks_of_rounded_scores_are_added_and_of_too_many_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for digits, is_kept in ((3, True), (12, False)):
        given = scored(rng, 14_000, digits)
        whole = every.measured("performance.accuracy", given, tmp_path).statistics
        parts = [every.measured("performance.accuracy", part, tmp_path).statistics for part in split(given)]
        if is_kept:
            assert merged("performance.accuracy", parts) == whole
        else:
            with pytest.raises(EvaluatorError, match="10,000 different scores.*round the scores"):
                merged("performance.accuracy", parts)


def test_calibration_of_too_many_scores_is_added_without_what_is_cut_at_quantiles(tmp_path: Path) -> None:
    given = every.Asked(
        tables=scored(np.random.default_rng(3), 14_000, 12).tables, facts=every.asked("calibration.binary").facts
    )
    parts = [every.measured("calibration.binary", part, tmp_path).statistics for part in split(given)]
    found = catalog.summarise("calibration.binary", merged("calibration.binary", parts), params={}, level=0.95, seed=1)
    told = {(reading.metric, reading.slice): reading for reading in found}
    whole = every.readings("calibration.binary", given, tmp_path)
    assert told["calib.brier", "g=a"].value == pytest.approx(whole["calib.brier", "g=a"].value)
    assert "quantile groups are not known" in told["calib.hosmer_lemeshow", "overall"].reason


def test_the_order_of_the_parts_does_not_decide_whether_scores_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arithmetic_scored, "MAX_SCORES", 250)
    rng = np.random.default_rng(4)
    sizes = (60, 60, 200)
    for name in ("calibration.binary", "performance.accuracy"):
        given = [every.asked(name).with_table(dict(every.people(n=n)) | {"p_yes": rng.random(n)}) for n in sizes]
        parts = [every.measured(name, part, tmp_path).statistics for part in given]
        assert all(part["scores"] for part in parts)
        for order in itertools.permutations(parts):
            if name == "performance.accuracy":
                with pytest.raises(EvaluatorError, match="round the scores"):
                    merged(name, order)
            else:
                assert merged(name, order)["overall"]["risk_groups"] is None


def test_parts_that_were_not_measured_alike_are_not_added(tmp_path: Path) -> None:
    one, other = (
        every.measured("uncertainty.regression", every.asked("uncertainty.regression"), tmp_path).statistics
        for _ in range(2)
    )
    with pytest.raises(EvaluatorError, match="not measured alike: alpha"):
        merged("uncertainty.regression", [one, other | {"alpha": 0.2}])
