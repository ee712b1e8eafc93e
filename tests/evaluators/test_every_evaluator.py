"""What every evaluator of the catalogue promises, asked of each one on a small subject of its own."""

import json
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from evaluators import catalog
from evaluators.contract import Reading, Status
from evaluators.evaluate import Outcome
from registry.reports.drawings import MOST_ROWS, drawing
from tests.evaluators.every import CASES, asked, run

EVERY = sorted(catalog.EVALUATORS)
# Seconds differ from run to run, and nobody promised otherwise.
TIMED = {"eff.latency_p50", "eff.latency_p95"}
# Drawn by a chart of their own on the version's page, or kept for machines.
OWN_CHARTS = {"reliability", "shap_global", "confusion"}


# Whom each evaluator tried to reach when it ran.
REACHED: dict[str, list[object]] = {}


@cache
def outcome(evaluator_id: str) -> Outcome:
    reached = REACHED[evaluator_id] = []
    with TemporaryDirectory() as where, pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda _, address: reached.append(address))
        patch.setattr(socket, "getaddrinfo", lambda host, *_, **__: reached.append(host))
        return run(evaluator_id, asked(evaluator_id), Path(where))


def as_json(found: Outcome) -> str:
    kept = [reading.as_dict() for reading in found.readings if reading.metric not in TIMED]
    drawn = [[item.name, item.media_type, item.data] for item in found.evidence if item.name != "latencies"]
    return json.dumps([kept, drawn, found.seed, found.spec_hash, found.subject_hash], allow_nan=False)


def numbers(reading: Reading) -> tuple[Any, ...]:
    return (
        reading.status, reading.reason, reading.value, reading.low, reading.high, reading.level, reading.n,
        reading.method, reading.p_value,
    )  # fmt: skip


def test_every_evaluator_has_a_subject_to_be_asked_about() -> None:
    assert sorted(CASES) == EVERY


@pytest.mark.parametrize("evaluator_id", EVERY)
def test_equal_subjects_give_equal_bits(evaluator_id: str, tmp_path: Path) -> None:
    assert as_json(run(evaluator_id, asked(evaluator_id), tmp_path)) == as_json(outcome(evaluator_id))


@pytest.mark.parametrize("evaluator_id", EVERY)
def test_nothing_is_downloaded(evaluator_id: str) -> None:
    assert outcome(evaluator_id)
    assert REACHED[evaluator_id] == []


@pytest.mark.parametrize("evaluator_id", EVERY)
def test_every_reading_comes_back_from_what_it_stored_of_itself(evaluator_id: str) -> None:
    found = outcome(evaluator_id)
    for reading in found.readings:
        stored = json.loads(json.dumps(reading.statistics, allow_nan=False))
        again = catalog.summarise(
            evaluator_id, stored, params=asked(evaluator_id).params, level=0.95, seed=reading.seed or 0
        )
        (same,) = [each for each in again if (each.metric, each.slice) == (reading.metric, reading.slice)]
        assert numbers(same) == numbers(reading), (reading.metric, reading.slice)
        assert json.dumps(same.detail) == json.dumps(reading.detail)


@pytest.mark.parametrize("evaluator_id", EVERY)
def test_every_declared_metric_is_read_and_no_other(evaluator_id: str) -> None:
    declared = {metric["id"] for metric in catalog.describe(evaluator_id)["metrics"]}
    read = {reading.metric for reading in outcome(evaluator_id).readings}
    # A radius has one norm at a time.
    assert read == {name for name in declared if not name.startswith("robust.l2.")}


TESTS = [name for name in EVERY if any(one["kind"] == "test" for one in catalog.describe(name)["metrics"])]


@pytest.mark.parametrize("evaluator_id", TESTS)
def test_no_test_meets_a_limit_however_generous(evaluator_id: str) -> None:
    directions = {m["id"]: m["direction"] for m in catalog.describe(evaluator_id)["metrics"] if m["kind"] == "test"}
    read = [reading for reading in outcome(evaluator_id).readings if reading.metric in directions]
    assert read
    for reading in read:
        is_open = reading.low is None or reading.high is None
        assert is_open or (directions[reading.metric] == "lower" and (reading.high or 0) >= catalog.BEYOND_LIMITS)
        assert is_open or "stands for infinity" in reading.detail["high_is"]


@pytest.mark.parametrize("evaluator_id", EVERY)
def test_a_metric_has_one_reading_per_slice(evaluator_id: str) -> None:
    keys = [(reading.metric, reading.slice) for reading in outcome(evaluator_id).readings]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("evaluator_id", EVERY)
def test_what_was_not_measured_has_a_reason_and_no_value(evaluator_id: str) -> None:
    for reading in outcome(evaluator_id).readings:
        assert (reading.status is Status.OK) != bool(reading.reason)
        assert reading.status is not Status.ERROR
        if reading.status is Status.NOT_APPLICABLE:
            assert reading.value is reading.low is reading.high is reading.p_value is None
        if reading.status is Status.OK:
            assert reading.value is not None
            assert (reading.low is None) == (reading.high is None)
            assert reading.low is None or reading.low <= reading.high  # type: ignore[operator]


@pytest.mark.parametrize("evaluator_id", EVERY)
def test_what_is_kept_beside_readings_is_small_and_can_be_drawn(evaluator_id: str) -> None:
    for item in outcome(evaluator_id).evidence:
        json.dumps(item.data, allow_nan=False)
        assert all(len(rows) <= MOST_ROWS for rows in lists_in(item.data)), item.name
        shown = drawing(item.name, item.data)
        if item.name in OWN_CHARTS:
            continue
        assert shown is not None, f"{item.name} says not how to draw it"
        assert "svg" in shown or shown.get("rows") or shown["note"] == "There is nothing to list.", shown


def lists_in(data: Any) -> list[list[Any]]:
    """Every list that is a series of rows or points."""
    below = list(data.values()) if isinstance(data, Mapping) else data if isinstance(data, list) else []
    return ([data] if isinstance(data, list) else []) + [found for each in below for found in lists_in(each)]
