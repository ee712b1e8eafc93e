"""What a model answers when somebody is exchanged for somebody else: changed labels and moved scores, per cluster."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from evaluators.arithmetic.clusters import Clusters, Moments
from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import OVERALL, Json
from evaluators.fairness.counterfactual_cases import Case
from evaluators.language.identity import Swap
from evaluators.language.wording import shortened
from evaluators.subjects.texts import Asker

PROBABILITY, LOG_ODDS = "probability", "log-odds"
# What stands before this many characters is read by every tokeniser that is worth asking.
SURELY_READ = 200
SMALLEST = 1e-300
SAME = 1e-6


@dataclass(frozen=True)
class Change:
    """One exchange: the labels before and after, and how far the score moved."""

    case: Case
    swap: Swap
    before: str
    after: str
    gap: float
    is_hidden: bool

    @property
    def is_flip(self) -> bool:
        return self.before != self.after


def changes(cases: Sequence[Case], asker: Asker, *, scale: str, position: int | None) -> list[Change]:
    """Ask about every text of the cases, before and after each exchange."""
    pairs = [(case, swap) for case in cases for swap in case.swaps]
    asker.ask_ahead([text for case, swap in pairs for text in (case.text, swap.text)])
    found = []
    for case, swap in pairs:
        scores = asker.probabilities([case.text, swap.text])
        before, after = asker.labels([case.text, swap.text])
        is_hidden = _is_same(scores) and _is_unread(case, swap, asker)
        found.append(Change(case, swap, before, after, _moved(scores, scale, position), is_hidden))
    return found


def summed(found: Sequence[Change]) -> Json:
    """Clusters of flips and moments of gaps per slice; exchanges the model can't have read are left out."""
    read = [change for change in found if not change.is_hidden]
    slices = {OVERALL: read}
    for key, of in (("set", lambda change: change.swap.set), ("source", lambda change: change.case.source)):
        for value in sorted({of(change) for change in read}):
            slices[f"{key}={value}"] = [change for change in read if of(change) == value]
    return {name: _clustered(part) for name, part in slices.items()}


def pairs_table(found: Iterable[Change], *, rows: int) -> list[list[object]]:
    """The exchanges that changed most, flips first."""
    ordered = sorted(found, key=lambda change: (-change.is_flip, -change.gap, change.case.text, change.swap.text))
    return [
        [
            shortened(change.case.text),
            shortened(change.swap.text),
            change.swap.set,
            change.before,
            change.after,
            round(change.gap, 4),
        ]
        for change in ordered[:rows]
    ]


def _clustered(found: Sequence[Change]) -> Json:
    by_cluster: dict[str, list[Change]] = defaultdict(list)
    for change in found:
        by_cluster[change.case.cluster].append(change)
    parts = list(by_cluster.values())
    gaps = Moments.of([sum(change.gap for change in part) for part in parts], [len(part) for part in parts])
    return {
        "flips": Clusters.of((sum(change.is_flip for change in part), len(part)) for part in parts).cells,
        "gaps": list(astuple(gaps)),
    }


def _moved(scores: FloatArray, scale: str, position: int | None) -> float:
    """How far two rows of probabilities lie apart: of one class in log-odds, or half of the summed differences."""
    if scale == LOG_ODDS and position is not None:
        p = np.clip(scores[:, position], SMALLEST, 1)
        rest = np.clip(np.delete(scores, position, axis=1).sum(axis=1), SMALLEST, 1)
        odds = np.log(p) - np.log(rest)
        return float(abs(odds[0] - odds[1]))
    return float(np.abs(scores[0] - scores[1]).sum() / 2)


def _is_unread(case: Case, swap: Swap, asker: Asker) -> bool:
    """Whether the model gives the same scores when all from the first exchanged word on is something else."""
    start = swap.changed[0].start
    if start < SURELY_READ or asker.model.score_kind == "label":
        return False
    scores = asker.probabilities([case.text, case.text[:start] + case.text[:SURELY_READ]])
    return _is_same(scores)


def _is_same(scores: FloatArray) -> bool:
    """Equal but for what another batch changes."""
    return bool(np.abs(scores[0] - scores[1]).max() < SAME)
