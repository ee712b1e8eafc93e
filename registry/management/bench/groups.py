"""Group-metric intervals: the exact multinomial bootstrap against a bootstrap that resamples rows."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import accuracy_score

from evaluators.arithmetic.blocks import binomial_block
from evaluators.arithmetic.counts import IntArray, rate, tally
from evaluators.arithmetic.simultaneous import gap
from registry.management.bench.figures import Figure
from registry.management.bench.timing import median, timed

ROWS = 1_000_000
SHARES = (0.5, 0.3, 0.15, 0.05)
METRICS = ("selection_rate", "tpr", "fpr", "accuracy")
RIVALS = (selection_rate, true_positive_rate, false_positive_rate, accuracy_score)
REPLICATES = 10_000
RIVAL_REPLICATES = 2
ROUNDS = 7


def rows(n: int) -> tuple[IntArray, IntArray, IntArray]:
    """Groups, labels and predictions of `n` rows, the same at every run."""
    rng = np.random.default_rng(7)
    group = rng.choice(len(SHARES), size=n, p=SHARES)
    label = (rng.random(n) < 0.3 + 0.05 * group).astype(np.int64)
    prediction = (rng.random(n) < 0.2 + 0.5 * label).astype(np.int64)
    return group, label, prediction


def intervals(group: IntArray, label: IntArray, prediction: IntArray) -> list[tuple[float, float]]:
    """From rows to the simultaneous interval of each metric's gap, counting included."""
    counts = tally(group, label, prediction, groups=len(SHARES))
    rng = np.random.default_rng(11)
    found = []
    for name in METRICS:
        x, m = rate(counts, name)
        block = binomial_block(x, m, replicates=REPLICATES, rng=rng)
        measured = gap([block], level=0.95)
        found.append((measured.low, measured.high))
    return found


def measure(*, say: Callable[[str], Any], **_: Any) -> Iterator[Figure]:
    """Both sides at a million rows; the rival's replicates are few and its time is scaled up to ours."""
    group, label, prediction = rows(ROWS)
    ours = median(lambda: intervals(group, label, prediction), rounds=ROUNDS)
    say(f"groups: ours took {ours * 1000:.1f} ms; next fairlearn, {RIVAL_REPLICATES} replicates, about a minute")
    features = pd.Series(group.astype(str))
    rival = timed(lambda: _rival(label, prediction, features))
    scaled = rival / (RIVAL_REPLICATES + 1) * (REPLICATES + 1)
    yield Figure(
        name="group-metric intervals, 10^6 rows, 4 groups, 4 metrics, 10,000 replicates",
        value=ours * 1000,
        unit="ms",
        against=f"fairlearn MetricFrame(n_boot={RIVAL_REPLICATES}), scaled to {REPLICATES:,} replicates",
        rival=scaled * 1000,
        ratio=scaled / ours,
        aim="ratio ≥ 10,000 and ≤ 100 ms",
        note=f"median of {ROUNDS}; fairlearn took {rival:.1f} s; its cost is linear in the replicates",
    )


def _rival(label: IntArray, prediction: IntArray, features: "pd.Series[str]") -> None:
    MetricFrame(
        metrics={function.__name__: function for function in RIVALS},
        y_true=label,
        y_pred=prediction,
        sensitive_features=features,
        n_boot=RIVAL_REPLICATES,
        ci_quantiles=[0.025, 0.975],
        random_state=1,
    )
