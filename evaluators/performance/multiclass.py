"""Macro-F1 and Matthews' correlation: overall and in every group."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import GroupCounts, IntArray, tally
from evaluators.arithmetic.draws import generator
from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import too_few
from evaluators.performance.confusion import Statistic, macro_f1, mcc, resample
from evaluators.subjects.predictions import open_predictions
from evaluators.subjects.roles import classes, groups
from evaluators.support import MINIMUM, too_many_groups

MACRO_F1, MCC = "performance.macro_f1", "performance.mcc"
METRICS = (
    Metric(id=MACRO_F1, title="Mean F1 over classes", direction=Direction.HIGHER),
    Metric(id=MCC, title="Matthews' correlation", direction=Direction.HIGHER, unit="correlation"),
)
STATISTICS: Mapping[str, Statistic] = {MACRO_F1: macro_f1, MCC: mcc}
UNDEFINED = {MACRO_F1: "a class neither occurs nor is predicted", MCC: "labels or predictions never differ"}
MAX_CLASSES = 100
MAX_CELLS = 5_000


class Multiclass:
    """Reads a prediction table with any number of classes up to 100. Groups are shown while the tables stay small."""

    id = "performance.multiclass"
    version = "2"
    title = "Performance over classes"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label", "prediction"),
        "optional": ("group", "model", "features", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {}
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        table, subject = open_predictions(subject)
        codes, names = classes(table, subject, ["label", "prediction"])
        if len(names) > MAX_CLASSES:
            return Measured(statistics={"class_count": len(names)})
        progress(0.6, "counting")
        found = groups(table, subject)
        size = len(found.values)
        is_listed = not too_many_groups(size) and size * len(names) ** 2 <= MAX_CELLS
        codes |= {"group": found.codes if is_listed else np.zeros_like(found.codes)}
        counts = tally(
            codes["group"],
            codes["label"],
            codes["prediction"],
            groups=size if is_listed else 1,
            classes=len(names),
        )
        columns, values = (found.columns, found.values) if is_listed else ((), ((),))
        return Measured(statistics=GroupCounts(columns, values, counts, tuple(names)).as_statistics())

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "class_count" in statistics:
            reason = f"{statistics['class_count']:,} classes, more than the {MAX_CLASSES} whose cells are resampled"
            fields: Json = {"status": Status.INSUFFICIENT_DATA, "reason": reason, "level": level}
            return [Reading(metric=metric.id, slice=OVERALL, **fields) for metric in METRICS]
        table = GroupCounts.from_statistics(statistics)
        parts = [table.pooled(), *(table.only(i) for i in range(len(table.values)) if table.columns)]
        return [_reading(metric, part, level, seed).sound() for metric in STATISTICS for part in parts]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole, whatever classes each has seen."""
        names = tuple(sorted({*first["classes"], *second["classes"]}))
        parts = [_widened(GroupCounts.from_statistics(part), names) for part in (first, second)]
        return parts[0].merged(parts[1]).as_statistics()


def _reading(metric: str, part: GroupCounts, level: float, seed: int) -> Reading:
    cells = part.counts[0]
    n, smallest = int(cells.sum()), int(cells.sum(axis=1).min())
    value = float(STATISTICS[metric](cells.astype(np.float64)))
    common: Json = {"metric": metric, "slice": part.names[0], "level": level, "seed": seed, "n": n}
    common |= {"statistics": part.as_statistics()}
    if np.isnan(value):
        return Reading(status=Status.INSUFFICIENT_DATA, reason=UNDEFINED[metric], **common)
    if value == 1:
        found, method, undefined = _perfect(smallest, level), "exact on the smallest class", 0
    else:
        drawn = resample(cells, STATISTICS[metric], level=level, rng=generator(seed, metric))
        if drawn is None:
            reason = "in too many resamples a class is gone"
            return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, value=value, **common)
        found, method, undefined = (drawn.low, drawn.high), "multinomial bootstrap, BCa", drawn.undefined
    is_small = smallest < MINIMUM
    return Reading(
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=f"a class has {too_few(smallest, MINIMUM)}" if is_small else "",
        value=value,
        low=found[0],
        high=found[1],
        method=method,
        detail={"smallest_class": smallest, "undefined_replicates": undefined},
        **common,
    )


def _perfect(smallest: int, level: float) -> tuple[float, float]:
    """Nothing went wrong: the share of the smallest class that may go right all the same."""
    return ((1 - level) / 2) ** (1 / max(smallest, 1)), 1.0


def _widened(table: GroupCounts, names: tuple[str, ...]) -> GroupCounts:
    """The same counts with room for classes that another shard has seen."""
    place = [names.index(name) for name in table.classes]
    counts: IntArray = np.zeros((len(table.values), len(names), len(names)), dtype=np.int64)
    counts[np.ix_(range(len(table.values)), place, place)] = table.counts
    return GroupCounts(table.columns, table.values, counts, names)
