"""Every mutant of the gate in Python is killed by the tests that judge it, or is equivalent for a reason given.

`make verify` runs it; alone it is `pytest -m mutants tests/mutants/test_python_gate.py`, some minutes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.equivalent import PYTHON
from tests.mutants.python_gate import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = list(mutants())
UNCHANGED = Mutant(name="unchanged", module="registry.gates.none", source="")
JUDGES = ("tests/gates",)
pytestmark = pytest.mark.mutants


@pytest.fixture(scope="module")
def statuses(tmp_path_factory: Any) -> dict[str, int]:
    """How the gate's own tests ended for each mutant."""
    folder = tmp_path_factory.mktemp("mutants")
    asked = [UNCHANGED, *MUTANTS]
    said = folder / "said.json"
    (folder / "asked.json").write_text(json.dumps([{"module": m.module, "source": m.source} for m in asked]))
    command = [sys.executable, "-m", "tests.mutants.zygote", str(folder / "asked.json"), str(said), *JUDGES]
    environ = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(folder)}
    subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=True)
    return dict(zip((mutant.name for mutant in asked), json.loads(said.read_text()), strict=True))


def test_the_gate_as_it_stands_passes(statuses: dict[str, int]) -> None:
    assert statuses[UNCHANGED.name] == 0


def test_every_equivalent_is_still_a_mutant() -> None:
    assert set(PYTHON) <= {mutant.name for mutant in MUTANTS}
    assert len(MUTANTS) > 300


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(mutant: Mutant, statuses: dict[str, int]) -> None:
    survived = statuses[mutant.name] == 0
    assert survived is (mutant.name in PYTHON)
