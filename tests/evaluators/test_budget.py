"""Work in parts until the seconds are spent."""

import inspect
import itertools

import pytest

from evaluators import budget as module
from evaluators.budget import Budget


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> itertools.count:
    """Every look at the clock is a second later."""
    seconds = itertools.count(100)
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(seconds)))
    return seconds


def test_every_unit_is_handed_out_once_while_there_is_time() -> None:
    budget = Budget(seconds=60)
    parts = list(budget.parts(10, 4))
    assert [(part.start, part.stop) for part in parts] == [(0, 4), (4, 8), (8, 10)]
    assert not budget.is_exhausted


def test_spent_seconds_end_the_work_and_are_told(clock: itertools.count) -> None:
    budget = Budget(seconds=3, started=100.0)
    parts = list(budget.parts(1_000, 1))
    assert 1 < len(parts) < 1_000
    assert budget.is_exhausted


def test_one_part_is_always_handed_out(clock: itertools.count) -> None:
    budget = Budget(seconds=0, started=99.0)
    assert [(part.start, part.stop) for part in budget.parts(9, 5)] == [(0, 5)]
    assert budget.is_exhausted


def test_nothing_to_do_takes_no_part() -> None:
    assert list(Budget(seconds=1).parts(0, 5)) == []


def test_no_result_can_reach_the_stop_rule() -> None:
    """Looking at results until one is good is what a budget must not do: nothing can be sent into it."""
    assert set(inspect.signature(Budget.parts).parameters) == {"self", "total", "size"}
    parts = Budget(seconds=60).parts(3, 1)
    next(parts)
    assert parts.send("a very good result") == slice(1, 2)  # type: ignore[attr-defined]
    assert len(list(parts)) == 1
