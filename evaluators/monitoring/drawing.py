"""Control charts as data for a drawing."""

import numpy as np

from evaluators.contract import Evidence
from evaluators.monitoring.charts import Chart

POINTS = 200


def chart_evidence(name: str, title: str, chart: Chart) -> Evidence:
    """The chart in deviations of the reference. Of a long one every n-th point, and the first signals."""
    chosen = shown_points(chart.signals)
    points = [{"x": i + 1, "y": float(chart.values[i]), "signal": bool(chart.signals[i])} for i in chosen]
    limits = {"centre": 0.0, "upper": chart.upper, "lower": chart.lower}
    return Evidence(name=name, data={"draw": "chart", "title": title, **limits, "points": points})


def shown_points(signals: np.ndarray) -> list[int]:
    """At most 200 places: half for signals, the first ones, and the rest evenly spread."""
    n = len(signals)
    if n <= POINTS:
        return list(range(n))
    marked = np.flatnonzero(signals)[: POINTS // 2].tolist()
    spread = np.linspace(0, n - 1, POINTS - len(marked)).astype(int).tolist()
    return sorted({*marked, *spread})
