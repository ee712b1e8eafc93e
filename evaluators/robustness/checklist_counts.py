"""What a model answered to behavioural trials: the failures, counted per template, and the table that shows them."""

from collections.abc import Sequence

from evaluators.arithmetic.clusters import Clusters
from evaluators.contract import OVERALL, Evidence, Json
from evaluators.language.wording import shortened
from evaluators.robustness.checklist_templates import DIR, DOWN, INV, KINDS, MFT, Trial
from evaluators.subjects.texts import Asker

SHOWN = 60


def failed_among(
    trials: Sequence[Trial], asker: Asker, position: int | None, tolerance: float
) -> list[tuple[Trial, str]]:
    """The trials that failed, each with what the model answered."""
    asker.ask_ahead([text for trial in trials for text in trial.asked])
    failures = []
    for trial in trials:
        before, after = asker.probabilities(trial.asked)
        was, said = asker.labels(trial.asked)
        moved = float(after[position] - before[position]) if position is not None else 0.0
        if trial.kind == MFT and said != trial.expected or trial.kind == INV and said != was:
            failures.append((trial, said))
        elif trial.kind == DIR and (moved > tolerance if trial.expected == DOWN else moved < -tolerance):
            failures.append((trial, f"{moved:+.2f}"))
    return failures


def clustered(trials: Sequence[Trial], failed: set[Trial]) -> Json:
    """Cells of (failures, trials) per template: by kind, overall and by capability."""
    counts: dict[str, dict[str, dict[str, list[int]]]] = {kind: {OVERALL: {}} for kind in KINDS}
    for trial in trials:
        for name in (OVERALL, f"capability={trial.capability}"):
            pair = counts[trial.kind].setdefault(name, {}).setdefault(trial.cluster, [0, 0])
            pair[0] += trial in failed
            pair[1] += 1
    return {
        kind: {
            name: Clusters.of((x, m) for x, m in clusters.values()).cells for name, clusters in sorted(slices.items())
        }
        for kind, slices in counts.items()
    }


# The kinds of test in the words of a table for people.
WORDS = {MFT: "must hold", INV: "must not matter", DIR: "must move"}


def evidence(failures: Sequence[tuple[Trial, str]]) -> Evidence:
    ordered = sorted(failures, key=lambda found: (found[0].kind, found[0].capability, found[0].text))
    # Some of each kind, so that many failures of one don't hide the others.
    shown = [row for kind in KINDS for row in [found for found in ordered if found[0].kind == kind][: SHOWN // 3]]
    data = {
        "draw": "table",
        "title": "Behaviour that failed",
        "columns": ["test", "capability", "text", "compared with", "expected", "answered"],
        "rows": [
            [WORDS[t.kind], t.capability, shortened(t.text), shortened(t.base), t.expected or "the same label", said]
            for t, said in shown
        ],
        "total": len(failures),
    }
    return Evidence(name="behaviour_failures", data=data)
