"""What changes no value: the order of rows, the names of groups, how many inputs a model is asked at once."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from evaluators.contract import Reading
from tests.evaluators.every import CASES, Asked, asked, readings

MADE = {name: asked(name) for name in CASES}
MODELLED = sorted(name for name, given in MADE.items() if given.models)
TABLED = sorted(name for name, given in MADE.items() if given.tables)
GROUPED = sorted(name for name in TABLED if MADE[name].facts.get("columns", {}).get("group"))
# Rows that come one after the other; their order is what is measured.
IN_TIME = {"anomaly.series", "change.mean", "chart.control", "drift.performance"}
SECONDS = {"eff.latency_p50", "eff.latency_p95"}
OTHER_NAMES = {"a": "z 1", "b": "a b", "ç 東京": "m"}
Named = Callable[[str], str]
Found = dict[tuple[str, str], Reading]


@cache
def plain(evaluator_id: str) -> Found:
    with TemporaryDirectory() as where:
        return readings(evaluator_id, MADE[evaluator_id], Path(where))


def shuffled(given: Asked) -> Asked:
    for role, table in given.tables.items():
        size = len(next(iter(table.values())))
        order = np.random.default_rng(size).permutation(size)
        given = given.with_table({name: np.asarray(values)[order] for name, values in table.items()}, role)
    return given


def renamed(given: Asked) -> Asked:
    column = given.facts["columns"]["group"]
    for role, table in given.tables.items():
        given = given.with_table({**table, column: [OTHER_NAMES[str(value)] for value in table[column]]}, role)
    return given


def as_renamed(slice_: str) -> str:
    column, _, value = slice_.partition("=")
    return f"{column}={OTHER_NAMES[value]}" if column in ("g", "group") else slice_


def kept(slice_: str) -> str:
    return slice_


def by_rank(found: Found) -> Found:
    """Rows that are slices of their own change places with the rows: they are told apart by their values."""
    own = sorted((key for key in found if key[1].startswith("row=")), key=lambda key: found[key].value or 0.0)
    rest = {key: reading for key, reading in found.items() if key not in own}
    return rest | {(key[0], f"rank={i}"): found[key] for i, key in enumerate(own)}


def agree(one: Found, other: Found, *, named: Named = kept) -> None:
    """Equal status, support and, to a millionth, value of every reading but of those that are seconds."""
    one, other = by_rank(one), by_rank(other)
    assert {(metric, named(slice_)) for metric, slice_ in one} == set(other)
    for (metric, slice_), reading in one.items():
        same = other[metric, named(slice_)]
        assert (reading.status, reading.n) == (same.status, same.n), (metric, slice_)
        if metric not in SECONDS:
            assert reading.value == pytest.approx(same.value, abs=1e-6), (metric, slice_)


@pytest.mark.parametrize("evaluator_id", [name for name in TABLED if name not in IN_TIME])
def test_the_order_of_rows_changes_no_value(evaluator_id: str, tmp_path: Path) -> None:
    agree(plain(evaluator_id), readings(evaluator_id, shuffled(MADE[evaluator_id]), tmp_path))


@pytest.mark.parametrize("evaluator_id", MODELLED)
def test_asking_seven_inputs_at_a_time_changes_no_value(evaluator_id: str, tmp_path: Path) -> None:
    in_sevens = MADE[evaluator_id].with_models(lambda model: replace(model, batch=7))
    agree(plain(evaluator_id), readings(evaluator_id, in_sevens, tmp_path))


@pytest.mark.parametrize("evaluator_id", GROUPED)
def test_the_names_of_groups_change_no_value(evaluator_id: str, tmp_path: Path) -> None:
    agree(plain(evaluator_id), readings(evaluator_id, renamed(MADE[evaluator_id]), tmp_path), named=as_renamed)
