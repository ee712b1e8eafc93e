"""Readings of what changed between two models, from counts[g, old right, new right, outcome, old, new]."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import GroupCounts, IntArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.paired import change, mcnemar, paired_block
from evaluators.arithmetic.simultaneous import gap, replicates_for
from evaluators.contract import OVERALL, WORST, Json, Reading, Status
from evaluators.fairness.compared import refusal
from evaluators.gains import change_reading, compared, worst_change
from evaluators.support import sizes_by_name, too_many_groups

ACCURACY = "fairness.paired.accuracy_change"
MCNEMAR = "fairness.paired.mcnemar_p"


@dataclass(frozen=True)
class Change:
    """Which rows count (all, or those with outcome 0 or 1) and on which axes the two models' answers lie."""

    title: str
    outcome: int | None
    is_accuracy: bool = False

    def cells(self, counts: IntArray) -> IntArray:
        if self.is_accuracy:
            return np.asarray(counts.sum(axis=(3, 4, 5)))
        kept = counts.sum(axis=(1, 2))
        return np.asarray(kept.sum(axis=1) if self.outcome is None else kept[:, self.outcome])


CHANGES: Mapping[str, Change] = {
    "fairness.paired.accuracy_disparity": Change("Largest difference in the change of accuracy", None, True),
    "fairness.paired.selection_disparity": Change("Largest difference in the change of selection rates", None),
    "fairness.paired.tpr_disparity": Change("Largest difference in the change of true positive rates", 1),
    "fairness.paired.fpr_disparity": Change("Largest difference in the change of false positive rates", 0),
}
RIGHT = CHANGES["fairness.paired.accuracy_disparity"]


def change_readings(statistics: Mapping[str, Any], *, minimum: int, level: float, seed: int) -> list[Reading]:
    """Change of accuracy overall, per group and in the worst group; McNemar's test; and every change of disparity."""
    common: Json = {"level": level, "seed": seed}
    if not statistics.get("labelled"):
        return _not_applicable((ACCURACY, MCNEMAR, *CHANGES), "no label column was declared", common)
    table = GroupCounts.from_statistics(statistics)
    keep = {"labelled": True, "favourable": statistics.get("favourable")}
    readings = [
        change_reading(
            ACCURACY, part.names[0], RIGHT.cells(part.counts), common | {"statistics": part.as_statistics() | keep}
        )
        for part in _parts(table)
    ]
    readings += [_mcnemar(part, keep, common) for part in _parts(table)]
    crowded = too_many_groups(len(table.values))
    if crowded or not table.columns:
        status = Status.INSUFFICIENT_DATA if crowded else Status.NOT_APPLICABLE
        refused: Json = {"status": status, "reason": crowded or "no group column was declared"}
        refused |= common if crowded else common | {"statistics": table.as_statistics() | keep}
        names = [(ACCURACY, WORST), *((metric, OVERALL) for metric in CHANGES)]
        return readings + [Reading(metric=metric, slice=name, **refused) for metric, name in names]
    common["statistics"] = table.as_statistics() | keep
    cells = RIGHT.cells(table.counts)
    readings.append(worst_change(ACCURACY, names=table.names, cells=cells, minimum=minimum, common=common))
    for metric, about in CHANGES.items():
        if keep["favourable"] is None and not about.is_accuracy:
            readings += _not_applicable((metric,), "no favourable outcome was declared", common)
        else:
            readings.append(_disparity(metric, about, table, minimum, common))
    return readings


def _parts(table: GroupCounts) -> list[GroupCounts]:
    is_listed = table.columns and not too_many_groups(len(table.values))
    return [table.pooled(), *(table.only(i) for i in range(len(table.values)) if is_listed)]


def _mcnemar(part: GroupCounts, keep: Json, common: Json) -> Reading:
    cells = RIGHT.cells(part.counts)
    lost, gained = int(cells[0, 1, 0]), int(cells[0, 0, 1])
    p = mcnemar(lost, gained)
    return Reading(
        metric=MCNEMAR,
        slice=part.names[0],
        status=Status.OK,
        value=p,
        method="exact McNemar",
        n=int(cells.sum()),
        detail={"only_old_right": lost, "only_new_right": gained},
        p_value=p,
        statistics=part.as_statistics() | keep,
        **common,
    )


def _disparity(metric: str, about: Change, table: GroupCounts, minimum: int, common: Json) -> Reading:
    """The largest |change of one group - change of another|: signed contrasts, never a difference of two gaps."""
    found, names, cells = compared(table.names, about.cells(table.counts), minimum)
    detail: Json = {"excluded": list(found.excluded)}
    if found.shortage:
        return refusal(metric, found.shortage, common, detail)
    rng = generator(common["seed"], metric)
    interval = gap(
        [paired_block(cells, replicates=replicates_for(len(names), common["level"]), rng=rng)], level=common["level"]
    )
    changes = change(cells)
    detail |= {
        "lowest": names[int(changes.argmin())],
        "highest": names[int(changes.argmax())],
        "changes": dict(zip(names, changes.tolist(), strict=True)),
        "support": sizes_by_name(names, cells.sum(axis=(1, 2))),
        "quantile": interval.quantile,
        "replicates": interval.replicates,
    }
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=float(np.ptp(changes)),
        low=interval.low,
        high=min(2.0, interval.high),
        method="max-t simultaneous on paired changes",
        n=int(cells.sum()),
        detail=detail,
        **common,
    )


def _not_applicable(metrics: tuple[str, ...], reason: str, common: Json) -> list[Reading]:
    status = Status.NOT_APPLICABLE
    return [Reading(metric=metric, slice=OVERALL, status=status, reason=reason, **common) for metric in metrics]
