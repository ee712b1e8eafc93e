"""What a run found, in a few words: the metrics that the policy judges, or else a headline."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, Subquery

from registry.gates.values import ASSURANCE_RANK, STRICTEST_NEED
from registry.models import Evaluation, Measurement, ModelVersion, PolicyActivation, Threshold, TrustNeed
from registry.reports import figures, readings, slices, tested
from registry.web.present import drawn, metrics

WHOLE = ("overall", "worst")
MOST = 3
COMPARED = {"failed": "misses", "undecided": "undecided against", "passed": "meets"}
# The worst first: of several limits on one number the one that is worse met is said.
RANKED = tuple(COMPARED)
Key = tuple[str, str, str]
Limits = dict[Key, list[Threshold]]


def found_by(runs: Iterable[Evaluation], version: ModelVersion) -> dict[Any, str]:
    """For each of these runs of a version that measured anything, a sentence. Three queries for all of them."""
    limits = _limits(version)
    measured: dict[Any, list[Measurement]] = {}
    wanted = Q(slice__in=WHOLE) | Q(slice__in={slice_ for _, _, slice_ in limits})
    rows = Measurement.objects.filter(wanted, evaluation__in=[run.pk for run in runs])
    for row in rows.defer("statistics", "detail").order_by("id"):
        measured.setdefault(row.evaluation_id, []).append(row)
    return {pk: _sentence(rows, limits) for pk, rows in measured.items()}


def _limits(version: ModelVersion) -> Limits:
    """The limits of the policy that applies now, for the needs that the project has now."""
    activated = PolicyActivation.objects.filter(project__models=version.model_id).order_by("-id")
    rows = Threshold.objects.filter(evaluation__revision=Subquery(activated.values("revision")[:1]))
    newest = TrustNeed.objects.filter(project__models=version.model_id).order_by("aspect", "-id").distinct("aspect")
    needs = dict(newest.values_list("aspect", "level"))
    found: Limits = {}
    for row in rows.select_related("evaluation"):
        if row.need_level in {"any", needs.get(row.aspect, STRICTEST_NEED)}:
            found.setdefault((row.evaluation.spec_digest, row.metric, row.slice), []).append(row)
    return found


def _sentence(rows: list[Measurement], limits: Limits) -> str:
    judged = [(row, asked) for row in rows if (asked := limits.get((row.spec_digest, row.metric, row.slice)))]
    if judged:
        # What is missed is never behind "more".
        judged.sort(key=lambda each: _rank(*each))
        said = "; ".join(f"{_words(row)}, {_compared(row, asked)}" for row, asked in judged[:MOST])
        more = len(judged) - MOST
        return f"{said}; {more} more judged" if more > 0 else said
    known = {metric for _, metric, _ in limits}
    first = min(rows, key=lambda row: (row.value is None, row.metric not in known))
    return _words(first)


def _words(row: Measurement) -> str:
    """'Demographic parity ratio 0.688 (0.61 – 0.765)'."""
    unit = metrics.unit(row.metric)
    place = "" if row.slice == "overall" else f", {slices.words(row.slice)}"
    name = f"{metrics.title(row.metric)}{place}"
    if row.value is None and row.low is None and row.high is None:
        return f"{name} {row.reason or figures.NOT_MEASURED}"
    if found := drawn.finding(row):
        return f"{name}, {found}"
    has_ends = row.low is not None and row.high is not None and row.low != row.high
    interval = f" ({figures.format_interval(row.low, row.high, unit=unit)})" if has_ends else ""
    return f"{name} {figures.format_number(row.value, unit)}{interval}"


def _compared(row: Measurement, asked: list[Threshold]) -> str:
    """What comes of the limits on one number; nothing where the gate would not look at its interval."""
    unit = metrics.unit(row.metric)
    if tested.is_test(row.metric):
        return "which meets no limit"
    read, limit = min(((_read(row, limit), limit) for limit in asked), key=lambda each: RANKED.index(each[0].state))
    if row.low is None or row.high is None:
        return f"asked: {read.asked(unit)}"
    if ASSURANCE_RANK[row.assurance] < ASSURANCE_RANK[limit.evaluation.assurance]:
        return "not judged, since it was only reported"
    if left_out := sorted(set(row.excluded) - set(limit.excluded_allowed)):
        return f"not judged, since it leaves out {slices.listed(left_out[:MOST])}{' …' if left_out[MOST:] else ''}"
    return f"{COMPARED[read.state]} {read.asked(unit)}"


def _rank(row: Measurement, asked: list[Threshold]) -> int:
    """Its place among the outcomes, the worst first."""
    return min(RANKED.index(_read(row, limit).state) for limit in asked)


def _read(row: Measurement, limit: Threshold) -> readings.Reading:
    return readings.read(
        low=row.low,
        high=row.high,
        value=row.value,
        limit=limit.limit,
        direction=limit.direction,
        tolerance=limit.tolerance,
    )
