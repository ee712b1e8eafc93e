"""Arrows point down, and are drawn at the top of the file."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import FIRST_PARTY, ROOT, functions, sources

PURE = """
import importlib, pkgutil, sys
roots, forbidden = sys.argv[1].split(","), tuple(sys.argv[2].split(","))
for root in roots:
    package = importlib.import_module(root)
    for found in pkgutil.walk_packages(getattr(package, "__path__", []), root + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
loaded = {name for name in sys.modules for root in forbidden if name == root or name.startswith(root + ".")}
sys.exit(", ".join(sorted(loaded)) or 0)
"""


def tables() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        ["lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, env=path()
    )
    assert done.returncode == 0, done.stdout


def path() -> dict[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(
    ("rooms", "strangers"),
    [
        (
            "registry.gates,registry.cards",
            "django,celery,rest_framework,evaluators,registry.models,registry.services,numpy",
        ),
        ("evaluators", "django,celery,rest_framework,registry"),
        ("evaluators.contract", "numpy,pandas,scipy,sklearn,torch"),
        ("evaluators.catalog", "numpy,pandas,scipy,sklearn,torch"),
    ],
)
def test_importing_a_pure_room_loads_no_stranger(rooms: str, strangers: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PURE, rooms, strangers]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=path())
    assert done.returncode == 0, done.stderr[-2000:]


# Rooms that serve every family and know none of them.
SHARED = {"arithmetic", "inputs", "language", "models", "subjects"}


def test_every_family_of_evaluators_is_under_contract() -> None:
    contracts = tables()["importlinter"]["contracts"]
    listed = next(contract["modules"] for contract in contracts if contract["type"] == "independence")
    families = {source.path.split("/")[1] for source in sources("evaluators") if source.path.count("/") > 1}
    assert {f"evaluators.{family}" for family in families - SHARED} == set(listed)


def test_no_star_imports() -> None:
    stars = [
        source.where(node)
        for source in sources(*FIRST_PARTY, "tests", "static")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert stars == []


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["registry" if node.level else node.module or ""]
    return []


def test_our_own_modules_are_never_imported_inside_functions() -> None:
    inside = [
        source.where(node)
        for source in sources()
        if source.path != "registry/apps.py"
        for function in functions(source.tree)
        for node in ast.walk(function)
        if any(name.split(".")[0] in FIRST_PARTY for name in imported(node))
    ]
    assert inside == []


def test_the_packages_root_is_empty() -> None:
    assert (ROOT / "registry" / "__init__.py").read_text() == ""
