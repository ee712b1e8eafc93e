"""Group fairness of decisions: rates per group, gaps and ratios between groups, permutation tests."""

from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.counts import RATES, GroupCounts, rate, tally
from evaluators.arithmetic.sums import Sums
from evaluators.contract import OVERALL, Json, Measured, Progress, Reading, Status, Subject
from evaluators.fairness.gaps import gap_readings
from evaluators.fairness.grouped import open_decisions
from evaluators.fairness.metrics import (
    COHORT_SD,
    DIFFERENCES,
    EPSILON,
    METRICS,
    PERMUTATION,
    RATIOS,
    SHARES,
    UNLABELLED,
)
from evaluators.fairness.summed import NOT_OFFERED, summed_readings
from evaluators.fairness.weighing import open_sums
from evaluators.subjects.roles import favourable_code
from evaluators.support import FAMILY_PARAMETERS, rate_reading, too_many_groups


class GroupFairness:
    """Reads a prediction table. Without a label column only selection rates are measured.

    A column of weights or of clusters changes what a rate is, and how sure one may be of it; then the spread, epsilon
    and permutation tests, which count rows, are not offered.
    """

    id = "fairness.group"
    version = "3"
    title = "Group fairness of decisions"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("prediction", "group", "favourable"),
        "optional": ("label", "model", "features", "text", "cluster", "weight"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        **FAMILY_PARAMETERS,
        "equalized_odds": {
            "type": "string",
            "default": "worst",
            "enum": ["worst", "mean"],
            "title": "Equalized odds: the worse of both gaps, or their mean",
        },
    }
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        made = open_decisions(subject)
        favourable, found = favourable_code(subject, made.classes), made.groups
        progress(0.6, "counting")
        label, prediction = made.as_favourable(favourable)
        counts = tally(found.codes, label, prediction, groups=len(found.values))
        other = " or ".join(name for i, name in enumerate(made.classes) if i != favourable) or "anything else"
        counted = GroupCounts(found.columns, found.values, counts, (other[:100], made.classes[favourable]))
        statistics = counted.as_statistics() | {"labelled": made.label is not None}
        statistics |= open_sums(subject, found, label, prediction)
        return Measured(statistics=statistics, evidence=made.evidence)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        is_labelled = bool(statistics.get("labelled", True))
        rates = tuple(SHARES.values()) if is_labelled else UNLABELLED
        if "summed" in statistics:
            return _summed(statistics, rates=rates, params=params, level=level, seed=seed)
        table = GroupCounts.from_statistics(statistics)
        readings = [reading for name in rates for reading in _share_readings(table, name, level)]
        if table.columns and not too_many_groups(len(table.values)):
            readings += gap_readings(table, rates=rates, params=params, level=level, seed=seed)
        else:
            readings += _no_gaps(table, level)
        if not is_labelled:
            readings = [reading for reading in readings if reading.metric != PERMUTATION or table.columns]
            readings += _not_applicable(readings, level)
        return [_marked(reading, is_labelled).sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole. No cluster may lie in both."""
        total = GroupCounts.from_statistics(first).merged(GroupCounts.from_statistics(second)).as_statistics()
        others = sorted({word for part in (first, second) for word in part["classes"][0].split(" or ")})
        total["classes"] = [" or ".join(word for word in others if word != "anything else")[:100], first["classes"][1]]
        names = [name for name in ("summed", "summed_overall") if name in first]
        sums = {name: Sums.from_statistics(first[name]).merged(Sums.from_statistics(second[name])) for name in names}
        return {**first, **total, **{name: item.as_statistics() for name, item in sums.items()}}


METRIC_OF = {name: metric for metric, name in SHARES.items()}


def _summed(
    statistics: Mapping[str, Any], *, rates: tuple[str, ...], params: Mapping[str, Any], level: float, seed: int
) -> list[Reading]:
    """What can be said of weighted or clustered rows, and which metrics can't."""
    overall, table = (Sums.from_statistics(statistics[name]) for name in ("summed_overall", "summed"))
    readings = summed_readings(overall, table, rates=rates, params=params, level=level, seed=seed)
    reason = NOT_OFFERED if table.columns else "no group column was declared"
    status, reason = Status.NOT_APPLICABLE, reason if statistics["labelled"] else "no label column was declared"
    present = {reading.metric for reading in readings}
    crowded = too_many_groups(len(statistics.get("groups", ())))
    if crowded:
        status, reason = Status.INSUFFICIENT_DATA, crowded
    readings += [
        Reading(metric=metric.id, slice=OVERALL, status=status, reason=reason, level=level)
        for metric in METRICS
        if metric.id not in present
    ]
    return [_marked(reading, statistics["labelled"]).sound() for reading in readings]


def _share_readings(table: GroupCounts, name: str, level: float) -> list[Reading]:
    """A rate overall, per group and, for combined groups, per value of each column."""
    parts = [table.pooled()]
    if table.columns and not too_many_groups(len(table.values)):
        parts += [table.only(i) for i in range(len(table.values))]
        if len(table.columns) > 1:
            margins = [table.marginal(i) for i in range(len(table.columns))]
            parts += [margin.only(i) for margin in margins for i in range(len(margin.values))]
    readings = []
    for part in parts:
        x, m = rate(part.counts, name)
        readings.append(
            rate_reading(
                METRIC_OF[name],
                part.names[0],
                int(x[0]),
                int(m[0]),
                level=level,
                among=RATES[name].among,
                statistics=part.as_statistics(),
            )
        )
    return readings


def _no_gaps(table: GroupCounts, level: float) -> list[Reading]:
    reason = too_many_groups(len(table.values))
    status = Status.INSUFFICIENT_DATA if reason else Status.NOT_APPLICABLE
    reason = reason or "no group column was declared"
    return [
        Reading(metric=metric, slice=OVERALL, status=status, reason=reason, level=level)
        for metric in (*DIFFERENCES, *RATIOS, COHORT_SD, EPSILON, PERMUTATION)
    ]


def _not_applicable(readings: list[Reading], level: float) -> list[Reading]:
    """What can't be said without outcomes."""
    present = {reading.metric for reading in readings}
    reason = "no label column was declared"
    return [
        Reading(metric=metric.id, slice=OVERALL, status=Status.NOT_APPLICABLE, reason=reason, level=level)
        for metric in METRICS
        if metric.id not in present
    ]


def _marked(reading: Reading, is_labelled: bool) -> Reading:
    """The stored statistics say whether outcomes were known."""
    if reading.statistics:
        reading.statistics["labelled"] = is_labelled
    return reading
