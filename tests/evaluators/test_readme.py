"""The README of the package keeps its word, on a machine without Django."""

import re
import subprocess
import sys
from pathlib import Path

import evaluators
from evaluators.catalog import EVALUATORS, load

ROOT = Path(evaluators.__file__).resolve().parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
WITHOUT = "import sys\nfor name in ('django', 'rest_framework', 'celery', 'registry'): sys.modules[name] = None\n"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)
    assert found
    return found[1]


def test_the_example_runs_where_there_is_no_django_and_prints_what_it_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + block("python")],
        capture_output=True,
        text=True,
        cwd=ROOT.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == block("text")


def test_every_family_is_named() -> None:
    shared = {"arithmetic", "inputs", "language", "models", "subjects"}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - shared
    assert rooms == set(re.findall(r"`(\w+)`", README.partition("## Families")[2].partition(":")[0]))


def test_what_is_run_by_hand_is_in_the_catalog() -> None:
    named = set(re.findall(r"python -m evaluators (?:run|describe) (\S+)", README))
    assert named <= set(EVALUATORS)
    assert {load(name).id for name in named} == named
