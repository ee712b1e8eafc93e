"""Simultaneous intervals for gaps between groups by the maximum of studentised contrasts.

The value shown is the raw gap; the interval is centred on smoothed rates, covers all pairs at once and is projected
onto the gap. Groups are put in the order of their counts before anything is drawn, so names and order don't matter.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.blocks import Block, log_block
from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import enough, quantile

REPLICATES = 10_000
PAIRS_BEFORE_FEWER_REPLICATES = 1_225
FEWER_REPLICATES = 2_000
MAX_GROUPS = 200


@dataclass(frozen=True)
class Gap:
    """Interval of the largest difference, and the quantile and number of replicates it rests on."""

    low: float
    high: float
    quantile: float
    replicates: int


def replicates_for(groups: int, level: float = 0.95) -> int:
    """How many replicates are drawn: fewer where there are very many pairs, more where the level takes them."""
    pairs = groups * (groups - 1) // 2
    return enough(REPLICATES if pairs <= PAIRS_BEFORE_FEWER_REPLICATES else FEWER_REPLICATES, level)


def max_t(blocks: Sequence[Block], *, level: float) -> float:
    """The quantile over replicates of the largest studentised pair contrast of all blocks."""
    largest = np.zeros(blocks[0].error.shape[1])
    for block in blocks:
        for squares in _squared_contrasts(block):
            np.maximum(largest, squares, out=largest)
    return math.sqrt(quantile(largest, level))


def gap(blocks: Sequence[Block], *, level: float, is_mean: bool = False) -> Gap:
    """Interval of the largest max-min over the blocks: of one rate, or of the worst (or the mean) of several."""
    factor = max_t(blocks, level=level)
    ends = np.array([_projected(block, factor) for block in blocks])
    low, high = ends.mean(axis=0) if is_mean else ends.max(axis=0)
    return Gap(float(low), float(high), factor, blocks[0].error.shape[1])


def worst(block: Block, *, level: float, highest: bool = False) -> Gap:
    """Interval of the lowest (or highest) of the groups' values, from intervals that hold for all groups at once."""
    largest = np.max(block.error**2 / _positive(block.error_variance), axis=0)
    factor = math.sqrt(quantile(largest, level))
    half = factor * np.sqrt(block.variance)
    pick = np.max if highest else np.min
    low, high = float(pick(block.estimate - half)), float(pick(block.estimate + half))
    return Gap(low, high, factor, block.error.shape[1])


def log_ratio(block: Block, *, level: float) -> Gap:
    """Interval of min/max on the log scale."""
    found = gap([log_block(block)], level=level)
    return Gap(math.exp(-found.high), math.exp(-found.low), found.quantile, found.replicates)


def _projected(block: Block, factor: float) -> tuple[float, float]:
    """The interval of max-min that follows from the intervals of all pairs."""
    first, second = np.triu_indices(len(block.estimate), k=1)
    difference = block.estimate[first] - block.estimate[second]
    half = factor * np.sqrt(block.variance[first] + block.variance[second])
    bounds = np.abs(np.stack([difference - half, difference + half]))
    apart = np.abs(difference) > half
    return float(np.max(np.where(apart, bounds.min(axis=0), 0.0))), float(bounds.max())


def _squared_contrasts(block: Block) -> Iterator[FloatArray]:
    """Per first group of a pair, the largest squared studentised contrast in every replicate."""
    error, variance = block.error, block.error_variance
    for i in range(len(error) - 1):
        contrast = error[i] - error[i + 1 :]
        np.square(contrast, out=contrast)
        contrast /= _positive(variance[i] + variance[i + 1 :])
        yield contrast.max(axis=0)


def _positive(variance: FloatArray) -> FloatArray:
    """Variances of zero belong to estimates without error, whose contrast is zero too."""
    return np.maximum(variance, np.finfo(np.float64).tiny)
