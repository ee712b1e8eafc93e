"""Curves for a reader: shares with their intervals against how strong a perturbation is."""

from collections.abc import Iterable

from evaluators.arithmetic.intervals import rate_interval
from evaluators.contract import Evidence, Json

Points = Iterable[tuple[float, int]]


def points_of(counts: Points, of: int) -> list[Json]:
    """Shares of `of` units with 95 % intervals."""
    points = []
    for x, count in counts:
        (low, high), _ = rate_interval(count, of, level=0.95)
        points.append({"x": float(x), "y": count / of, "low": low, "high": high})
    return points


def curve_evidence(
    title: str, x_label: str, y_label: str, series: dict[str, list[Json]], *, note: str = ""
) -> Evidence:
    """Evidence `robustness_curve`, for the drawer of curves; a note stands under it."""
    data: Json = {
        "draw": "curve",
        "title": title,
        "x_label": x_label,
        "y_label": y_label,
        "x_scale": "linear",
        "series": [{"name": name, "points": points} for name, points in series.items()],
    }
    return Evidence(name="robustness_curve", data=data | ({"note": note} if note else {}))
