"""Predicted intervals and densities of a regression: how often they hold, how sharp they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.adding import added
from evaluators.contract import (
    OVERALL,
    WORST,
    Direction,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
)
from evaluators.inputs.files import required
from evaluators.inputs.tables import Table
from evaluators.subjects.roles import column_for, groups, open_table
from evaluators.support import rate_reading
from evaluators.uncertainty.coverage import COMPARED_PARAMETERS, worst_reading
from evaluators.uncertainty.intervals import cohorts, gaussian_crps, numbers, outcomes_and_ends, pinball
from evaluators.uncertainty.means import alone, mean_reading, of_slices, sums

COVERAGE = "uncert.interval_coverage"
PINBALL = "uncert.pinball"
CRPS = "uncert.crps"


class RegressionUncertainty:
    """Reads numeric outcomes with predicted ends (lower, upper), or with a predicted mean and spread, or both."""

    id = "uncertainty.regression"
    version = "2"
    title = "Predicted intervals and densities"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label",),
        "optional": ("lower", "upper", "prediction", "spread", "group"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "alpha": {
            "type": "number",
            "default": 0.1,
            "minimum": 0.001,
            "maximum": 0.9,
            "title": "Share outside the ends, as promised",
        },
        **COMPARED_PARAMETERS,
    }
    metrics = (
        Metric(id=COVERAGE, title="Coverage of predicted intervals", direction=Direction.TARGET),
        Metric(id=PINBALL, title="Pinball loss of the ends", direction=Direction.LOWER, unit="outcome"),
        Metric(id=CRPS, title="Continuous ranked probability score", direction=Direction.LOWER, unit="outcome"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        ends = [name for role in ("lower", "upper") for name in subject.roles.get(role, ())]
        density = [name for name in (subject.prediction, *subject.roles.get("spread", ())) if name]
        has_ends, has_density = len(ends) == 2, len(density) == 2
        if not has_ends and not has_density:
            return Measured(statistics={"has_ends": False, "has_density": False})
        progress(0.0, "reading the table")
        wanted = [column_for(subject, "label"), *(ends if has_ends else []), *(density if has_density else [])]
        table = open_table(subject, categorical=subject.groups, numeric=wanted)
        parts = [(OVERALL, np.ones(table.n, dtype=bool)), *cohorts(groups(table, subject))]
        columns: Json = _ends(table, subject, params["alpha"]) if has_ends else {}
        columns |= _density(table, subject) if has_density else {}
        summed = [{"name": name, **_summed(columns, mask)} for name, mask in parts]
        facts = {"has_ends": has_ends, "has_density": has_density, "alpha": params["alpha"]}
        overall = {key: value for key, value in summed[0].items() if key != "name"}
        return Measured(statistics={**facts, "overall": overall, "slices": summed[1:]})

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = _excluded(statistics, level)
        for name, part in of_slices(statistics) if "overall" in statistics else []:
            common: Json = {"level": level, "statistics": alone(statistics, part)}
            if statistics["has_ends"]:
                readings.append(_coverage(name, part, statistics["alpha"], common))
                readings.append(mean_reading(PINBALL, name, part["pinball"], upper=None, common=common))
            if statistics["has_density"]:
                readings.append(mean_reading(CRPS, name, part["crps"], upper=None, common=common))
        if statistics["has_ends"] and len(statistics["slices"]) > 1:
            own: Json = {"level": level, "statistics": dict(statistics)}
            items, minimum = statistics["slices"], params["family_minimum"]
            readings.append(worst_reading(COVERAGE, WORST, items, minimum, own))
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The sums of two shards of one table as those of the whole, up to rounding."""
        return added(first, second, same=("alpha",))


def _ends(table: Table, subject: Subject, alpha: float) -> Json:
    y, low, high = outcomes_and_ends(table, subject)
    return {"hits": (low <= y) & (y <= high), "width": high - low, "pinball": pinball(y, low, high, alpha)}


def _density(table: Table, subject: Subject) -> Json:
    names = [column_for(subject, "label"), column_for(subject, "prediction"), subject.column("spread")]
    y, mean, spread = numbers(table, subject, names)
    negative = np.flatnonzero(spread < 0)
    if negative.size:
        where = f"{required(subject, 'table').name}: row {int(negative[0]) + 1}, column {names[2]!r}"
        raise SubjectError(f"{where}: a spread of {spread[negative[0]]:g} is negative")
    return {"crps": gaussian_crps(y, mean, spread)}


def _summed(columns: Mapping[str, Any], mask: Any) -> Json:
    found: Json = {name: sums(values[mask]) for name, values in columns.items() if name != "hits"}
    if "hits" in columns:
        found["hits"] = int(columns["hits"][mask].sum())
    return found | {"n": int(mask.sum())}


def _coverage(name: str, part: Mapping[str, Any], alpha: float, common: Json) -> Reading:
    reading = rate_reading(
        COVERAGE,
        name,
        part["hits"],
        part["n"],
        level=common["level"],
        among="rows",
        statistics=common["statistics"],
    )
    width = part["width"][1] / part["n"] if part["n"] else None
    return Reading(**{**vars(reading), "detail": {**reading.detail, "target": 1 - alpha, "mean_width": width}})


def _excluded(statistics: Mapping[str, Any], level: float) -> list[Reading]:
    """Metrics whose columns were not declared."""
    absent = [] if statistics["has_ends"] else [(COVERAGE, "lower and upper"), (PINBALL, "lower and upper")]
    absent += [] if statistics["has_density"] else [(CRPS, "prediction and spread")]
    return [
        Reading(
            metric=metric,
            slice=OVERALL,
            status=Status.NOT_APPLICABLE,
            reason=f"the columns {what} were not both declared",
            level=level,
        )
        for metric, what in absent
    ]
