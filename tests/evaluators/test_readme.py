"""The README of the package keeps its word, on a machine without Django."""

import re
import subprocess
import sys
from pathlib import Path

import evaluators
from evaluators import __main__ as program
from evaluators.catalog import EVALUATORS, load
from evaluators.describing import is_metric

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


def test_the_further_examples_run_too() -> None:
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", WITHOUT + blocks],
        capture_output=True,
        text=True,
        cwd=ROOT.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "privacy.mia.loss_auc" in done.stdout
    assert "chart.cusum" in done.stdout


def test_the_exit_statuses_are_those_of_the_program() -> None:
    said = {
        int(code) for code in re.findall(r"(?:^|[;:]) (\d+) \w", README.partition("Exit status")[2].partition("\n")[0])
    }
    statuses = {
        program.MEASURED,
        program.ERRORS,
        program.UNUSABLE,
        program.NOTHING,
        program.INTERRUPTED,
        program.UNREAD,
    }
    assert said == statuses


def test_every_option_of_the_examples_is_one_of_the_program() -> None:
    parser = program._parser()
    for line in README.replace("\\\n", " ").splitlines():
        if line.startswith("python -m evaluators "):
            parser.parse_args(line.partition("  #")[0].split()[3:])


def test_every_family_is_named() -> None:
    shared = {"arithmetic", "inputs", "language", "models", "subjects"}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - shared
    assert rooms == set(re.findall(r"`(\w+)`", README.partition("## Families")[2].partition(":")[0]))


def test_what_is_run_by_hand_is_in_the_catalog() -> None:
    named = set(re.findall(r"python -m evaluators (?:run|describe) (\S+)", README))
    evaluators_named = {name for name in named if not is_metric(name) or name in EVALUATORS}
    assert evaluators_named <= set(EVALUATORS)
    assert {load(name).id for name in evaluators_named} == evaluators_named
