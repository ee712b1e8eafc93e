"""Fairness for every subgroup that the group columns can name, not only for the crossed ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import RATES, GroupCounts, IntArray, rate, tally
from evaluators.arithmetic.draws import enough, generator
from evaluators.arithmetic.simultaneous import FEWER_REPLICATES, REPLICATES
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.fairness.compared import refusal
from evaluators.fairness.grouped import open_decisions, ungrouped, ungrouped_readings, unlabelled
from evaluators.fairness.subsets import MAX_NAMED, MAX_SUBGROUPS, Subgroups, violation_interval, violations
from evaluators.subjects.roles import favourable_code
from evaluators.support import FAMILY_PARAMETERS

METRICS = (
    Metric(
        id="fairness.subgroup_violation", title="Largest weighted deviation in selection", direction=Direction.LOWER
    ),
    Metric(
        id="fairness.subgroup_violation_tpr",
        title="Largest weighted deviation in true positive rates",
        direction=Direction.LOWER,
    ),
    Metric(
        id="fairness.subgroup_violation_fpr",
        title="Largest weighted deviation in false positive rates",
        direction=Direction.LOWER,
    ),
)
RATE_OF = dict(zip((metric.id for metric in METRICS), ("selection_rate", "tpr", "fpr"), strict=True))
MANY = 100
SHOWN = 50


class SubgroupFairness:
    """Reads a prediction table with one or more group columns; marginals and all intersections are judged together.

    Evidence `subgroups`: a table of the subgroups that deviate most in selection, with size, rate and deviation.
    """

    id = "fairness.subgroup"
    version = "1"
    title = "Fairness for every subgroup"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("prediction", "group", "favourable"),
        "optional": ("label", "model", "features", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = FAMILY_PARAMETERS
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        made = open_decisions(subject)
        favourable = favourable_code(subject, made.classes)
        nothing, found = ungrouped(made.groups), made.groups
        if nothing:
            return nothing
        progress(0.6, "counting")
        label, prediction = made.as_favourable(favourable)
        counts = tally(found.codes, label, prediction, groups=len(found.values))
        counted = GroupCounts(found.columns, found.values, counts)
        statistics = counted.as_statistics() | {"labelled": made.label is not None}
        return Measured(
            statistics=statistics, evidence=(Evidence(name="subgroups", data=_table(counted)), *made.evidence)
        )

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "seed": seed, "statistics": dict(statistics)}
        nothing = ungrouped_readings(RATE_OF, statistics, common)
        if nothing:
            return nothing
        table = GroupCounts.from_statistics(statistics)
        subgroups = Subgroups.of(table.columns, table.values)
        readings = []
        for metric, name in RATE_OF.items():
            if name == "selection_rate" or statistics["labelled"]:
                readings.append(_violation(metric, name, table.counts, subgroups, params["family_minimum"], common))
            else:
                readings.append(unlabelled(metric, common))
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole."""
        total = GroupCounts.from_statistics(first).merged(GroupCounts.from_statistics(second))
        return {**first, **total.as_statistics()}


def _violation(metric: str, name: str, counts: IntArray, subgroups: Subgroups, minimum: int, common: Json) -> Reading:
    if len(subgroups.names) > MAX_NAMED:
        reason = f"more than {MAX_NAMED:,} subgroups can be named by so many columns"
        return refusal(metric, reason, common, {"excluded": []})
    _, m = rate(counts, name)
    base = subgroups.member @ m
    fits = np.minimum(base, m.sum() - base) >= minimum
    excluded = [
        {"group": group, "n": int(size), "reason": f"{int(size)} of {int(m.sum())} {RATES[name].among}"}
        for group, size, is_large in zip(subgroups.names, base, fits, strict=True)
        if not is_large
    ]
    detail: Json = {"excluded": excluded[: MAX_SUBGROUPS // 2]}
    if not fits.any() or fits.sum() > MAX_SUBGROUPS:
        many = f"{int(fits.sum()):,} subgroups, more than the {MAX_SUBGROUPS:,} that can be compared at once"
        few = f"no subgroup has {minimum} {RATES[name].among} inside and outside"
        return refusal(metric, many if fits.any() else few, common, detail)
    member = subgroups.member[fits]
    found = violations(counts, member, name)
    replicates = enough(REPLICATES if len(member) <= MANY else FEWER_REPLICATES, common["level"])
    rng = generator(common["seed"], metric)
    interval = violation_interval(counts, member, name, level=common["level"], replicates=replicates, rng=rng)
    widest = int(found.value.argmax())
    names = [group for group, is_large in zip(subgroups.names, fits, strict=True) if is_large]
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=float(found.value[widest]),
        low=interval.low,
        high=min(1.0, interval.high),
        method="max-t simultaneous against the complement",
        n=int(m.sum()),
        detail=detail
        | {
            "subgroup": names[widest],
            "share": float(found.share[widest]),
            "rate": float(found.inside[widest]),
            "rate_of_others": float(found.outside[widest]),
            "subgroups": len(names),
            "quantile": interval.quantile,
            "replicates": interval.replicates,
        },
        **common,
    )


def _table(table: GroupCounts) -> Json:
    subgroups = Subgroups.of(table.columns, table.values)
    found = violations(table.counts, subgroups.member, "selection_rate")
    rows = [
        [name, int(round(share * table.counts.sum())), float(inside), float(outside), float(value)]
        for name, share, inside, outside, value in zip(
            subgroups.names, found.share, found.inside, found.outside, found.value, strict=True
        )
    ]
    rows.sort(key=lambda row: (-float(row[4]), row[0]))
    columns = ["subgroup", "rows", "selection rate", "of all others", "weighted deviation"]
    return {"draw": "table", "title": "Subgroups that deviate most", "columns": columns, "rows": rows[:SHOWN]}
