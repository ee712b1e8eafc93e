"""Readings of rates, gaps and ratios where rows have weights or belong together in clusters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import RATES
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.ratios import ratio_interval
from evaluators.arithmetic.simultaneous import gap, replicates_for
from evaluators.arithmetic.sumrates import RateSums
from evaluators.arithmetic.sums import Sums
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.counting import too_few
from evaluators.fairness.compared import refusal
from evaluators.fairness.metrics import DIFFERENCES, RATIOS, SHARES
from evaluators.support import MINIMUM, Family, family, sizes_by_name, too_many_groups

NOT_OFFERED = "not offered for rows with weights or in clusters"


def summed_readings(
    overall: Sums, table: Sums, *, rates: Sequence[str], params: Mapping[str, Any], level: float, seed: int
) -> list[Reading]:
    """Every rate overall and per group; every difference and ratio whose rates are all among `rates`."""
    is_listed = bool(table.columns) and not too_many_groups(len(table.values))
    parts = [overall, *(table.only(i) for i in range(len(table.values)) if is_listed)]
    readings = [_rate(metric, name, part, level) for metric, name in SHARES.items() if name in rates for part in parts]
    if not is_listed:
        return readings
    statistics = {"summed": table.as_statistics(), "summed_overall": overall.as_statistics()}
    common: Json = {"level": level, "seed": seed, "statistics": statistics}
    # A cluster is worth more than a row: from 10 of them on a sandwich can be trusted.
    minimum = MINIMUM if table.is_clustered else params["family_minimum"]
    for metric, names in (DIFFERENCES | {metric: (name,) for metric, name in RATIOS.items()}).items():
        if set(names) <= set(rates):
            items = {name: RateSums.of(table, name) for name in names}
            readings.append(_compared(metric, items, table, minimum, common, params))
    return readings


def _among(table: Sums, name: str) -> str:
    return f"clusters with {RATES[name].among}" if table.is_clustered else f"effective {RATES[name].among}"


def _rate(metric: str, name: str, part: Sums, level: float) -> Reading:
    found = RateSums.of(part, name)
    statistics = {"summed": part.as_statistics(), "summed_overall": part.as_statistics()}
    common: Json = {"metric": metric, "slice": part.names[0], "level": level, "statistics": statistics}
    if found.m[0] <= 0:
        reason = f"there are no {RATES[name].among}"
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, **common)
    low, high = found.interval(0, level=level)
    size = float(found.sizes[0])
    is_small = size < MINIMUM
    return Reading(
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(size, MINIMUM, _among(part, name)),
        value=float(found.rates[0]),
        low=low,
        high=high,
        method="cluster sandwich, t" if part.is_clustered else "weighted, t",
        n=int(found.rows[0]),
        detail={"x": float(found.x[0]), "m": float(found.m[0]), "units": int(found.units[0]), "effective_n": size},
        **common,
    )


def _compared(
    metric: str, items: Mapping[str, RateSums], table: Sums, minimum: int, common: Json, params: Mapping[str, Any]
) -> Reading:
    """One difference or ratio over the groups worth enough to be compared."""
    families = {
        name: family(table.names, item.sizes.astype(int).tolist(), minimum=minimum, among=_among(table, name))
        for name, item in items.items()
    }
    for name, found in families.items():
        if found.shortage:
            reason = f"{RATES[name].title}: {found.shortage}"
            return refusal(metric, reason, common, {"excluded": list(found.excluded)})
    kept = {name: item.keep(list(families[name].kept)) for name, item in items.items()}
    detail = _describe(kept, families, table)
    if metric in RATIOS:
        return _ratio(metric, next(iter(kept.values())), detail, common)
    replicates = replicates_for(max(len(item.m) for item in kept.values()), common["level"])
    rng = generator(common["seed"], metric)
    blocks = [item.block(replicates=replicates, rng=rng) for item in kept.values()]
    is_mean = len(blocks) > 1 and params.get("equalized_odds") == "mean"
    found_gap = gap(blocks, level=common["level"], is_mean=is_mean)
    gaps = [float(np.ptp(item.rates)) for item in kept.values()]
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=float(np.mean(gaps)) if is_mean else max(gaps),
        low=found_gap.low,
        high=min(1.0, found_gap.high),
        method="max-t simultaneous, t",
        n=max(int(item.rows.sum()) for item in kept.values()),
        detail=detail | {"quantile": found_gap.quantile, "replicates": found_gap.replicates},
        **common,
    )


def _ratio(metric: str, item: RateSums, detail: Json, common: Json) -> Reading:
    if item.rates.max() <= 0:
        return refusal(metric, "the rate is 0 in every group, so there is no ratio", common, detail)
    rng = generator(common["seed"], metric)
    found = ratio_interval(
        item.block(replicates=replicates_for(len(item.m), common["level"]), rng=rng), level=common["level"]
    )
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=float(item.rates.min() / item.rates.max()),
        low=found.low,
        high=found.high,
        method="inverted max-t ratio contrasts, t",
        n=int(item.rows.sum()),
        detail=detail | {"replicates": found.replicates},
        **common,
    )


def _describe(kept: Mapping[str, RateSums], families: Mapping[str, Family], table: Sums) -> Json:
    """Of the rate with the widest gap: which groups are lowest and highest, and how large they are."""
    name = max(kept, key=lambda one: float(np.ptp(kept[one].rates)))
    item, names = kept[name], [table.names[i] for i in families[name].kept]
    lowest, highest = int(item.rates.argmin()), int(item.rates.argmax())
    return {
        "rate": RATES[name].title,
        "lowest": names[lowest],
        "lowest_value": float(item.rates[lowest]),
        "highest": names[highest],
        "highest_value": float(item.rates[highest]),
        "support": sizes_by_name(names, item.rows),
        "effective": sizes_by_name(names, item.sizes.astype(int)),
        "excluded": [entry for found in families.values() for entry in found.excluded],
    }
