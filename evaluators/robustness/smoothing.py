"""Randomised smoothing (Cohen, Rosenfeld and Kolter 2019): radii within which the smoothed answer can't change."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.libraries import library
from evaluators.models.model import Model

BLOCK = 1 << 22


@dataclass(frozen=True)
class Certificate:
    """What the smoothed model says, how many of `draws` noisy copies agree, and the radius; 0 where it abstains."""

    label: int
    agreeing: int
    draws: int
    radius: float


def lower_bound(agreeing: int, draws: int, *, alpha: float) -> float:
    """Clopper and Pearson's one-sided lower bound of a share."""
    if agreeing == 0:
        return 0.0
    return float(library("scipy.special").betaincinv(agreeing, draws - agreeing + 1, alpha))


def radius_of(agreeing: int, draws: int, *, sigma: float, alpha: float) -> float:
    """sigma times the normal quantile of the share's lower bound; 0, to abstain, where that is not above one half."""
    low = lower_bound(agreeing, draws, alpha=alpha)
    return sigma * NormalDist().inv_cdf(low) if low > 0.5 else 0.0


def certify(
    model: Model, row: FloatArray, *, sigma: float, selecting: int, draws: int, alpha: float, rng: np.random.Generator
) -> Certificate:
    """Choose the label on some noisy copies and count its share on others, so that the choice doesn't flatter it."""
    label = int(counted(model, row, sigma, selecting, rng).argmax())
    agreeing = int(counted(model, row, sigma, draws, rng)[label])
    return Certificate(label, agreeing, draws, radius_of(agreeing, draws, sigma=sigma, alpha=alpha))


def counted(model: Model, row: FloatArray, sigma: float, draws: int, rng: np.random.Generator) -> IntArray:
    """How often each label is the answer to the row with normal noise."""
    counts = np.zeros(len(model.classes), dtype=np.int64)
    size = max(1, BLOCK // row.size)
    for start in range(0, draws, size):
        noise = rng.standard_normal((min(size, draws - start), row.size))
        counts += np.bincount(model.labels(row + sigma * noise), minlength=len(counts))
    return counts
