"""Readings of accuracy and balanced accuracy from counts[g, k, 0 or 1]: wrong and right rows of class k."""

import numpy as np

from evaluators.arithmetic.blocks import binomial_block
from evaluators.arithmetic.counts import GroupCounts
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.intervals import joint_level
from evaluators.arithmetic.simultaneous import replicates_for
from evaluators.contract import Json, Reading, Status
from evaluators.counting import too_few
from evaluators.performance.metrics import ACCURACY, BALANCED
from evaluators.performance.recalls import mean_interval
from evaluators.performance.worst import Joint, by_max_t, worst_reading
from evaluators.support import MINIMUM, rate_reading, too_many_groups

METHOD = "score test of the mean recall"


def accuracy_readings(table: GroupCounts, *, minimum: int, level: float, seed: int) -> list[Reading]:
    """Accuracy overall, per group and in the worst group."""
    readings = []
    for part in parts(table):
        x, m = int(part.counts[..., 1].sum()), int(part.counts.sum())
        statistics = part.as_statistics()
        readings.append(rate_reading(ACCURACY, part.names[0], x, m, level=level, among="rows", statistics=statistics))
    right, size = table.counts[..., 1].sum(axis=1), table.counts.sum(axis=(1, 2))

    def joint(kept: list[int]) -> Joint:
        rng = generator(seed, ACCURACY)
        block = binomial_block(right[kept], size[kept], replicates=replicates_for(len(kept), level), rng=rng)
        return by_max_t(block, level)

    worst_group = worst_reading(
        ACCURACY,
        names=table.names if table.columns else [],
        values=(right / np.maximum(size, 1)).tolist(),
        rows=size.tolist(),
        sizes=size.tolist(),
        among="rows",
        joint=joint,
        minimum=minimum,
        common={"level": level, "seed": seed, "statistics": table.as_statistics()},
    )
    return [*readings, worst_group]


def balanced_readings(table: GroupCounts, *, minimum: int, level: float, seed: int) -> list[Reading]:
    """Mean recall over the classes of the table: overall, per group and in the worst group.

    A group that lacks one of them has none.
    """
    counts, size = table.counts, table.counts.sum(axis=2)
    readings = [_balanced(part, level=level) for part in parts(table)]

    def joint(kept: list[int]) -> Joint:
        each = joint_level(level, len(kept))
        found = [mean_interval(counts[i, :, 1], size[i], level=each) for i in kept]
        low, high = (min(ends) for ends in zip(*found, strict=True))
        return Joint(low, high, f"{METHOD}, simultaneous", {})

    worst_group = worst_reading(
        BALANCED,
        names=table.names if table.columns else [],
        values=(counts[..., 1] / np.maximum(size, 1)).mean(axis=1).tolist(),
        rows=size.sum(axis=1).tolist(),
        sizes=size.min(axis=1).tolist(),
        among="rows of the scarcest class",
        joint=joint,
        minimum=minimum,
        common={"level": level, "seed": seed, "statistics": table.as_statistics()},
    )
    return [*readings, worst_group]


def parts(table: GroupCounts) -> list[GroupCounts]:
    """All rows as one, then every group alone."""
    groups = range(len(table.values)) if table.columns and not too_many_groups(len(table.values)) else ()
    return [table.pooled(), *(table.only(i) for i in groups)]


def _balanced(part: GroupCounts, *, level: float) -> Reading:
    right, size = part.counts[..., 1], part.counts.sum(axis=2)
    smallest = int(size.argmin())
    least = int(size[0, smallest])
    common: Json = {"metric": BALANCED, "slice": part.names[0], "level": level, "statistics": part.as_statistics()}
    if least == 0:
        reason = f"class {part.classes[smallest]!r} doesn't occur"
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, n=int(size.sum()), **common)
    low, high = mean_interval(right[0], size[0], level=level)
    is_small = least < MINIMUM
    recall = (right / size)[0].tolist()
    return Reading(
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(least, MINIMUM, f"rows of class {part.classes[smallest]!r}"),
        value=float(np.mean(recall)),
        low=low,
        high=high,
        method=METHOD,
        n=int(size.sum()),
        detail={"recall": dict(zip(part.classes, recall, strict=True))},
        **common,
    )
