"""Readings of how a rate changed from one model to another: of some rows, and of the group that fares worst."""

from collections.abc import Sequence

from evaluators.arithmetic.counts import IntArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.paired import change, mcnemar, paired_block
from evaluators.arithmetic.simultaneous import replicates_for, worst
from evaluators.contract import WORST, Json, Reading, Status
from evaluators.counting import too_few
from evaluators.support import MINIMUM, Family, family, sizes_by_name

# What the p-value of a change is, in the detail of its reading.
EXACT = "of McNemar's exact test, and not of the interval: where an end is near 0, the two may disagree"


def change_reading(metric: str, slice_: str, cells: IntArray, common: Json) -> Reading:
    """The change over some rows, from cells (1, 2, 2). `common` holds level, seed and statistics."""
    n, lost, gained = int(cells.sum()), int(cells[0, 1, 0]), int(cells[0, 0, 1])
    if n == 0:
        fields: Json = {"status": Status.INSUFFICIENT_DATA, "reason": "there are no rows"}
        return Reading(metric=metric, slice=slice_, **fields, **common)
    rng = generator(common["seed"], metric)
    found = worst(paired_block(cells, replicates=replicates_for(1, common["level"]), rng=rng), level=common["level"])
    is_small = n < MINIMUM
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(n, MINIMUM),
        value=float(change(cells)[0]),
        low=max(-1.0, found.low),
        high=min(1.0, found.high),
        method="studentised bootstrap of four cells",
        n=n,
        detail={
            "only_old_right": lost,
            "only_new_right": gained,
            "replicates": found.replicates,
            "p_value_is": EXACT,
        },
        p_value=mcnemar(lost, gained),
        **common,
    )


def compared(names: Sequence[str], cells: IntArray, minimum: int) -> tuple[Family, list[str], IntArray]:
    """Which groups are compared, their names and their cells."""
    found = family(names, cells.sum(axis=(1, 2)).tolist(), minimum=minimum)
    kept = list(found.kept)
    return found, [names[i] for i in kept], cells[kept]


def worst_change(metric: str, *, names: Sequence[str], cells: IntArray, minimum: int, common: Json) -> Reading:
    """The lowest of the groups' changes, from intervals that hold for all groups at once."""
    found, kept, cells = compared(names, cells, minimum)
    detail: Json = {"excluded": list(found.excluded)}
    reason = "no group is large enough to be judged" if not kept else found.shortage if len(kept) > 1 else ""
    if reason:
        status = Status.INSUFFICIENT_DATA
        return Reading(metric=metric, slice=WORST, status=status, reason=reason, detail=detail, **common)
    rng = generator(common["seed"], metric)
    interval = worst(
        paired_block(cells, replicates=replicates_for(len(kept), common["level"]), rng=rng), level=common["level"]
    )
    changes = change(cells)
    lowest = int(changes.argmin())
    return Reading(
        metric=metric,
        slice=WORST,
        status=Status.OK,
        value=float(changes[lowest]),
        low=max(-1.0, interval.low),
        high=min(1.0, interval.high),
        method="max-t simultaneous",
        n=int(cells[lowest].sum()),
        detail=detail | {"lowest": kept[lowest], "support": sizes_by_name(kept, cells.sum(axis=(1, 2)))},
        **common,
    )
