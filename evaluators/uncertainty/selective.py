"""Risk against coverage: how many of the most confident answers are wrong, from counts per step of confidence."""

from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray

MAX_PROBABILITY, MARGIN, ENTROPY = "max_probability", "margin", "entropy"
BY = (MAX_PROBABILITY, MARGIN, ENTROPY)
STEPS = 500
REPLICATES = 1_000


@dataclass(frozen=True)
class Steps:
    """Rows and errors per step of confidence, the most confident first. Rows within a step are in no order."""

    rows: IntArray
    errors: IntArray


def confidence(p: FloatArray, by: str) -> FloatArray:
    """(n,): higher is surer. Entropy counts downwards, in nats."""
    if by == MAX_PROBABILITY:
        return np.asarray(p.max(axis=1))
    if by == MARGIN:
        top = np.partition(p, -2, axis=1)[:, -2:]
        return np.asarray(top[:, 1] - top[:, 0])
    return -entropy(p)


def entropy(p: FloatArray) -> FloatArray:
    """In nats; 0 ln 0 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p), 0.0)
    return np.asarray(-terms.sum(axis=1))


def steps(score: FloatArray, wrong: FloatArray, *, limit: int = STEPS) -> Steps:
    """Counts per distinct confidence; beyond `limit` distinct values, per quantile step of it."""
    # Confidences that differ in the last bits come from the same probabilities in another order.
    values, codes = np.unique(np.round(score, 12), return_inverse=True)
    if len(values) > limit:
        edges = np.unique(np.quantile(score, np.linspace(0, 1, limit + 1)[1:-1]))
        codes, size = np.searchsorted(edges, score, side="right"), len(edges) + 1
    else:
        size = len(values)
    rows = np.bincount(codes, minlength=size)[::-1]
    errors = np.bincount(codes, weights=wrong, minlength=size)[::-1]
    used = rows > 0
    return Steps(rows[used].astype(np.int64), errors[used].astype(np.int64))


def aurc(found: Steps) -> float:
    """Mean over k of the expected share of errors among the k most confident rows."""
    return float(areas(found.rows[None], found.errors[None])[0])


def areas(rows: IntArray, errors: IntArray) -> FloatArray:
    """The same for many samples at once, shaped (samples, steps), each with the same number of rows."""
    n = int(rows[0].sum())
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])
    after = np.cumsum(rows, axis=1)
    before = after - rows
    share = errors / np.maximum(rows, 1)
    earlier = np.cumsum(errors, axis=1) - errors
    # Sum over k in a step of (earlier + (k - before) * share) / k.
    parts = share * rows + (earlier - before * share) * (harmonic[after] - harmonic[before])
    return np.asarray(parts.sum(axis=1) / n)


def oracle(n: int, errors: IntArray) -> FloatArray:
    """The area when all right answers come first: about e + (1-e) ln(1-e)."""
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])
    right = n - np.asarray(errors)
    return np.asarray((errors - right * (harmonic[n] - harmonic[right])) / n)


def risks_at(rows: IntArray, errors: IntArray, coverage: float) -> FloatArray:
    """Expected share of errors among the most confident `coverage` of the rows, per sample."""
    k = max(1, int(np.ceil(coverage * rows[0].sum() - 1e-9)))
    before = np.cumsum(rows, axis=1) - rows
    taken = np.clip(k - before, 0, rows)
    return np.asarray((errors * taken / np.maximum(rows, 1)).sum(axis=1) / k)


def resampled(
    found: Steps, rng: np.random.Generator, replicates: int = REPLICATES, *, unseen: float = 0.0
) -> tuple[IntArray, IntArray]:
    """Rows and errors per step when rows are drawn with replacement: one multinomial over the cells.

    So many `unseen` errors stand for those a sample may lack, spread evenly over its rows.
    """
    n = int(found.rows.sum())
    cells = np.concatenate([found.rows - found.errors, found.errors + unseen * found.rows / n])
    drawn = rng.multinomial(n, cells / cells.sum(), size=replicates)
    right, wrong = np.split(drawn, 2, axis=1)
    return right + wrong, wrong
