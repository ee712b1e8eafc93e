"""Readings of the area under the ROC curve, and of its gap between groups."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.blocks import Block, normal_block
from evaluators.arithmetic.counts import GroupCounts
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.ranks import Auc
from evaluators.arithmetic.simultaneous import gap, replicates_for
from evaluators.contract import OVERALL, WORST, Json, Reading, Status
from evaluators.counting import how_many, too_few
from evaluators.performance.metrics import AUC, AUC_PARITY
from evaluators.performance.worst import Joint, by_max_t, worst_reading
from evaluators.support import MINIMUM, family, too_many_groups

SCARCER = "rows of the scarcer outcome"


def rank_readings(
    statistics: Mapping[str, Any], names: Sequence[str], *, minimum: int, level: float, seed: int
) -> list[Reading]:
    """AUC overall, per group and in the worst group, and the gap between groups. `names` is empty without groups."""
    if not statistics.get("auc"):
        reason = "ranking takes a score of a declared kind and a favourable outcome, and one of them was not declared"
        slices = ((AUC, OVERALL), (AUC, WORST), (AUC_PARITY, OVERALL))
        status = Status.NOT_APPLICABLE
        return [Reading(metric=m, slice=s, status=status, reason=reason, level=level) for m, s in slices]
    items = [Auc(**item) for item in statistics.get("auc_groups", [])]
    readings = [_single(Auc(**statistics["auc"]), OVERALL, _pooled(statistics), level)]
    if crowded := too_many_groups(len(names)):
        refused: Json = {"status": Status.INSUFFICIENT_DATA, "reason": crowded, "level": level}
        return readings + [Reading(metric=m, slice=s, **refused) for m, s in ((AUC, WORST), (AUC_PARITY, OVERALL))]
    names = list(names) if items else []
    for name, item in zip(names, items, strict=False):
        readings.append(_single(item, name, _part(statistics, names, name), level))

    def block(kept: list[int]) -> Block:
        variances = np.array([items[i].bounded_variance(level) for i in kept])
        values = np.array([items[i].auc for i in kept], dtype=np.float64)
        return normal_block(values, variances, replicates=replicates_for(len(kept), level), rng=generator(seed, AUC))

    def joint(kept: list[int]) -> Joint:
        return by_max_t(block(kept), level)

    common: Json = {"level": level, "seed": seed, "statistics": dict(statistics)}
    worst_group = worst_reading(
        AUC,
        names=names,
        values=[item.auc or 0.0 for item in items],
        rows=[item.positives + item.negatives for item in items],
        sizes=[item.n for item in items],
        among=SCARCER,
        joint=joint,
        minimum=minimum,
        common=common,
    )
    return [*readings, worst_group, _parity(names, items, block, minimum, common)]


def _pooled(statistics: Mapping[str, Any]) -> Json:
    """The statistics of all rows as one, however many groups there are."""
    return GroupCounts.from_statistics(statistics).pooled().as_statistics() | {"auc": statistics["auc"]}


def _part(statistics: Mapping[str, Any], names: Sequence[str], name: str) -> Json:
    """The statistics of one group alone, from which its reading can be computed again."""
    i = list(names).index(name)
    one = {key: [statistics[key][i]] for key in ("groups", "counts", "auc_groups")}
    return {
        "columns": statistics["columns"],
        "classes": statistics["classes"],
        "auc": statistics["auc_groups"][i],
        **one,
    }


def _single(item: Auc, name: str, statistics: Json, level: float) -> Reading:
    common: Json = {"metric": AUC, "slice": name, "level": level, "n": item.positives + item.negatives}
    common |= {"statistics": statistics, "detail": {"positives": item.positives, "negatives": item.negatives}}
    if item.auc is None or item.variance is None:
        outcome = "with" if item.positives <= item.negatives else "without"
        reason = f"{how_many(item.n, 'rows')} {outcome} the favourable outcome: ranks can't be compared"
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, value=item.auc, **common)
    is_small = item.n < MINIMUM
    low, high = item.interval(level)
    return Reading(
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(item.n, MINIMUM, SCARCER),
        value=item.auc,
        low=low,
        high=high,
        method=item.method(level),
        **common,
    )


def _parity(names: Sequence[str], items: Sequence[Auc], block: Any, minimum: int, common: Json) -> Reading:
    found = family(names, [item.n for item in items], minimum=minimum, among=SCARCER)
    detail: Json = {"excluded": list(found.excluded)}
    if not names or found.shortage:
        status = Status.INSUFFICIENT_DATA if names else Status.NOT_APPLICABLE
        reason = found.shortage if names else "no group column was declared"
        return Reading(metric=AUC_PARITY, slice=OVERALL, status=status, reason=reason, detail=detail, **common)
    kept = list(found.kept)
    interval = gap([block(kept)], level=common["level"])
    values = [items[i].auc or 0.0 for i in kept]
    detail |= {
        "lowest": names[kept[int(np.argmin(values))]],
        "highest": names[kept[int(np.argmax(values))]],
        "support": {names[i]: items[i].positives + items[i].negatives for i in kept},
        "replicates": interval.replicates,
    }
    return Reading(
        metric=AUC_PARITY,
        slice=OVERALL,
        status=Status.OK,
        value=max(values) - min(values),
        low=interval.low,
        high=min(1.0, interval.high),
        method="max-t simultaneous on delong",
        n=sum(detail["support"].values()),
        detail=detail,
        **common,
    )
