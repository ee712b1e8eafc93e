"""Random draws: one generator per metric, derived from the seed of the evaluation."""

import hashlib

import numpy as np


def generator(seed: int, metric: str) -> np.random.Generator:
    """The generator of one metric, so that a reading can be computed again without the others."""
    key = int.from_bytes(hashlib.sha256(metric.encode()).digest()[:8], "big")
    return np.random.default_rng([seed, key])
