"""Readings of gaps, ratios and permutation tests between groups."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.arithmetic.blocks import binomial_block
from evaluators.arithmetic.counts import GroupCounts
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.permutation import conditional_p, holm, pair_p
from evaluators.arithmetic.ratios import ratio_interval
from evaluators.arithmetic.simultaneous import gap, log_ratio, replicates_for
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.fairness.compared import Compared, refusal, shortage
from evaluators.fairness.metrics import DIFFERENCES, PERMUTATION, RATIOS, TESTED
from evaluators.fairness.spreads import spread_readings

PAIRS_SHOWN = 10
# With more groups the number of pairs is no longer readable, and drawing them takes seconds.
MAX_PAIRED = 30


def gap_readings(
    table: GroupCounts, *, rates: Sequence[str], params: Mapping[str, Any], level: float, seed: int
) -> list[Reading]:
    """Every difference, ratio and test whose rates are all among `rates`, at slice overall."""
    compared = {name: Compared.of(table, name, minimum=params["family_minimum"]) for name in rates}
    common = {"level": level, "seed": seed, "statistics": table.as_statistics()}
    readings = []
    for metric, names in DIFFERENCES.items():
        if set(names) <= set(rates):
            items = [compared[name] for name in names]
            readings.append(_difference(metric, items, common, is_mean=params.get("equalized_odds") == "mean"))
    for metric, name in RATIOS.items():
        if name in rates:
            readings.append(_ratio(metric, compared[name], common))
    readings += spread_readings(compared["selection_rate"], common)
    tested = [compared[name] for name in TESTED if name in rates]
    readings.append(_permutation(tested, common))
    return readings


def _difference(metric: str, items: Sequence[Compared], common: Json, *, is_mean: bool) -> Reading:
    """max-min of one rate, or the worse (or the mean) of several that rest on disjoint rows."""
    refused = shortage(metric, items, common)
    if refused:
        return refused
    rng = generator(common["seed"], metric)
    replicates = replicates_for(max(len(item.m) for item in items), common["level"])
    blocks = [binomial_block(item.x, item.m, replicates=replicates, rng=rng) for item in items]
    found = gap(blocks, level=common["level"], is_mean=is_mean)
    worst = max(items, key=lambda item: item.gap)
    detail = worst.describe() | {"quantile": found.quantile, "replicates": found.replicates}
    if len(items) > 1:
        detail["rates"] = {item.title: {"gap": item.gap, **item.describe()} for item in items}
        detail["excluded"] = [entry for item in items for entry in item.family.excluded]
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=sum(item.gap for item in items) / len(items) if is_mean else worst.gap,
        low=found.low,
        high=min(1.0, found.high),
        method="max-t simultaneous",
        n=worst.n,
        detail=detail,
        p_value=min(holm([conditional_p(item.x, item.m, rng=rng) for item in items])),
        **common,
    )


def _ratio(metric: str, item: Compared, common: Json) -> Reading:
    """min/max of one rate. 0/0 is no ratio."""
    refused = shortage(metric, [item], common)
    if refused:
        return refused
    rates = item.x / item.m
    if rates.max() == 0:
        reason = f"the {item.title} is 0 in every group, so there is no ratio"
        return refusal(metric, reason, common, item.describe())
    rng = generator(common["seed"], metric)
    block = binomial_block(item.x, item.m, replicates=replicates_for(len(item.m), common["level"]), rng=rng)
    found = ratio_interval(block, level=common["level"])
    logs = log_ratio(block, level=common["level"])
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=float(rates.min() / rates.max()),
        low=found.low,
        high=found.high,
        method="inverted max-t ratio contrasts",
        n=item.n,
        detail=item.describe() | {"replicates": found.replicates, "log_ratio_interval": [logs.low, logs.high]},
        p_value=conditional_p(item.x, item.m, rng=rng),
        **common,
    )


def _permutation(items: Sequence[Compared], common: Json) -> Reading:
    """The smallest of the conditional p-values after Holm's correction; a small one may fail, none may pass."""
    usable = [item for item in items if not item.family.shortage]
    excluded = [entry for item in items for entry in item.family.excluded]
    if not usable:
        reason = f"{items[0].title}: {items[0].family.shortage}"
        return refusal(PERMUTATION, reason, common, {"excluded": excluded})
    rng = generator(common["seed"], PERMUTATION)
    raw = [conditional_p(item.x, item.m, rng=rng) for item in usable]
    adjusted = holm(raw)
    tests = {
        item.title: {"p": p, "adjusted": after, "groups": len(item.m), "pairs": _pairs(item, common["seed"])}
        for item, p, after in zip(usable, raw, adjusted, strict=True)
    }
    return Reading(
        metric=PERMUTATION,
        slice=OVERALL,
        status=Status.OK,
        value=min(adjusted),
        method="conditional permutation, Holm",
        n=max(item.n for item in usable),
        detail={"tests": tests, "excluded": excluded},
        p_value=min(adjusted),
        **common,
    )


def _pairs(item: Compared, seed: int) -> list[Json]:
    """The pairs that differ most, with p-values that hold for all pairs of this rate at once."""
    if not 3 <= len(item.m) <= MAX_PAIRED:
        return []
    found = pair_p(item.x, item.m, rng=generator(seed, f"{PERMUTATION} {item.title}"))
    named = sorted((p, item.names[i], item.names[j]) for (i, j), p in found.items())
    return [{"groups": [first, second], "p": p} for p, first, second in named[:PAIRS_SHOWN]]
