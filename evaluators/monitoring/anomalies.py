"""Points that stand out of a series, and places where its mean changes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.counting import how_many, too_few
from evaluators.exact import counted, insufficient, table
from evaluators.monitoring.drawing import shown_points
from evaluators.monitoring.esd import generalised_esd, remainder
from evaluators.monitoring.pelt import breaks, penalty
from evaluators.monitoring.windows import open_series

ESD, PELT = "anomaly.stl_gesd", "change.pelt"
MINIMUM = 25
SHOWN = 50


class SeriesAnomalies:
    """Watches the score column or the one feature, in the order of time.

    Evidence `anomalies`: place, value, statistic R and critical value, in the order of removal.
    """

    id = "anomaly.series"
    version = "2"
    title = "Outliers of a series"
    input_kind = "T"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": ("score", "feature", "features", "time"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "period": {
            "type": "integer",
            "default": 1,
            "minimum": 1,
            "maximum": 10_000,
            "title": "Points in a season, such as 7 or 12; 1 if there is no season and no trend",
        },
        "most": {
            "type": "integer",
            "default": 10,
            "minimum": 1,
            "maximum": 1_000,
            "title": "Outliers that are looked for",
        },
        "alpha": {
            "type": "number",
            "default": 0.05,
            "minimum": 0.0001,
            "maximum": 0.5,
            "title": "Chance to find any outlier where there is none",
        },
    }
    metrics = (Metric(id=ESD, title="Outliers of the series", direction=Direction.LOWER, unit="points", kind="test"),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the series")
        name, values = open_series(subject)
        statistics: Json = {"column": name, "n": len(values)}
        if len(values) < max(MINIMUM, 2 * params["period"] + 1):
            return Measured(statistics=statistics)
        progress(0.3, "taking trend and season away")
        rest = remainder(values, period=params["period"]) if params["period"] > 1 else values
        found = generalised_esd(rest, most=min(params["most"], len(values) // 2), alpha=params["alpha"])
        rows = [
            [int(place) + 1, float(values[place]), float(r), float(limit)]
            for place, r, limit in zip(found.places, found.statistics, found.critical, strict=True)
        ]
        statistics |= {"count": found.count, "places": [row[0] for row in rows[: found.count]][:SHOWN]}
        titles = ["point", "value", "R", "critical value"]
        return Measured(
            statistics=statistics, evidence=(table("anomalies", f"What stands out of {name}", titles, rows),)
        )

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        n = statistics["n"]
        if "count" not in statistics:
            return [
                insufficient(ESD, f"{how_many(n, 'points')}; {MINIMUM} and two seasons are needed", common=common, n=n)
            ]
        detail = {"column": statistics["column"], "points": statistics["places"]}
        method = "generalised extreme studentised deviate"
        return [counted(ESD, statistics["count"], common=common, detail=detail, n=n, method=method)]


class MeanChanges:
    """Watches the score column or the one feature, in the order of time.

    Evidence `changes`: the segments' first and last point and mean; `change_curve`: the series and its means.
    """

    id = "change.mean"
    version = "2"
    title = "Changes of a mean"
    input_kind = "T"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": ("score", "feature", "features", "time"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {}
    metrics = (Metric(id=PELT, title="Changes of the mean", direction=Direction.LOWER, unit="changes", kind="test"),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the series")
        name, values = open_series(subject)
        statistics: Json = {"column": name, "n": len(values)}
        if len(values) < MINIMUM:
            return Measured(statistics=statistics)
        price = penalty(values)
        ends = breaks(values, price=price) if price > 0 else _steps(values)
        segments = [
            [start + 1, end, float(values[start:end].mean())]
            for start, end in zip([0, *ends], [*ends, len(values)], strict=True)
        ]
        statistics |= {"count": len(ends), "segments": segments[:SHOWN], "price": price}
        titles = ["from point", "to point", "mean"]
        rows = table("changes", f"Segments of {name}", titles, segments)
        return Measured(statistics=statistics, evidence=(rows, _curve(name, values, segments)))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        n = statistics["n"]
        if "count" not in statistics:
            return [insufficient(PELT, too_few(n, MINIMUM, "points"), common=common, n=n)]
        detail = {"column": statistics["column"], "segments": statistics["segments"], "price": statistics["price"]}
        return [counted(PELT, statistics["count"], common=common, detail=detail, n=n, method="least squares")]


def _steps(values: FloatArray) -> list[int]:
    """Without noise every change of value is a break."""
    return (np.flatnonzero(np.diff(values)) + 1).tolist()


def _curve(name: str, values: FloatArray, segments: list[list[Any]]) -> Evidence:
    chosen = shown_points(np.zeros(len(values), dtype=bool))
    means = np.concatenate([np.full(end - start + 1, mean) for start, end, mean in segments])
    series = [
        {"name": title, "points": [{"x": i + 1, "y": float(line[i])} for i in chosen]}
        for title, line in ((name, values), ("mean of the segment", means))
    ]
    axes = {"x_label": "point", "y_label": name, "x_scale": "linear"}
    return Evidence(name="change_curve", data={"draw": "curve", "title": f"Mean of {name}", **axes, "series": series})
