"""Tables with planted findings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluators.contract import Reading, Subject
from evaluators.evaluate import Outcome, evaluate
from tests.evaluators.data import sha256, write_csv


def tables(table: Path, reference: Path | None = None, **facts: Any) -> Subject:
    files = {"table": table} | ({"reference": reference} if reference else {})
    described = {role: {"path": str(p), "sha256": sha256(p), "name": p.name} for role, p in files.items()}
    return Subject.from_dict({"kind": "table", "files": described, **facts})


def run(
    evaluator: str,
    folder: Path,
    table: Mapping[str, Sequence[Any]],
    *,
    reference: Mapping[str, Sequence[Any]] | None = None,
    params: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Outcome:
    """Measure columns written to a file."""
    other = write_csv(folder / "reference.csv", reference) if reference else None
    return evaluate(evaluator, tables(write_csv(folder / "table.csv", table), other, **facts), params=params)


def reading(outcome: Outcome, metric: str, slice_: str = "overall") -> Reading:
    return next(item for item in outcome.readings if (item.metric, item.slice) == (metric, slice_))
