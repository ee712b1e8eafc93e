"""Rows that share what an intruder may know: how many they are, and how much they differ in what must stay secret."""

import math
from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import Json
from evaluators.inputs.tables import Categorical, sort_codes
from evaluators.subjects.columns import number


def classes(columns: list[Categorical]) -> IntArray:
    """Codes 0.. of the observed combinations, one per row."""
    codes = np.zeros(len(columns[0].codes), dtype=np.int64)
    for item in columns:
        _, codes = np.unique(codes * len(item.values) + item.codes, return_inverse=True)
    return codes.astype(np.int64)


def sizes(codes: IntArray) -> Json:
    """How many classes have how many rows: {size: classes} as pairs, which k and uniqueness are functions of."""
    size, times = np.unique(np.bincount(codes), return_counts=True)
    return {"sizes": [[int(s), int(t)] for s, t in zip(size, times, strict=True)]}


def diversity(codes: IntArray, secret: Categorical) -> Json:
    """The least diverse class: by distinct values, and by the exponential of its entropy.

    An absent value is no value of its own: beside one that is there it hides nothing. Classes without any are left out.
    """
    table = _table(codes, secret)[:, [bool(value.strip()) for value in secret.values]]
    table = table[table.sum(axis=1) > 0]
    if not len(table):
        return {"distinct": 0, "entropy": 0.0}
    share = table / table.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(table > 0, share * np.log(share), 0.0).sum(axis=1)
    distinct = np.count_nonzero(table, axis=1)
    return {"distinct": int(distinct.min()), "entropy": float(math.exp(max(entropy.min(), 0.0)))}


def by_value(secret: Categorical) -> Categorical:
    """A column of numbers with one code per number: 30 and 30.0 are no two secrets. Other columns as they are."""
    found = [number(value) for value in secret.values]
    if None in found:
        return secret
    firsts: dict[str | float | Decimal, str] = {}
    texts = [
        firsts.setdefault(value if one is None or math.isnan(one) else _exactly(value, one), value)
        for value, one in zip(secret.values, found, strict=True)
    ]
    index = {text: code for code, text in enumerate(firsts.values())}
    codes = np.array([index[text] for text in texts], dtype=np.int64)
    return sort_codes(codes[secret.codes], list(index))


def _exactly(value: str, number: float) -> float | Decimal:
    """All digits of a number; of one beyond what can be counted with, its nearest."""
    try:
        return Decimal(value.strip())
    except InvalidOperation:
        return number


def closeness(codes: IntArray, secret: Categorical, *, ordered: bool) -> float:
    """The largest distance between a class's distribution and that of the whole table."""
    table = _table(codes, secret)
    difference = table / table.sum(axis=1, keepdims=True) - table.sum(axis=0) / table.sum()
    return float(distances(difference[:, _order(secret)] if ordered else difference, ordered=ordered).max())


def distances(difference: FloatArray, *, ordered: bool) -> FloatArray:
    """Earth mover's distance from rows of differences: between neighbours 1/(m - 1) if ordered, else 1 between any."""
    if not ordered:
        return np.asarray(np.abs(difference).sum(axis=1) / 2)
    moved = np.abs(np.cumsum(difference, axis=1)).sum(axis=1)
    return np.asarray(moved / max(difference.shape[1] - 1, 1))


def is_number(item: Categorical) -> bool:
    try:
        return all(math.isfinite(float(value)) for value in item.values)
    except ValueError:
        return False


def _order(secret: Categorical) -> NDArray[np.int64]:
    """Numbers by their size, words as they are sorted."""
    if is_number(secret):
        return np.argsort([float(value) for value in secret.values], kind="stable")
    return np.arange(len(secret.values))


def _table(codes: IntArray, secret: Categorical) -> IntArray:
    """Rows per class and value, (classes, values)."""
    shape = (int(codes.max()) + 1, len(secret.values))
    return np.bincount(codes * shape[1] + secret.codes, minlength=shape[0] * shape[1]).reshape(shape)
