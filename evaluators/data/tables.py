"""Checks of every column of a table, against a reference table where there is one."""

from collections.abc import Mapping
from typing import Any

from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.data.quality import EMPTY, NUMBER, ROW, Profile, differences, mixed, profiles
from evaluators.exact import counted, not_applicable, table
from evaluators.subjects.columns import header, open_columns
from evaluators.support import rate_reading

MISSING, CONSTANT, OUTLIER = "data.missing", "data.constant", "data.outlier"
SCHEMA, DRIFT = "data.schema", "data.type_drift"
SHOWN = 50


class TableQuality:
    """Reads all columns of the table. Evidence `columns`: what each holds, the emptiest first."""

    id = "data.quality"
    version = "2"
    title = "Quality of a table"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {"files": ("table",), "columns": (), "optional": ("reference", "features")}
    parameters: Mapping[str, Mapping[str, Any]] = {
        "distance": {
            "type": "number",
            "default": 5,
            "minimum": 2,
            "maximum": 100,
            "title": "Robust standard deviations from the median from which a number is far out",
        }
    }
    metrics = (
        Metric(id=MISSING, title="Cells without a value", direction=Direction.LOWER),
        Metric(id=CONSTANT, title="Columns with one value only", direction=Direction.LOWER, unit="columns"),
        Metric(id=OUTLIER, title="Numbers far from the rest", direction=Direction.LOWER),
        Metric(id=SCHEMA, title="Columns missing or not expected", direction=Direction.LOWER, unit="columns"),
        Metric(id=DRIFT, title="Columns of mixed or changed type", direction=Direction.LOWER, unit="columns"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        columns = open_columns(subject)
        found = profiles(columns, params)
        schema, drift = None, mixed(found)
        if "reference" in subject.files:
            progress(0.5, "reading the reference")
            other = profiles(open_columns(subject, role="reference"), params)
            schema, changed = differences(found, other)
            drift = [*changed, *(item for item in drift if item["column"] not in {one["column"] for one in changed})]
        elif subject.features:
            present = header(subject)
            schema = [{"column": name, "what": "is missing"} for name in subject.features if name not in present]
        statistics = _sums(found, columns.n) | {"schema": schema, "drift": drift[:SHOWN], "drifted": len(drift)}
        rows = [item.row() for item in sorted(found, key=lambda item: (-item.absent, item.name))]
        return Measured(statistics=statistics, evidence=(table("columns", "What the columns hold", ROW, rows),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        n = statistics["columns"]
        missing = rate_reading(MISSING, OVERALL, statistics["absent"], statistics["cells"], among="cells", **common)
        missing.detail["columns"] = statistics["emptiest"]
        outlier = rate_reading(OUTLIER, OVERALL, statistics["far"], statistics["numbers"], among="numbers", **common)
        outlier.detail["columns"] = statistics["furthest"]
        constant = statistics["constant"]
        readings = [missing, outlier]
        readings.append(counted(CONSTANT, len(constant), common=common, detail={"columns": constant[:SHOWN]}, n=n))
        detail = {"findings": statistics["drift"]}
        readings.append(counted(DRIFT, statistics["drifted"], common=common, detail=detail, n=n))
        if statistics["schema"] is None:
            reason = "neither a reference file nor features were declared"
            return [*readings, not_applicable(SCHEMA, reason, common=common)]
        detail = {"findings": statistics["schema"][:SHOWN]}
        return [*readings, counted(SCHEMA, len(statistics["schema"]), common=common, detail=detail, n=n)]


def _sums(found: list[Profile], n: int) -> Json:
    return {
        "n": n,
        "columns": len(found),
        "cells": n * len(found),
        "absent": sum(item.absent for item in found),
        "numbers": sum(item.numeric for item in found if item.kind == NUMBER),
        "far": sum(item.outliers for item in found),
        "constant": [item.name for item in found if item.distinct <= 1 or item.kind == EMPTY],
        "emptiest": _largest(found, "absent"),
        "furthest": _largest(found, "outliers"),
    }


def _largest(found: list[Profile], what: str) -> dict[str, int]:
    ordered = sorted(found, key=lambda item: (-getattr(item, what), item.name))
    return {item.name: int(getattr(item, what)) for item in ordered[:10] if getattr(item, what)}
