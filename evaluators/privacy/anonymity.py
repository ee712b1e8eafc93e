"""How anonymous a table is to somebody who knows a few facts about a person: k, l, t and the share of unique rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import slice_name
from evaluators.contract import (
    OVERALL,
    Direction,
    Evidence,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
    Undeclared,
)
from evaluators.inputs.files import required
from evaluators.inputs.tables import Categorical
from evaluators.privacy.classes import by_value, classes, closeness, diversity, is_number, sizes
from evaluators.subjects.roles import open_table

K = "privacy.k_anonymity"
L = "privacy.l_diversity"
L_ENTROPY = "privacy.l_diversity_entropy"
T = "privacy.t_closeness"
UNIQUE = "privacy.uniqueness"
# Classes times values of a sensitive column that are counted at once.
MAX_CELLS = 50_000_000
SMALL_CLASSES = 20


class Anonymity:
    """Reads a table of persons. Every number is exact for this table; it says nothing about who else exists.

    Evidence `class_sizes`: how many rows stand in classes of 1, 2, … rows.
    """

    id = "privacy.anonymity"
    version = "3"
    title = "Anonymity of a table"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("quasi",),
        "optional": ("sensitive",),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "ordered": {
            "type": "string",
            "default": "numbers",
            "enum": ("numbers", "all", "none"),
            "title": "Sensitive columns whose values have an order, for t-closeness",
        },
        "small": {
            "type": "integer",
            "default": 5,
            "minimum": 2,
            "maximum": 1_000,
            "title": "Rows below which a class is small",
        },
    }
    metrics = (
        Metric(id=K, title="k-anonymity", direction=Direction.HIGHER, unit="rows"),
        Metric(id=L, title="l-diversity, distinct values", direction=Direction.HIGHER, unit="values"),
        Metric(id=L_ENTROPY, title="l-diversity, by entropy", direction=Direction.HIGHER, unit="values"),
        Metric(id=T, title="t-closeness", direction=Direction.LOWER, unit="distance"),
        Metric(id=UNIQUE, title="Unique rows", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        quasi, secret = subject.roles.get("quasi", ()), subject.roles.get("sensitive", ())
        if not quasi:
            raise Undeclared("no column was declared as quasi, what an intruder may know of a person")
        progress(0.0, "reading the table")
        table = open_table(subject, categorical=[*quasi, *secret])
        progress(0.6, "sorting rows into classes")
        codes = classes([table.categorical[column] for column in quasi])
        statistics = sizes(codes) | {"quasi": list(quasi), "sensitive": []}
        for column in secret:
            item = by_value(table.categorical[column])
            _check_size(codes, item, column, required(subject, "table").name)
            ordered = params["ordered"] == "all" or (params["ordered"] == "numbers" and is_number(item))
            found = diversity(codes, item) | {"t": closeness(codes, item, ordered=ordered), "ordered": ordered}
            statistics["sensitive"].append({"column": column, "values": len(item.values)} | found)
        return Measured(statistics=statistics, evidence=(_drawn(statistics["sizes"]),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics), "n": _rows(statistics["sizes"])}
        pairs = statistics["sizes"]
        small = sum(size * times for size, times in pairs if size < params["small"])
        unique = sum(times for size, times in pairs if size == 1)
        detail = {"classes": sum(times for _, times in pairs), "unique_rows": unique, "rows_in_small_classes": small}
        readings = [
            _exact(K, OVERALL, min(size for size, _ in pairs), detail, common),
            _exact(UNIQUE, OVERALL, unique / common["n"], detail, common),
        ]
        return [reading.sound() for reading in readings + _secret_readings(statistics["sensitive"], common)]


def _secret_readings(items: list[Json], common: Json) -> list[Reading]:
    """Per sensitive column, and the worst of them overall."""
    wanted = ((L, "distinct", min), (L_ENTROPY, "entropy", min), (T, "t", max))
    if not items:
        reason = "no sensitive column was declared"
        status = Status.NOT_APPLICABLE
        return [Reading(metric=m, slice=OVERALL, status=status, reason=reason, **common) for m, _, _ in wanted]
    readings = []
    for metric, key, worst in wanted:
        chosen = worst(items, key=lambda item, key=key: item[key])  # type: ignore[misc]
        readings.append(_exact(metric, OVERALL, chosen[key], chosen, common))
        readings += [
            _exact(metric, slice_name(("sensitive",), (item["column"],)), item[key], item, common) for item in items
        ]
    return readings


def _exact(metric: str, name: str, value: float, detail: Json, common: Json) -> Reading:
    """The table is the whole of what is asked about, so there is no sampling error."""
    number = float(value)
    return Reading(
        metric=metric,
        slice=name,
        status=Status.OK,
        value=number,
        low=number,
        high=number,
        method="exact",
        detail=dict(detail),
        **common,
    )


def _check_size(codes: np.ndarray, item: Categorical, column: str, name: str) -> None:
    cells = (int(codes.max()) + 1) * len(item.values)
    if cells > MAX_CELLS:
        raise SubjectError(
            f"{name}: column {column!r} has {len(item.values):,} values in {int(codes.max()) + 1:,} classes, more than "
            "can be counted; is it an identifier?"
        )


def _rows(pairs: list[list[int]]) -> int:
    return sum(size * times for size, times in pairs)


def _drawn(pairs: list[list[int]]) -> Evidence:
    rows = _rows(pairs)
    bars = [
        {"label": f"{size} rows" if size > 1 else "1 row", "value": size * times / rows}
        for size, times in pairs
        if size < SMALL_CLASSES
    ]
    rest = sum(size * times for size, times in pairs if size >= SMALL_CLASSES) / rows
    bars.append({"label": f"{SMALL_CLASSES} rows or more", "value": rest})
    title = "Share of rows by how many rows are alike"
    return Evidence(name="class_sizes", data={"draw": "bars", "title": title, "bars": bars})
