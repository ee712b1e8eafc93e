"""Readings without sampling error, and findings as tables: what several families tell in the same way."""

from collections.abc import Sequence
from typing import Any

from evaluators.contract import OVERALL, Evidence, Json, Reading, Status

MAX_ROWS = 200


def counted(
    metric: str, value: float, *, common: Json, detail: Json, n: int = 1, slice_: str = OVERALL, method: str = "exact"
) -> Reading:
    """A number that is known exactly: the interval is the number itself."""
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.OK,
        value=value,
        low=value,
        high=value,
        method=method,
        n=n,
        detail=detail,
        **common,
    )


def not_applicable(metric: str, reason: str, *, common: Json, slice_: str = OVERALL) -> Reading:
    return Reading(metric=metric, slice=slice_, status=Status.NOT_APPLICABLE, reason=reason, **common)


def insufficient(metric: str, reason: str, *, common: Json, slice_: str = OVERALL, n: int = 0) -> Reading:
    return Reading(metric=metric, slice=slice_, status=Status.INSUFFICIENT_DATA, reason=reason, n=n, **common)


def table(name: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Evidence:
    """Findings as a table of at most 200 rows; `total` says how many there were."""
    shown = [list(row) for row in rows[:MAX_ROWS]]
    data: Json = {"draw": "table", "title": title, "columns": list(columns), "rows": shown, "total": len(rows)}
    return Evidence(name=name, data=data)
