"""Has the joint distribution of the columns changed since the reference window?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import drawn, generator
from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import too_few
from evaluators.exact import insufficient, not_applicable
from evaluators.monitoring.bins import both_numbers
from evaluators.monitoring.mmd import permutation_test, standardised
from evaluators.monitoring.windows import open_windows
from evaluators.subjects.columns import Columns

MMD = "drift.mmd"
MINIMUM = 30


class JointDrift:
    """Reads the columns of numbers that both windows have. At most `rows` of each window are drawn at random."""

    id = "drift.joint"
    version = "2"
    title = "Drift of all columns together"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table", "reference"),
        "columns": (),
        "optional": ("feature", "features", "score"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {
            "type": "integer",
            "default": 1_000,
            "minimum": 50,
            "maximum": 5_000,
            "title": "Rows drawn from each window",
        },
        "permutations": {
            "type": "integer",
            "default": 1_000,
            "minimum": 99,
            "maximum": 100_000,
            "title": "Permutations behind the p-value",
        },
    }
    metrics = (
        Metric(
            id=MMD, title="Maximum mean discrepancy", direction=Direction.NONE, unit="squared distance", kind="test"
        ),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading both windows")
        current, reference = open_windows(subject)
        names, first, second = _matrices(reference, current)
        statistics: Json = {"columns": names, "n": current.n, "m": reference.n}
        if not names or min(current.n, reference.n) < MINIMUM:
            return Measured(statistics=statistics)
        rng = generator(seed, MMD)
        parts = [part[drawn(part, params["rows"], rng)] for part in (first, second)]
        progress(0.3, "permuting")
        value, p = permutation_test(*standardised(*parts), permutations=params["permutations"], rng=rng)
        return Measured(statistics=statistics | {"value": value, "p": p, "drawn": [len(part) for part in parts]})

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        if not statistics["columns"]:
            return [not_applicable(MMD, "no column holds numbers in both windows", common=common)]
        if "value" not in statistics:
            n = min(statistics["n"], statistics["m"])
            return [insufficient(MMD, f"a window has {too_few(n, MINIMUM)}", common=common, n=n)]
        return [
            Reading(
                metric=MMD,
                slice=OVERALL,
                status=Status.OK,
                value=statistics["value"],
                method="permutation",
                n=statistics["n"],
                detail={"columns": statistics["columns"][:50], "rows": statistics["drawn"]},
                p_value=statistics["p"],
                **common,
            )
        ]


def _matrices(reference: Columns, current: Columns) -> tuple[list[str], FloatArray, FloatArray]:
    pairs = {name: both_numbers(reference.data[name], current.data[name]) for name in current.names}
    used = {name: pair for name, pair in pairs.items() if pair is not None}
    if not used:
        return [], np.zeros((0, 0)), np.zeros((0, 0))
    first = np.column_stack([pair[0] for pair in used.values()])
    return list(used), first, np.column_stack([pair[1] for pair in used.values()])
