"""Coverage of split conformal prediction: overall, by group and by class, against the law it should follow."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import generator
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.inputs.tables import Table
from evaluators.subjects.roles import groups, open_table
from evaluators.support import none_applicable
from evaluators.uncertainty.conformal import (
    ADAPTIVE,
    INTERVALS,
    THRESHOLD,
    all_scores,
    cut,
    in_order,
    interval_scores,
    largest_sets,
)
from evaluators.uncertainty.coverage import COMPARED_PARAMETERS, COVERAGE, SIZE, coverage_readings
from evaluators.uncertainty.forecasts import OPTIONAL, Forecasts, not_applicable, open_forecasts, why_not
from evaluators.uncertainty.intervals import cohorts, outcomes_and_ends
from evaluators.uncertainty.means import sums


class ConformalCoverage:
    """Calibrates prediction sets (or intervals) on one part of the table and counts hits on the other.

    Evidence `set_sizes` is a table: rows and hits by size of the prediction set.
    """

    id = "uncertainty.conformal"
    version = "2"
    title = "Conformal prediction: coverage and size"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label",),
        "optional": (*OPTIONAL, "lower", "upper", "split"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "alpha": {
            "type": "number",
            "default": 0.1,
            "minimum": 0.001,
            "maximum": 0.5,
            "title": "Accepted share of misses",
        },
        "method": {
            "type": "string",
            "default": THRESHOLD,
            "enum": (THRESHOLD, ADAPTIVE),
            "title": "How classes enter a set; predicted intervals are always widened evenly",
        },
        "calibration": {
            "type": "string",
            "default": "calibration",
            "title": "Value of the split column on rows to calibrate with; without that column half are drawn",
        },
        **COMPARED_PARAMETERS,
    }
    metrics = (
        Metric(id=COVERAGE, title="Coverage of conformal prediction", direction=Direction.TARGET),
        Metric(id=SIZE, title="Mean size of a conformal set", direction=Direction.LOWER, unit="classes or width"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        has_interval = bool(subject.roles.get("lower") and subject.roles.get("upper"))
        if not has_interval and (reason := why_not(subject)):
            return Measured(statistics={"not_applicable": reason})
        progress(0.0, "reading the table")
        read = _intervals if has_interval else _sets
        statistics = read(subject, params, seed)
        return Measured(statistics=statistics, evidence=_evidence(statistics))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if reason := not_applicable(statistics):
            return none_applicable(self.metrics, reason, level)
        found = coverage_readings(statistics, minimum=params["family_minimum"], level=level)
        return [reading.sound() for reading in found]


def _sets(subject: Subject, params: Mapping[str, Any], seed: int) -> Json:
    found = open_forecasts(subject, extra=subject.roles.get("split", ()))
    first = calibration_rows(found.table, subject, params["calibration"], seed, content(found))
    return set_statistics(found, first, alpha=params["alpha"], method=params["method"], seed=seed)


def set_statistics(found: Forecasts, first: Any, *, alpha: float, method: str, seed: int) -> Json:
    """Hits and set sizes on the rows outside `first`, with the cut from those inside."""
    shares = in_order(generator(seed, "conformal shares").random(len(found.y)), *content(found))
    scores = all_scores(found.p, method, shares)
    own = scores[np.arange(len(found.y)), found.y]
    limit = cut(own[first], alpha)
    hits, size = own <= limit.value, largest_sets(scores, limit).astype(np.float64)
    slices = [(name, mask & ~first) for name, mask in found.cohorts]
    slices += [(f"class={name}", (found.y == k) & ~first) for k, name in enumerate(found.classes[:200])]
    sizes = _by_size(size[~first].astype(np.int64), hits[~first], len(found.classes))
    facts: Json = {"method": method, "alpha": alpha, "cut": limit.as_statistics(), "upper": len(found.classes)}
    kinds = {name: "group" for name, _ in found.cohorts}
    return facts | _counted(hits, size, ~first, slices, kinds) | {"by_size": sizes}


def content(found: Forecasts) -> tuple[Any, ...]:
    """What tells rows apart, wherever they stand in the table."""
    p = found.p
    return (p[np.arange(len(p)), found.y], p.max(axis=1), (p * p).sum(axis=1), found.y, found.groups.codes)


def _intervals(subject: Subject, params: Mapping[str, Any], seed: int) -> Json:
    extra = [*subject.groups, *subject.roles.get("split", ())]
    table = open_table(
        subject,
        categorical=extra,
        numeric=[subject.label or "", subject.column("lower"), subject.column("upper")] if subject.label else [],
    )
    y, low, high = outcomes_and_ends(table, subject)
    found = groups(table, subject)
    first = calibration_rows(table, subject, params["calibration"], seed, (y, low, high, found.codes))
    scores = interval_scores(y, low, high)
    limit = cut(scores[first], params["alpha"])
    hits = scores <= limit.value
    width = np.maximum(0.0, high - low + 2 * (limit.value if np.isfinite(limit.value) else 0.0))
    slices = [(name, mask & ~first) for name, mask in cohorts(found)]
    facts: Json = {"method": INTERVALS, "alpha": params["alpha"], "cut": limit.as_statistics(), "upper": None}
    return facts | _counted(hits, width, ~first, slices, {name: "group" for name, _ in slices}) | {"by_size": []}


def calibration_rows(table: Table, subject: Subject, value: str, seed: int, keys: tuple[Any, ...]) -> Any:
    """Which rows calibrate: those the split column says, or a half drawn by the seed and what the rows hold."""
    name = required(subject, "table").name
    if subject.roles.get("split"):
        item = table.categorical[subject.column("split")]
        first = np.array([text == value for text in item.values], dtype=bool)[item.codes]
        if not first.any() or first.all():
            shown = ", ".join(repr(text) for text in item.values[:10])
            raise SubjectError(f"{name}: {value!r} must mark some rows and not all in the split column; it has {shown}")
        return first
    drawn = generator(seed, "conformal split").permutation(table.n) < table.n // 2
    return in_order(drawn, *keys)


def _counted(hits: Any, size: FloatArray, tested: Any, slices: list[tuple[str, Any]], kinds: Mapping[str, str]) -> Json:
    def part(mask: Any) -> Json:
        seen = [float(size[mask].min()), float(size[mask].max())] if mask.any() else None
        return {"n": int(mask.sum()), "hits": int(hits[mask].sum()), "size": sums(size[mask]), "seen": seen}

    listed = [{"name": name, "kind": kinds.get(name, "class"), **part(mask)} for name, mask in slices]
    return {"overall": part(tested), "slices": listed}


def _by_size(size: IntArray, hits: Any, classes: int) -> list[list[int]]:
    rows = np.bincount(size, minlength=classes + 1)
    right = np.bincount(size, weights=hits, minlength=classes + 1).astype(np.int64)
    return [[i, int(n), int(x)] for i, (n, x) in enumerate(zip(rows, right, strict=True)) if n][:200]


def _evidence(statistics: Mapping[str, Any]) -> tuple[Evidence, ...]:
    if not statistics["by_size"]:
        return ()
    data: Json = {
        "draw": "table",
        "title": "How large the prediction sets are, and how often they hold the truth",
        "columns": ["classes in the set", "rows", "holding the truth"],
        "rows": statistics["by_size"],
    }
    return (Evidence(name="set_sizes", data=data),)
