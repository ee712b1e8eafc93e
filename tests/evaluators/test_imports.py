"""What loading the package loads."""

import pkgutil
import subprocess
import sys

import evaluators

HEAVY = ["scipy", "sklearn", "pandas", "pyarrow", "torch", "transformers", "shap", "skops", "fairlearn", "safetensors"]
MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(evaluators.__path__, "evaluators.")
    if not found.name.endswith("__main__")
)


def loaded_by(code: str, roots: list[str]) -> list[str]:
    """Which of the packages a fresh interpreter has loaded after running the code."""
    report = f"\nimport sys; print(','.join(sorted({{m.split('.')[0] for m in sys.modules}} & set({roots!r}))))"
    found = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return [name for name in found.stdout.strip().split(",") if name]


def test_no_module_of_the_evaluators_loads_django_or_the_registry() -> None:
    code = "\n".join(f"import {name}" for name in [*MODULES, "evaluators.__main__"])
    assert loaded_by(code, ["django", "rest_framework", "celery", "registry"]) == []


def test_no_module_loads_a_heavy_library_before_it_measures() -> None:
    assert loaded_by("\n".join(f"import {name}" for name in MODULES), HEAVY) == []


def test_the_package_itself_loads_nothing() -> None:
    assert loaded_by("import evaluators", [*HEAVY, "numpy"]) == []


def test_the_child_loads_numpy_only_after_its_limits_hold() -> None:
    assert loaded_by("import evaluators.child", [*HEAVY, "numpy"]) == []


def test_describing_every_evaluator_loads_numpy_at_most() -> None:
    code = "from evaluators.catalog import EVALUATORS, describe\nfor name in EVALUATORS: describe(name)"
    assert loaded_by(code, HEAVY) == []
