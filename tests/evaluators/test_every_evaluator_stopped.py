"""Every costly evaluator of the catalogue stops when its seconds are spent, and says how far it came."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evaluators import catalog
from evaluators.contract import Reading, Status
from tests.evaluators import every

COSTLY = [name for name in sorted(catalog.EVALUATORS) if catalog.load(name).cost_class in ("C", "D")]
# The small case of this one brings scores and asks nobody; `privacy/test_membership.py` stops its shadow models.
BROUGHT = "privacy.membership"
# Enough units for two parts, where the smallest case of an evaluator has too few.
MORE: dict[str, dict[str, Any]] = {
    "explain.agreement": {"rows": 30},
    "privacy.attribute_inference": {"rows": 5_000},
    "robust.boundary": {"rows": 20},
}
SMALLER = {
    "robust.adversarial": "attacked.PART",
    "robust.boundary": "boundary.PART",
    "robust.corruption": "corruption.PART",
    "robust.tabular": "tabular.ATTACKED",
}


def asked(name: str) -> every.Asked:
    given = every.asked(name)
    if name == "privacy.attribute_inference":
        given = given.with_table(every.people(n=1_200))
    return replace(given, params={**given.params, **MORE.get(name, {})})


def told(readings: Sequence[Reading]) -> tuple[int, bool]:
    found = {
        (reading.detail["units_done"], reading.detail["budget_exhausted"])
        for reading in readings
        if "units_done" in reading.detail
    }
    return min(found)


def test_whatever_costs_much_takes_seconds() -> None:
    assert [name for name in COSTLY if "budget_s" not in catalog.load(name).parameters] == []


@pytest.mark.parametrize("name", [name for name in COSTLY if name != BROUGHT])
def test_spent_seconds_end_it_after_one_part_and_leave_an_honest_reading(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = asked(name)
    if name in SMALLER:
        monkeypatch.setattr(f"evaluators.robustness.{SMALLER[name]}", 4)
    whole, is_short = told(every.run(name, given, tmp_path).readings)
    assert not is_short
    monkeypatch.setattr("evaluators.budget.time", SimpleNamespace(monotonic=lambda: time.monotonic() + 1e6))
    readings = every.run(name, given, tmp_path).readings
    part, is_short = told(readings)
    assert is_short
    assert 0 < part < whole
    assert {reading.status for reading in readings} <= {Status.OK, Status.INSUFFICIENT_DATA, Status.NOT_APPLICABLE}
