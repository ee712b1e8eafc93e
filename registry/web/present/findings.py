"""What a run found, in a few words: the metrics that the policy judges, or else a headline."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, Subquery

from registry.gates.values import STRICTEST_NEED
from registry.models import Evaluation, Measurement, ModelVersion, PolicyActivation, Threshold, TrustNeed
from registry.reports import figures, readings, slices, tested
from registry.web.present import drawn, metrics

WHOLE = ("overall", "worst")
MOST = 3
COMPARED = {"passed": "meets", "failed": "misses", "undecided": "undecided against"}
Key = tuple[str, str, str]


def found_by(runs: Iterable[Evaluation], version: ModelVersion) -> dict[Any, str]:
    """For each of these runs of a version that measured anything, a sentence. Three queries for all of them."""
    limits = _limits(version)
    measured: dict[Any, list[Measurement]] = {}
    wanted = Q(slice__in=WHOLE) | Q(slice__in={slice_ for _, _, slice_ in limits})
    rows = Measurement.objects.filter(wanted, evaluation__in=[run.pk for run in runs])
    for row in rows.defer("statistics", "detail").order_by("id"):
        measured.setdefault(row.evaluation_id, []).append(row)
    return {pk: _sentence(rows, limits) for pk, rows in measured.items()}


def _limits(version: ModelVersion) -> dict[Key, Threshold]:
    """The limits of the policy that applies now, for the needs that the project has now."""
    activated = PolicyActivation.objects.filter(project__models=version.model_id).order_by("-id")
    rows = Threshold.objects.filter(evaluation__revision=Subquery(activated.values("revision")[:1]))
    newest = TrustNeed.objects.filter(project__models=version.model_id).order_by("aspect", "-id").distinct("aspect")
    needs = dict(newest.values_list("aspect", "level"))
    return {
        (row.evaluation.spec_digest, row.metric, row.slice): row
        for row in rows.select_related("evaluation")
        if row.need_level in {"any", needs.get(row.aspect, STRICTEST_NEED)}
    }


def _sentence(rows: list[Measurement], limits: dict[Key, Threshold]) -> str:
    judged = [(row, limit) for row in rows if (limit := limits.get((row.spec_digest, row.metric, row.slice)))]
    if judged:
        said = "; ".join(f"{_words(row)}, {_compared(row, limit)}" for row, limit in judged[:MOST])
        more = len(judged) - MOST
        return f"{said}; {more} more judged" if more > 0 else said
    known = {metric for _, metric, _ in limits}
    first = min(rows, key=lambda row: (row.value is None, row.metric not in known))
    return _words(first)


def _words(row: Measurement) -> str:
    """'Demographic parity ratio 0.688 [0.61, 0.765]'."""
    unit = metrics.unit(row.metric)
    place = "" if row.slice == "overall" else f", {slices.words(row.slice)}"
    name = f"{metrics.title(row.metric)}{place}"
    if row.value is None and row.low is None and row.high is None:
        return f"{name} {row.reason or figures.NOT_MEASURED}"
    if found := drawn.finding(row):
        return f"{name}, {found}"
    ends = (figures.format_number(row.low, unit), figures.format_number(row.high, unit))
    interval = f" [{', '.join(ends)}]" if row.low is not None and row.high is not None and row.low != row.high else ""
    return f"{name} {figures.format_number(row.value, unit)}{interval}"


def _compared(row: Measurement, limit: Threshold) -> str:
    unit = metrics.unit(row.metric)
    if tested.is_test(row.metric):
        return "which meets no limit"
    read = readings.read(
        low=row.low,
        high=row.high,
        value=row.value,
        limit=limit.limit,
        direction=limit.direction,
        tolerance=limit.tolerance,
    )
    if row.low is None or row.high is None:
        return f"asked: {read.asked(unit)}"
    return f"{COMPARED[read.state]} {read.asked(unit)}"
