"""Three pieces of arithmetic that peers pay dearly for: membership scores, permutations of MMD, label-only attacks."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from evaluators.arithmetic.counts import FloatArray
from evaluators.monitoring import mmd
from evaluators.privacy import rmia
from evaluators.robustness.hopskipjump import hopskipjump
from registry.management.bench.figures import Figure
from registry.management.bench.timing import median

ROUNDS = 5
RATIOS, RIVAL_RATIOS = 100_000, 5_000
ROWS, COLUMNS, PERMUTATIONS, RIVAL_PERMUTATIONS = 1_000, 32, 1_000, 10


def measure(*, say: Callable[[str], Any], **_: Any) -> Iterator[Figure]:
    """Each against the plain way of doing it, which is measured on less and scaled up."""
    yield from membership()
    yield permutations()
    yield boundary(say=say)


def membership() -> Iterator[Figure]:
    """Scores of 100,000 rows against 100,000 others; the rival compares all pairs."""
    rng = np.random.default_rng(3)
    first, second = rng.lognormal(size=RATIOS), rng.lognormal(size=RATIOS)
    ours = median(lambda: rmia.scores(first, second), rounds=ROUNDS)
    dense = median(lambda: (first[:RIVAL_RATIOS, None] / second[None, :RIVAL_RATIOS] >= 1).mean(axis=1), rounds=ROUNDS)
    scaled = dense * (RATIOS / RIVAL_RATIOS) ** 2
    yield Figure(
        name="RMIA scores, N = Z = 10^5",
        value=ours * 1000,
        unit="ms",
        against=f"the matrix of all pairs at {RIVAL_RATIOS:,}, scaled by their number",
        rival=scaled * 1000,
        ratio=scaled / ours,
        aim="≤ 100 ms",
        note=f"median of {ROUNDS}",
    )
    held = peak(lambda: rmia.scores(first, second))
    yield Figure(
        name="RMIA scores, memory",
        value=held / (2 * RATIOS),
        unit="bytes a row",
        against="the matrix",
        rival=8 * RATIOS / 2,
        ratio=8 * RATIOS / 2 / (held / (2 * RATIOS)),
        aim="O(N)",
    )


def permutations() -> Figure:
    """A thousand permutations as products, and ten in a loop that gathers the matrix anew; the kernel is at hand."""
    rng = np.random.default_rng(4)
    first, second = rng.standard_normal((ROWS, COLUMNS)), rng.standard_normal((ROWS, COLUMNS)) + 0.05
    kernel = mmd.kernel(first, second, mmd.bandwidth(first))
    members = np.stack([rng.permutation(2 * ROWS) < ROWS for _ in range(RIVAL_PERMUTATIONS)])
    single = kernel.astype(np.float32)
    ours = median(lambda: mmd.permuted(single, ROWS, permutations=PERMUTATIONS, rng=rng), rounds=ROUNDS)
    loop = median(lambda: [gathered(kernel, one) for one in members], rounds=ROUNDS)
    scaled = loop * PERMUTATIONS / RIVAL_PERMUTATIONS
    return Figure(
        name="MMD, 1,000 permutations, n = m = 1,000",
        value=ours * 1000,
        unit="ms",
        against=f"a plain loop of {RIVAL_PERMUTATIONS}, scaled",
        rival=scaled * 1000,
        ratio=scaled / ours,
        aim="ratio ≥ 100",
        note=f"median of {ROUNDS}",
    )


def gathered(kernel: FloatArray, first: Any) -> float:
    """The statistic of one permutation by gathering its three blocks."""
    n, m = int(first.sum()), int((~first).sum())
    xx, yy, xy = kernel[first][:, first], kernel[~first][:, ~first], kernel[first][:, ~first]
    return float(xx.sum() / (n * (n - 1)) + yy.sum() / (m * (m - 1)) - 2 * xy.sum() / (n * m))


def boundary(*, say: Callable[[str], Any]) -> Figure:
    """How far HopSkipJump goes beyond the nearest point, on a linear model where that point is known."""
    images, digits = load_digits(return_X_y=True)
    rows, labels = images / 16, (digits >= 5).astype(np.int64)
    model = LogisticRegression(max_iter=3000).fit(rows[:1200], labels[:1200])
    asked, known = rows[1200:1300], labels[1200:1300]
    right = model.predict(asked) == known
    began = time.perf_counter()
    walk = hopskipjump(
        lambda points: model.predict(points).astype(np.int64),
        asked[right],
        known[right],
        others=rows[:100],
        rng=np.random.default_rng(5),
    )
    exact = np.abs(model.decision_function(asked[right])) / np.linalg.norm(model.coef_)
    say(f"kernels: HopSkipJump walked {right.sum()} rows in {time.perf_counter() - began:.0f} s")
    found = walk.distances / exact
    return Figure(
        name="HopSkipJump on a linear model, distance over the exact minimum",
        value=float(np.median(found)),
        unit="median",
        against="the exact minimum",
        rival=1.0,
        ratio=float(np.median(found)),
        aim="≤ 1.03",
        note=f"95th percentile {np.quantile(found, 0.95):.3f}, lowest {found.min():.4f}, "
        f"{int(np.median(walk.queries)):,} queries a row",
    )


def peak(work: Callable[[], Any]) -> int:
    """The most bytes held at once beyond what was held before."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most
