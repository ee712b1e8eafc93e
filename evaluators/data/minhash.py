"""Near-duplicate texts: shingles, MinHash signatures, banding, and Jaccard similarity checked on every candidate."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import IntArray

BANDS, PER_BAND = 20, 5
SHINGLE = 5
MAX_BUCKET = 50
CHUNK = 2_000
Hashes = NDArray[np.uint64]
Places = NDArray[np.int32]
Scored = tuple[int, int, float]
# An odd multiplier of the rolling hash.
BASE = 0x9E3779B97F4A7C15


def normal(text: str) -> str:
    """The text without differences of case, of spaces and of the way letters are encoded."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()


def shingles(text: str) -> Hashes:
    """Sorted hashes of the different runs of five characters; a shorter text is one run."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64) + np.uint64(1)
    width = max(1, min(SHINGLE, len(letters)))
    total = np.zeros(max(1, len(letters) - width + 1), dtype=np.uint64)
    for i in range(min(width, len(letters))):
        total = total * np.uint64(BASE) + letters[i : len(letters) - width + 1 + i]
    return np.unique(total ^ (total >> np.uint64(29)))


def jaccard(first: Hashes, second: Hashes) -> float:
    """Shared runs over all runs of two texts."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)


def signatures(sets: Sequence[Hashes], rng: np.random.Generator) -> Hashes:
    """One row of 100 minima per set; two rows agree in a place with a chance near the sets' similarity."""
    size = BANDS * PER_BAND
    factors = rng.integers(1, 1 << 63, size, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = rng.integers(0, 1 << 63, size, dtype=np.uint64)
    found = np.empty((len(sets), size), dtype=np.uint64)
    for start in range(0, len(sets), CHUNK):
        part = sets[start : start + CHUNK]
        flat = np.concatenate(part)
        begins = np.concatenate([[0], np.cumsum([len(item) for item in part])[:-1]])
        for j in range(size):
            mixed = flat * factors[j] + offsets[j]
            mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(BASE)
            found[start : start + len(part), j] = np.minimum.reduceat(mixed >> np.uint64(16), begins)
    return found


def candidates(rows: Hashes) -> Iterator[tuple[int, int]]:
    """Pairs that agree in all places of a band, each once. Of a very full bucket, all pairs with its first members.

    What was told before is known from the buckets themselves, so that memory grows with the rows and not with the
    pairs, of which nearly equal texts have thousands of times as many.
    """
    buckets, ranks = _bucketed(rows)
    for band in range(BANDS):
        order = np.argsort(buckets[band], kind="stable")
        starts = np.append(np.flatnonzero(ranks[band][order] == 0), len(order))
        for i in np.flatnonzero(np.diff(starts) > 1).tolist():
            members = order[starts[i] : starts[i + 1]]
            for k, first in enumerate(members[:MAX_BUCKET].tolist()):
                others = members[k + 1 :]
                together = buckets[:band, first, None] == buckets[:band, others]
                is_known = together & (np.minimum(ranks[:band, first, None], ranks[:band, others]) < MAX_BUCKET)
                yield from ((first, other) for other in others[~is_known.any(axis=0)].tolist())


def _bucketed(rows: Hashes) -> tuple[Places, Places]:
    """Per band, which bucket each row falls into and how many rows before it did, (bands, n) each."""
    buckets, ranks = (np.empty((BANDS, len(rows)), dtype=np.int32) for _ in range(2))
    for band in range(BANDS):
        part = np.ascontiguousarray(rows[:, band * PER_BAND : (band + 1) * PER_BAND])
        keys = part.view(np.dtype((np.void, part.itemsize * PER_BAND))).ravel()
        _, buckets[band] = np.unique(keys, return_inverse=True)
        order = np.argsort(buckets[band], kind="stable")
        first = np.searchsorted(buckets[band][order], buckets[band][order])
        ranks[band][order] = np.arange(len(rows)) - first
    return buckets, ranks


def near_pairs(texts: Sequence[str], *, threshold: float, rng: np.random.Generator) -> Iterator[Scored]:
    """Pairs of positions, first before second, whose similarity reaches the threshold, with the similarity.

    A pair of similarity s becomes a candidate with chance 1 − (1 − s⁵)²⁰; what is returned is always checked.
    """
    sets = [shingles(normal(text)) for text in texts]
    if len(sets) > 1:
        scored = ((i, j, jaccard(sets[i], sets[j])) for i, j in candidates(signatures(sets, rng)))
        yield from (pair for pair in scored if pair[2] >= threshold)


def components(n: int, pairs: Iterable[tuple[int, int]]) -> IntArray:
    """For every position the smallest position that is connected with it."""
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs:
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    return np.array([root(i) for i in range(n)], dtype=np.int64)


def caught(similarity: float, *, bands: int = BANDS, per_band: int = PER_BAND) -> float:
    """The chance that a pair of that similarity becomes a candidate."""
    return float(1 - (1 - similarity**per_band) ** bands)
