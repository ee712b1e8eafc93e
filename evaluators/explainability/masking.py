"""What the output does when features are taken away, added or shaken: curves, gaps and correlations per row."""

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.explainability.shapley import masked_means
from evaluators.models.estimators import Function

MAX_CELLS = 20_000_000
Mask = NDArray[np.bool_]


def kept_after_removing(order: IntArray) -> Mask:
    """Masks (n, d+1, d): after k removals in this order, the features still kept."""
    n, d = order.shape
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(d), (n, d)), axis=1)
    return np.asarray(rank[:, None, :] >= np.arange(d + 1)[None, :, None])


def curves(
    function: Function, background: FloatArray, rows: FloatArray, order: IntArray
) -> tuple[FloatArray, FloatArray]:
    """(n, d+1) each: the output while features are removed, and while they are added, in this order."""
    kept = kept_after_removing(order)
    return masked_means(function, background, rows, kept), masked_means(function, background, rows, ~kept)


def area(curve: FloatArray) -> FloatArray:
    """Under each curve by the trapezoid rule, steps 1/d apart."""
    d = curve.shape[1] - 1
    return np.asarray((curve[:, 1:] + curve[:, :-1]).sum(axis=1) / (2 * d))


def by_value(phi: FloatArray) -> IntArray:
    """Features in the order of their attribution, the most supporting first."""
    return np.argsort(-phi, axis=1, kind="stable")


def against_random(
    function: Function,
    background: FloatArray,
    rows: FloatArray,
    phi: FloatArray,
    *,
    orders: int,
    rng: np.random.Generator,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Per row the deletion and insertion area less the mean area of random orders; and the four mean curves."""
    ranked = curves(function, background, rows, by_value(phi))
    total = [np.zeros_like(ranked[0]), np.zeros_like(ranked[1])]
    for _ in range(orders):
        drawn = curves(
            function, background, rows, rng.permuted(np.tile(np.arange(rows.shape[1]), (len(rows), 1)), axis=1)
        )
        total = [one + more for one, more in zip(total, drawn, strict=True)]
    random = [one / orders for one in total]
    found = {name: area(ranked[i]) - area(random[i]) for i, name in enumerate(("deletion", "insertion"))}
    shown = {"deletion": ranked[0].mean(axis=0), "insertion": ranked[1].mean(axis=0)}
    return found, shown | {"deletion, random": random[0].mean(axis=0), "insertion, random": random[1].mean(axis=0)}


def prediction_gaps(
    function: Function, rows: FloatArray, phi: FloatArray, *, top: int, scale: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Per row the mean |change of output| when the `top` features by |phi|, and when the others, get noise.

    `noise` is (S, d), standard normal, `scale` (d,) its size per feature; the same draws for every row.
    """
    important = top_mask(phi, top)
    before = np.asarray(function(rows))
    return (
        _mean_change(function, rows, before, important, noise * scale),
        _mean_change(function, rows, before, ~important, noise * scale),
    )


def top_mask(phi: FloatArray, top: int) -> Mask:
    """(n, d): exactly the `top` largest features by |phi|; ties go to the first."""
    order = np.argsort(-np.abs(phi), axis=1, kind="stable")[:, :top]
    mask = np.zeros(phi.shape, dtype=bool)
    np.put_along_axis(mask, order, True, axis=1)
    return mask


def _mean_change(function: Function, rows: FloatArray, before: FloatArray, mask: Mask, noise: FloatArray) -> FloatArray:
    d, size = rows.shape[1], max(1, MAX_CELLS // noise.size)
    parts = []
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        shaken = rows[part, None, :] + noise * mask[part, None, :]
        outputs = np.asarray(function(shaken.reshape(-1, d))).reshape(-1, len(noise))
        parts.append(np.abs(outputs - before[part, None]).mean(axis=1))
    return np.concatenate(parts)


def faithfulness(
    function: Function,
    background: FloatArray,
    rows: FloatArray,
    phi: FloatArray,
    *,
    subsets: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Per row, Pearson's correlation over random subsets of their summed phi and the fall of the output without them.

    NaN where either doesn't vary.
    """
    n, d = rows.shape
    removed = rng.random((n, subsets, d)) < rng.random((n, subsets, 1))
    fall = np.asarray(function(rows))[:, None] - masked_means(function, background, rows, ~removed)
    return pearson((removed * phi[:, None, :]).sum(axis=2), fall)


def pearson(a: FloatArray, b: FloatArray) -> FloatArray:
    """Per row of two matrices; NaN where one of them is constant but for rounding."""
    x, y = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    norms = np.sqrt((x * x).sum(axis=1)), np.sqrt((y * y).sum(axis=1))
    floor = [1e-12 * np.maximum(np.abs(one).max(axis=1), np.finfo(np.float64).tiny) for one in (a, b)]
    varies = (norms[0] > floor[0]) & (norms[1] > floor[1])
    product = np.where(varies, norms[0] * norms[1], 1.0)
    return np.where(varies, (x * y).sum(axis=1) / product, np.nan)
