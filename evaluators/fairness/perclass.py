"""Gaps between groups for any number of classes: pairs of groups times classes are one family.

`counts[g, 0, k]` is the number of rows of group g whose label is class k, `counts[g, 1, k]` of those predicted k, and
`counts[g, 2, k]` of those where both are k.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.blocks import Block, binomial_block, smoothed
from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import enough
from evaluators.arithmetic.simultaneous import FEWER_REPLICATES, PAIRS_BEFORE_FEWER_REPLICATES, REPLICATES, Gap, gap
from evaluators.contract import Json

MAX_CONTRASTS = 100_000
# Rates of all replicates, several of which are held at once.
MAX_DRAWN = 30_000_000
LABEL, PREDICTED, RIGHT = 0, 1, 2
# Numerator and denominator of a class's rate; None is all rows of the group.
PER_CLASS: Mapping[str, tuple[int, int | None]] = {
    "share predicted": (PREDICTED, None),
    "recall": (RIGHT, LABEL),
    "precision": (RIGHT, PREDICTED),
}


def count_classes(group: IntArray, label: IntArray, predicted: IntArray, *, groups: int, classes: int) -> IntArray:
    """The counts, from codes in range."""
    size = groups * classes
    right = label == predicted
    parts = [group * classes + label, group * classes + predicted, (group * classes + label)[right]]
    return np.stack([np.bincount(part, minlength=size).reshape(groups, classes) for part in parts], axis=1)


def class_rates(counts: IntArray, name: str) -> tuple[IntArray, IntArray]:
    """Hits and denominators of every group and class, both shaped (groups, classes)."""
    hits, base = PER_CLASS[name]
    x = counts[:, hits]
    m = np.broadcast_to(counts[:, PREDICTED].sum(axis=1)[:, None], x.shape) if base is None else counts[:, base]
    return x, np.asarray(m)


@dataclass(frozen=True)
class ClassGap:
    """The largest gap over all classes, in which class and between whom, and the interval of the whole family."""

    value: float
    interval: Gap
    detail: Json
    n: int


def kept_groups(m: IntArray, minimum: int) -> dict[int, list[int]]:
    """Per class with two or more groups that are large enough, which groups these are."""
    kept = {k: np.flatnonzero(m[:, k] >= minimum).tolist() for k in range(m.shape[1])}
    return {k: groups for k, groups in kept.items() if len(groups) > 1}


def contrasts(kept: Mapping[int, list[int]]) -> int:
    return sum(len(groups) * (len(groups) - 1) // 2 for groups in kept.values())


def class_gap(
    counts: IntArray, name: str, kept: Mapping[int, list[int]], *, level: float, rng: np.random.Generator
) -> ClassGap:
    """The gap of one rate over the classes and groups in `kept`, of which there is at least one."""
    x, m = class_rates(counts, name)
    replicates = _replicates(kept, level)
    if PER_CLASS[name][1] is None:
        groups = next(iter(kept.values()))
        blocks = share_blocks(x[groups], replicates=replicates, rng=rng)
    else:
        blocks = [binomial_block(x[g, k], m[g, k], replicates=replicates, rng=rng) for k, g in kept.items()]
    rates = {k: x[g, k] / m[g, k] for k, g in kept.items()}
    gaps = {k: float(np.ptp(rate)) for k, rate in rates.items()}
    widest = max(gaps, key=gaps.__getitem__)
    ends = {"lowest": kept[widest][int(rates[widest].argmin())], "highest": kept[widest][int(rates[widest].argmax())]}
    detail: Json = {"class": widest, "gaps": gaps, **ends}
    used = sorted({g for groups in kept.values() for g in groups})
    return ClassGap(gaps[widest], gap(blocks, level=level), detail, int(counts[used, PREDICTED].sum()))


def _replicates(kept: Mapping[int, list[int]], level: float) -> int:
    """As many as the level takes, or as fit into memory; where that is too few, the quantile says so."""
    least = REPLICATES if contrasts(kept) <= PAIRS_BEFORE_FEWER_REPLICATES else FEWER_REPLICATES
    return max(least, min(enough(least, level), MAX_DRAWN // sum(map(len, kept.values()))))


def share_blocks(x: IntArray, *, replicates: int, rng: np.random.Generator) -> list[Block]:
    """Shares of the classes, which lie in the same rows: every group is drawn from its own multinomial."""
    x = x[np.lexsort(x.T)]
    n = x.sum(axis=1)
    weights: FloatArray = (x + 0.5) / (n + 0.5 * x.shape[1])[:, None]
    drawn = rng.multinomial(n, weights, size=(replicates, len(n)))
    blocks = []
    for k in range(x.shape[1]):
        p, v = smoothed(x[:, k], n)
        p_star, v_star = smoothed(drawn[:, :, k], n)
        blocks.append(Block(p, v, (p_star - weights[:, k]).T, v_star.T))
    return blocks
