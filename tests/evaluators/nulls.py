"""How often equal groups, or equal windows, are told apart."""

from collections.abc import Callable

import numpy as np

BATCH, MOST = 2_000, 24_000
# What a test at the level of .05 may reach.
BOUND = 0.055


def null_rate(is_told_apart: Callable[[np.random.Generator], bool], *, seed: int) -> float:
    """The share of samples that are told apart although nothing differs.

    As many samples are drawn as it takes to tell the share from the bound: until it lies a standard error below, or
    three above, and 24,000 at most, whose standard error is .0015.
    """
    rng, told, runs = np.random.default_rng(seed), 0, 0
    while runs < MOST:
        told += sum(is_told_apart(rng) for _ in range(BATCH))
        runs += BATCH
        error = (BOUND * (1 - BOUND) / runs) ** 0.5
        if not BOUND - error < told / runs < BOUND + 3 * error:
            break
    return told / runs
