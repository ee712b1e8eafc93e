"""The reading of the worst group, from intervals that hold for all groups at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluators.arithmetic.blocks import Block
from evaluators.arithmetic.simultaneous import worst
from evaluators.contract import WORST, Json, Reading, Status
from evaluators.support import family, sizes_by_name, too_many_groups


@dataclass(frozen=True)
class Joint:
    """The interval of the lowest of several values, how it came about, and what that rests on."""

    low: float
    high: float
    method: str
    detail: Json


Joints = Callable[[list[int]], Joint]


def by_max_t(block: Block, level: float) -> Joint:
    """From the largest of the groups' studentised errors in every replicate."""
    found = worst(block, level=level)
    return Joint(
        found.low, found.high, "max-t simultaneous", {"quantile": found.quantile, "replicates": found.replicates}
    )


def worst_reading(
    metric: str,
    *,
    names: Sequence[str],
    values: Sequence[float],
    rows: Sequence[int],
    sizes: Sequence[int],
    among: str,
    joint: Joints,
    minimum: int,
    common: Json,
) -> Reading:
    """The lowest of the groups' values. Groups with fewer than `minimum` of the units that count are left out.

    `rows` are all rows of the groups, `sizes` those that decide, and `among` says in words which these are. `joint`
    puts an interval around the lowest of the groups that were kept, given their positions; `common` holds level, seed
    and statistics.
    """
    if not names:
        reason = "no group column was declared"
        return Reading(metric=metric, slice=WORST, status=Status.NOT_APPLICABLE, reason=reason, **common)
    if crowded := too_many_groups(len(names)):
        bare = {key: value for key, value in common.items() if key != "statistics"}
        return Reading(metric=metric, slice=WORST, status=Status.INSUFFICIENT_DATA, reason=crowded, **bare)
    found = family(names, sizes, minimum=minimum, among=among)
    detail: Json = {"excluded": list(found.excluded)}
    kept = list(found.kept)
    reason = "no group is large enough to be judged" if not kept else found.shortage if len(kept) > 1 else ""
    if reason:
        status = Status.INSUFFICIENT_DATA
        return Reading(metric=metric, slice=WORST, status=status, reason=reason, detail=detail, **common)
    interval = joint(kept)
    lowest = min(kept, key=lambda i: values[i])
    detail |= {
        "lowest": names[lowest],
        "support": sizes_by_name([names[i] for i in kept], [rows[i] for i in kept]),
        **interval.detail,
    }
    return Reading(
        metric=metric,
        slice=WORST,
        status=Status.OK,
        value=float(values[lowest]),
        low=max(0.0, interval.low),
        high=min(1.0, interval.high),
        method=interval.method,
        n=int(rows[lowest]),
        detail=detail,
        **common,
    )
