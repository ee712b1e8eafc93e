"""Group fairness of decisions among any number of classes: no class is favourable, all are compared at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import GroupCounts
from evaluators.arithmetic.draws import generator
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import how_many, too_few
from evaluators.fairness.compared import refusal
from evaluators.fairness.grouped import open_decisions, ungrouped, ungrouped_readings, unlabelled
from evaluators.fairness.perclass import (
    MAX_CONTRASTS,
    class_gap,
    class_rates,
    contrasts,
    count_classes,
    kept_groups,
)
from evaluators.support import FAMILY_PARAMETERS

METRICS = (
    Metric(
        id="fairness.classes.selection_difference",
        title="Largest difference in a class's share of predictions",
        direction=Direction.LOWER,
    ),
    Metric(
        id="fairness.classes.recall_difference",
        title="Largest difference in a class's recall",
        direction=Direction.LOWER,
    ),
    Metric(
        id="fairness.classes.precision_difference",
        title="Largest difference in a class's precision",
        direction=Direction.LOWER,
    ),
)
RATE_OF = dict(zip((metric.id for metric in METRICS), ("share predicted", "recall", "precision"), strict=True))
SHOWN = 200


class ClassFairness:
    """Reads a prediction table with any number of classes, whose names are words and never numbers.

    Evidence `class_rates`: a table of share predicted, recall and precision per group and class.
    """

    id = "fairness.classes"
    version = "1"
    title = "Group fairness among several classes"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("prediction", "group"),
        "optional": ("label", "model", "features", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = FAMILY_PARAMETERS
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        made = open_decisions(subject)
        nothing, found = ungrouped(made.groups), made.groups
        if nothing:
            return nothing
        progress(0.6, "counting")
        size = {"groups": len(found.values), "classes": len(made.classes)}
        # Without labels every row's label counts as what was predicted, and only shares are read.
        label = made.prediction if made.label is None else made.label
        counts = count_classes(found.codes, label, made.prediction, **size)
        counted = GroupCounts(found.columns, found.values, counts, tuple(made.classes))
        statistics = counted.as_statistics() | {"labelled": made.label is not None}
        return Measured(
            statistics=statistics, evidence=(Evidence(name="class_rates", data=_table(counted)), *made.evidence)
        )

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "seed": seed, "statistics": dict(statistics)}
        nothing = ungrouped_readings(RATE_OF, statistics, common)
        if nothing:
            return nothing
        table = GroupCounts.from_statistics(statistics)
        readings = []
        for metric, name in RATE_OF.items():
            if name == "share predicted" or statistics["labelled"]:
                readings.append(_gap(metric, name, table, params["family_minimum"], common))
            else:
                readings.append(unlabelled(metric, common))
        return [reading.sound() for reading in readings]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole, whatever classes each has seen."""
        names = tuple(sorted({*first["classes"], *second["classes"]}))
        parts = [_widened(GroupCounts.from_statistics(part), names) for part in (first, second)]
        return {**first, **parts[0].merged(parts[1]).as_statistics()}


def _gap(metric: str, name: str, table: GroupCounts, minimum: int, common: Json) -> Reading:
    _, m = class_rates(table.counts, name)
    kept = kept_groups(m, minimum)
    excluded = _excluded(table, m, kept, minimum)
    if not kept:
        reason = f"{name}: in no class are two groups large enough to be compared"
        return refusal(metric, reason, common, {"excluded": excluded})
    if contrasts(kept) > MAX_CONTRASTS:
        reason = f"{contrasts(kept):,} comparisons, more than the {MAX_CONTRASTS:,} that can be made at once"
        return refusal(metric, reason, common, {"excluded": excluded})
    rng = generator(common["seed"], metric)
    found = class_gap(table.counts, name, kept, level=common["level"], rng=rng)
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=found.value,
        low=found.interval.low,
        high=min(1.0, found.interval.high),
        method="max-t simultaneous over pairs and classes",
        n=found.n,
        detail={
            "rate": name,
            "class": table.classes[found.detail["class"]],
            "lowest": table.names[found.detail["lowest"]],
            "highest": table.names[found.detail["highest"]],
            "gaps": {table.classes[k]: value for k, value in found.detail["gaps"].items()},
            "excluded": excluded,
            "quantile": found.interval.quantile,
            "replicates": found.interval.replicates,
        },
        **common,
    )


def _excluded(table: GroupCounts, m: np.ndarray, kept: Mapping[int, list[int]], minimum: int) -> list[Json]:
    left = [(g, k) for k in range(m.shape[1]) for g in range(len(m)) if g not in kept.get(k, [])]
    return [
        {
            "group": table.names[g],
            "class": table.classes[k],
            "n": int(m[g, k]),
            "counted": how_many(int(m[g, k]), f"rows for class {table.classes[k]!r}"),
            "reason": too_few(int(m[g, k]), minimum) or "nobody to compare with",
        }
        for g, k in left[:SHOWN]
    ]


def _widened(table: GroupCounts, names: tuple[str, ...]) -> GroupCounts:
    """The same counts with room for classes that another shard has seen."""
    counts = np.zeros((len(table.values), 3, len(names)), dtype=np.int64)
    counts[:, :, [names.index(name) for name in table.classes]] = table.counts
    return GroupCounts(table.columns, table.values, counts, names)


def _table(table: GroupCounts) -> Json:
    columns = ["group", "class", *RATE_OF.values()]
    shares = [class_rates(table.counts, name) for name in RATE_OF.values()]
    rows = [
        [group, name, *(float(x[g, k] / m[g, k]) if m[g, k] else None for x, m in shares)]
        for g, group in enumerate(table.names)
        for k, name in enumerate(table.classes)
    ]
    return {"draw": "table", "title": "Rates per group and class", "columns": columns, "rows": rows[:SHOWN]}
