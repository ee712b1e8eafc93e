"""Two windows in the same bins: quantiles of the reference, fixed once; categories as they are."""

from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import Json
from evaluators.inputs.tables import Categorical
from evaluators.language.pii import hidden
from evaluators.subjects.columns import joined, numbers

BINS = 10
MAX_CATEGORIES = 50
# Values that have fewer rows than this in both windows are not named.
FEW = 5


@dataclass(frozen=True)
class Binned:
    """Counts of both windows in the same cells, and what the cells are called."""

    names: tuple[str, ...]
    reference: IntArray
    current: IntArray


def edges_of(reference: FloatArray, *, bins: int = BINS) -> FloatArray:
    """Inner edges at the reference's quantiles; fewer where quantiles coincide. Absent values are left out."""
    known = reference[np.isfinite(reference)]
    return np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))


def in_quantiles(reference: FloatArray, current: FloatArray, *, bins: int = BINS) -> Binned:
    """Numbers in bins of the reference. Absent values have a bin of their own if there are any."""
    edges = edges_of(reference, bins=bins)
    shown = [f"{edge:.4g}" for edge in edges]
    names = [f"≤ {shown[0]}", *(f"{a} to {b}" for a, b in zip(shown, shown[1:], strict=False)), f"> {shown[-1]}"]
    counts = [_counts(values, edges) for values in (reference, current)]
    kept = len(names)
    if counts[0][-1] or counts[1][-1]:
        names, kept = [*names, "(absent)"], kept + 1
    return Binned(tuple(names), counts[0][:kept], counts[1][:kept])


def in_categories(reference: Categorical, current: Categorical) -> Binned:
    """Words in cells of their own: the commonest of the reference, and one cell for all others."""
    both = joined(reference, current)
    parts = both.codes[: len(reference.codes)], both.codes[len(reference.codes) :]
    counts = [np.bincount(part, minlength=len(both.values)) for part in parts]
    order = np.lexsort((np.arange(len(both.values)), -counts[0]))
    kept, rest = np.sort(order[:MAX_CATEGORIES]), order[MAX_CATEGORIES:]
    names = [_told(both.values[i], max(one[i] for one in counts)) for i in kept.tolist()]
    folded = [np.append(one[kept], one[rest].sum()) if rest.size else one[kept] for one in counts]
    return Binned((*names, "(other)") if rest.size else tuple(names), *folded)


def _told(value: str, rows: int) -> str:
    """What a cell is called where many may read it: rare values may be names of people, and of common ones their
    addresses and numbers are hidden."""
    if not value:
        return "(absent)"
    return hidden(value) if rows >= FEW else f"(fewer than {FEW} rows)"


def both_numbers(reference: Categorical, current: Categorical) -> tuple[FloatArray, FloatArray] | None:
    """Both windows as numbers, or None if either holds something else."""
    first, second = numbers(reference), numbers(current)
    return None if first is None or second is None else (first, second)


def as_statistics(binned: Binned) -> Json:
    return {
        "names": list(binned.names),
        "reference": binned.reference.tolist(),
        "current": binned.current.tolist(),
    }


def _counts(values: FloatArray, edges: FloatArray) -> IntArray:
    """Counts per bin; the last cell counts absent values."""
    codes = np.searchsorted(edges, values, side="left")
    codes[np.isnan(values)] = len(edges) + 1
    return np.bincount(codes, minlength=len(edges) + 2).astype(np.int64)
