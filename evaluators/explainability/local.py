"""Local linear surrogates: what a weighted least-squares plane around each row says of the features."""

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import generator
from evaluators.models.estimators import Function
from evaluators.models.model import Model

NEIGHBOURS = 20
RIDGE = 1e-6
WIDTH = 0.75
MAX_CELLS = 20_000_000


def local_linear(
    _model: Model, function: Function, background: FloatArray, rows: FloatArray, _favourable: str | None, seed: int
) -> tuple[FloatArray, float]:
    """phi (n, d): slope of the plane times distance from the background's mean; and the background's mean output.

    Neighbours are drawn around each row with the background's spread and weighted by their closeness, the kernel's
    width .75 times the root of d. All rows of a part are solved at once. Beyond a thousand features there are fewer
    neighbours per feature, as many as fit into memory.
    """
    d = rows.shape[1]
    scale = background.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    samples = max(200, min(NEIGHBOURS * d, max(MAX_CELLS // d, 2 * d)))
    steps = generator(seed, "local linear").standard_normal((samples, d))
    weight = np.exp(-(steps**2).sum(axis=1) / (2 * WIDTH**2 * d))
    design = np.column_stack([np.ones(samples), steps])
    left = design.T @ (design * weight[:, None]) + RIDGE * np.eye(d + 1)
    solve = np.linalg.solve(left, (design * weight[:, None]).T)
    size = max(1, MAX_CELLS // (samples * d))
    slopes = []
    for start in range(0, len(rows), size):
        near = rows[start : start + size, None, :] + steps * scale
        outputs = np.asarray(function(near.reshape(-1, d))).reshape(-1, samples)
        slopes.append((solve @ outputs.T)[1:].T / scale)
    phi = np.concatenate(slopes) * (rows - background.mean(axis=0))
    return phi, float(function(background).mean())
