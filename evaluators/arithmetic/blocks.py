"""Estimates of several groups with draws of their errors, from which simultaneous intervals are made.

Groups are put in the order of their counts before anything is drawn, so names and order don't matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray, shares


@dataclass(frozen=True)
class Block:
    """Smoothed estimates of some groups, and their values in every replicate, shaped (groups, replicates)."""

    estimate: FloatArray
    variance: FloatArray
    error: FloatArray
    error_variance: FloatArray


def smoothed(x: NDArray[Any], m: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """(x+1)/(m+2) and its variance."""
    p = (np.asarray(x, dtype=np.float64) + 1) / (np.asarray(m, dtype=np.float64) + 2)
    return p, p * (1 - p) / (np.asarray(m, dtype=np.float64) + 2)


def binomial_block(x: IntArray, m: IntArray, *, replicates: int, rng: np.random.Generator) -> Block:
    """Groups as independent binomials, their denominators fixed. x and m have one entry per group."""
    order = np.lexsort((x, m))
    x, m = np.asarray(x)[order], np.asarray(m)[order]
    p, v = smoothed(x, m)
    drawn = rng.binomial(m[:, None], p[:, None], size=(len(m), replicates))
    p_star, v_star = smoothed(drawn, m[:, None])
    return Block(p, v, p_star - p[:, None], v_star)


def multinomial_blocks(
    counts: IntArray, rates: Sequence[str], *, replicates: int, rng: np.random.Generator
) -> list[Block]:
    """Several rates that share rows, drawn together from one multinomial over all cells."""
    flat = counts.reshape(len(counts), -1)
    counts = counts[np.lexsort(flat.T)]
    weights = (counts + 0.5) / (counts + 0.5).sum()
    drawn = rng.multinomial(int(counts.sum()), weights.ravel(), size=replicates).reshape(replicates, *counts.shape)
    blocks = []
    for name in rates:
        p, v = smoothed(*shares(counts, name))
        p_star, v_star = smoothed(*shares(drawn, name))
        hits, base = shares(counts + 0.5, name)
        centre = np.asarray(hits, dtype=np.float64) / np.asarray(base, dtype=np.float64)
        blocks.append(Block(p, v, (p_star - centre).T, v_star.T))
    return blocks


def normal_block(estimate: FloatArray, variance: FloatArray, *, replicates: int, rng: np.random.Generator) -> Block:
    """Estimates with known variances and normal errors, such as areas under a curve."""
    order = np.lexsort((variance, estimate))
    estimate, variance = np.asarray(estimate)[order], np.asarray(variance)[order]
    error = rng.standard_normal((len(estimate), replicates)) * np.sqrt(variance)[:, None]
    return Block(estimate, variance, error, np.broadcast_to(variance[:, None], error.shape))


def skewed_block(
    estimate: FloatArray,
    variance: FloatArray,
    skewness: FloatArray,
    n: IntArray,
    *,
    replicates: int,
    rng: np.random.Generator,
) -> Block:
    """Means of n rows each, given their variances and the skewness of a row, right to second order in 1/sqrt(n).

    The error follows Cornish and Fisher; the estimated variance goes along with it as the third moment says, and
    scatters by what a gamma law of that skewness leaves (without skewness this is Student's t). A small group can't
    show how skewed its rows are, so each is taken to be at least as skewed as all groups are on average.
    """
    order = np.lexsort((variance, estimate))
    estimate, variance, skewness, n = (np.asarray(one)[order] for one in (estimate, variance, skewness, n))
    usual = float(np.average(skewness, weights=n))
    lean = (np.where(np.abs(skewness) > abs(usual), skewness, usual) / np.sqrt(n))[:, None]
    normal = rng.standard_normal((len(n), replicates))
    error = np.sqrt(variance)[:, None] * (normal + lean * (normal**2 - 1) / 6)
    shape = np.broadcast_to((n[:, None] - 1) / (2 + lean**2 * n[:, None] / 2), normal.shape)
    scatter = np.exp(lean * normal - lean**2 / 2) * rng.gamma(shape) / shape
    return Block(estimate, variance, error, variance[:, None] * scatter)


def weighted_block(
    rows: IntArray, weight: FloatArray, squares: FloatArray, *, replicates: int, rng: np.random.Generator
) -> Block:
    """Weighted shares of hits, from rows and sums of weights and of squares, each shaped (groups, 2), hits first.

    Rows count as Kish's effective ones, at the scatter of their own outcome's weights or that of all rows if it is
    larger, for few rows hide theirs. One hit and one miss are added, which weigh what such rows do in all groups. With
    equal weights this is `binomial_block`.
    """
    order = np.lexsort((weight[:, 0], weight.sum(axis=1)))
    rows, weight, squares = rows[order], weight[order], squares[order]
    design = rows * squares / np.where(rows > 0, weight, 1.0) ** 2
    units = rows / np.maximum(design, (rows * design).sum() / rows.sum())
    mean, usual = weight.sum(axis=1, keepdims=True) / units.sum(axis=1, keepdims=True), weight.sum() / units.sum()
    added = mean * _per_unit(weight.sum(axis=0), units.sum(axis=0), otherwise=usual) / usual
    each = _per_unit(weight, units, otherwise=added)
    size = np.maximum(1, np.rint(units.sum(axis=1))).astype(np.int64)[:, None]
    hits = rng.binomial(size, ((units[:, 0] + 1) / (units.sum(axis=1) + 2))[:, None], (len(size), replicates))
    p, v = _weighted_share(units[:, :1], units[:, 1:], each, added)
    p_star, v_star = _weighted_share(hits, size - hits, each, added)
    return Block(p[:, 0], v[:, 0], p_star - p, v_star)


def _per_unit(weight: FloatArray, units: FloatArray, *, otherwise: FloatArray) -> FloatArray:
    return np.where(units > 0, weight / np.where(units > 0, units, 1.0), otherwise)


def _weighted_share(
    hits: NDArray[Any], misses: NDArray[Any], each: FloatArray, added: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The share of weight of hits, one added to either kind, and its variance by the delta method."""
    gained, lost = hits * each[:, :1] + added[:, :1], misses * each[:, 1:] + added[:, 1:]
    p = gained / (gained + lost)
    return p, (p * (1 - p)) ** 2 * (1 / (hits + 1) + 1 / (misses + 1))


def log_block(block: Block) -> Block:
    """The same rates on the log scale. Needs rates strictly above 0, which smoothed rates are."""
    p_star = block.estimate[:, None] + block.error
    variance = block.variance / block.estimate**2
    return Block(
        np.log(block.estimate),
        variance,
        np.log(p_star) - np.log(block.estimate)[:, None],
        block.error_variance / p_star**2,
    )
