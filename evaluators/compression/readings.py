"""Readings of compression harm from counts[g, old right, new right, changed] and sums of distances."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.clusters import Moments, share_interval
from evaluators.arithmetic.counts import GroupCounts, IntArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.simultaneous import replicates_for
from evaluators.compression.cohorts import cohort_ratios, ratio_gap
from evaluators.contract import OVERALL, WORST, Direction, Json, Metric, Reading, Status
from evaluators.counting import too_few
from evaluators.gains import change_reading, worst_change
from evaluators.support import MINIMUM, family, rate_reading, sizes_by_name, too_many_groups

CIE, TAXICAB, DELTA, RATIO = (f"compress.{name}" for name in ("cie_rate", "taxicab", "accuracy_delta", "cohort_ratio"))
METRICS = (
    Metric(id=CIE, title="Share of rows that compression changes", direction=Direction.LOWER),
    Metric(id=TAXICAB, title="Mean distance of probabilities", direction=Direction.LOWER),
    Metric(id=DELTA, title="Change of accuracy by compression", direction=Direction.HIGHER),
    Metric(id=RATIO, title="Most changed group against all rows", direction=Direction.LOWER, unit="ratio"),
)


def compression_readings(statistics: Mapping[str, Any], *, minimum: int, level: float, seed: int) -> list[Reading]:
    table = GroupCounts.from_statistics(statistics)
    common: Json = {"level": level, "seed": seed}
    rows = range(len(table.values)) if table.columns and not too_many_groups(len(table.values)) else ()
    readings = []
    for index in (None, *rows):
        part = _part(statistics, table, index)
        counted = GroupCounts.from_statistics(part)
        readings += _slice(counted.names[0], counted.counts, part, common)
    common["statistics"] = dict(statistics)
    reason = too_many_groups(len(table.values)) if table.columns else "no group column was declared"
    status = Status.INSUFFICIENT_DATA if table.columns else Status.NOT_APPLICABLE
    if reason:
        missing, common = ((DELTA, WORST), (RATIO, OVERALL)), {"level": level, "seed": seed}
        return readings + [_without(metric, name, status, reason, common) for metric, name in missing]
    cells = table.counts.sum(axis=3)
    if statistics["labelled"]:
        readings.append(worst_change(DELTA, names=table.names, cells=cells, minimum=minimum, common=common))
    else:
        readings.append(_without(DELTA, WORST, Status.NOT_APPLICABLE, "no label column was declared", common))
    return [*readings, _cohorts(table, minimum, common)]


def _part(statistics: Mapping[str, Any], table: GroupCounts, index: int | None) -> Json:
    """The statistics of one group, or of all rows as one, from which its readings can be computed again."""
    kept = {key: statistics[key] for key in ("labelled", "models", "variant") if key in statistics}
    part = table.pooled() if index is None else table.only(index)
    distances = np.asarray(statistics["distances"], dtype=np.float64) if statistics["distances"] else None
    mine = [] if distances is None else distances.sum(axis=0)[None] if index is None else distances[index : index + 1]
    return part.as_statistics() | kept | {"distances": np.asarray(mine).tolist()}


def _slice(name: str, counts: IntArray, part: Json, common: Json) -> list[Reading]:
    """Change rate, distance and change of accuracy of one slice."""
    n, changed = int(counts.sum()), int(counts[..., 1].sum())
    first = rate_reading(CIE, name, changed, n, level=common["level"], among="rows", statistics=part)
    first.detail["models"] = part["models"]
    first.detail["is_churn"] = part["models"] == [1, 1]
    own = common | {"statistics": part}
    readings = [first, _taxicab(name, part["distances"], own)]
    if part["labelled"]:
        return [*readings, change_reading(DELTA, name, counts.sum(axis=3), own)]
    return [*readings, _without(DELTA, name, Status.NOT_APPLICABLE, "no label column was declared", own)]


def _taxicab(name: str, distances: list[list[float]], common: Json) -> Reading:
    """The mean of half the absolute differences; where few rows differ much, with room for more that might."""
    if not distances:
        return _without(TAXICAB, name, Status.NOT_APPLICABLE, "there are no probabilities of both models", common)
    n, total, squares = distances[0]
    if n < 2:
        return _without(TAXICAB, name, Status.INSUFFICIENT_DATA, too_few(n, MINIMUM), common)
    # Each row stands for itself: the sums are those of as many clusters of one row.
    moments = Moments(int(n), int(n), total, squares, total, n)
    (low, high), method = share_interval(moments, level=common["level"])
    is_small = n < MINIMUM
    return Reading(
        metric=TAXICAB,
        slice=name,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(n, MINIMUM),
        value=total / n,
        low=low,
        high=high,
        method=method.replace("cluster sandwich", "student").replace("clusters", "rows"),
        n=int(n),
        **common,
    )


def _cohorts(table: GroupCounts, minimum: int, common: Json) -> Reading:
    sizes, changed = table.counts.sum(axis=(1, 2, 3)), table.counts[..., 1].sum(axis=(1, 2))
    found = family(table.names, sizes.tolist(), minimum=minimum)
    kept = list(found.kept)
    detail: Json = {"excluded": list(found.excluded)}
    x, m, names = changed[kept], sizes[kept], [table.names[i] for i in kept]
    reason = found.shortage or ("" if x.sum() else "no row has changed, so there is no ratio")
    if reason:
        return _without(RATIO, OVERALL, Status.INSUFFICIENT_DATA, reason, common, detail)
    ratios = cohort_ratios(x, m)
    rng = generator(common["seed"], RATIO)
    interval = ratio_gap(x, m, level=common["level"], replicates=replicates_for(len(kept), common["level"]), rng=rng)
    highest = int(ratios.argmax())
    return Reading(
        metric=RATIO,
        slice=OVERALL,
        status=Status.OK,
        value=float(ratios[highest]),
        low=interval.low,
        high=interval.high,
        method="max-t simultaneous, log scale",
        n=int(m.sum()),
        detail=detail
        | {
            "highest": names[highest],
            "ratios": dict(zip(names, ratios.tolist(), strict=True)),
            "changed": sizes_by_name(names, x),
            "support": sizes_by_name(names, m),
            "replicates": interval.replicates,
        },
        **common,
    )


def _without(metric: str, name: str, status: Status, reason: str, common: Json, detail: Json | None = None) -> Reading:
    return Reading(metric=metric, slice=name, status=status, reason=reason, detail=detail or {}, **common)
