"""Gaps between groups straight from integer arrays, for notebooks and benchmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.blocks import binomial_block
from evaluators.arithmetic.counts import FloatArray, IntArray, rate, tally
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.simultaneous import REPLICATES, gap
from evaluators.fairness.metrics import DIFFERENCES


@dataclass(frozen=True)
class GroupGap:
    """The raw gap and its interval. A value of None means that some group has nothing in the denominator."""

    value: float | None
    low: float
    high: float


def group_gaps(
    group: IntArray,
    label: IntArray,
    prediction: IntArray,
    *,
    groups: int,
    metrics: Sequence[str] | None = None,
    level: float = 0.95,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> dict[str, GroupGap]:
    """Differences by short name, such as "demographic_parity_difference"; `metrics` may also name single rates.

    Codes run from 0; label and prediction are 0 or 1. Every group is compared, however small.
    """
    counts = tally(group, label, prediction, groups=groups)
    families = {name.partition(".")[2]: rates for name, rates in DIFFERENCES.items()}
    wanted = metrics if metrics is not None else list(families)
    found = {}
    for name in wanted:
        pairs = [rate(counts, one) for one in families.get(name, (name,))]
        rng = generator(seed, name)
        blocks = [binomial_block(x, m, replicates=replicates, rng=rng) for x, m in pairs]
        interval = gap(blocks, level=level)
        gaps = [_raw(x, m) for x, m in pairs]
        value = None if any(one is None for one in gaps) else max(one for one in gaps if one is not None)
        found[name] = GroupGap(value, interval.low, interval.high)
    return found


def _raw(x: IntArray, m: IntArray) -> float | None:
    if (m == 0).any():
        return None
    rates: FloatArray = x / m
    return float(np.ptp(rates))
