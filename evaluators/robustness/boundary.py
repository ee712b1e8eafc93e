"""How far the nearest input with another label lies, found by asking for labels only."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators.arithmetic.draws import generator
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import Direction, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.robustness.cases import BOX_PARAMETER, Box, Case, box_of, check_box
from evaluators.robustness.drawn import curve_evidence, points_of
from evaluators.robustness.hopskipjump import hopskipjump
from evaluators.robustness.opening import NEEDS, open_suitable
from evaluators.robustness.orders import median_reading, short, standing_beyond
from evaluators.support import none_applicable

MEDIAN = "robust.hsj.l2_median"
PART = 64
OTHERS = 200


class DecisionBoundary:
    """Reads any classifier of numbers and a table of outcomes.

    Evidence `robustness_curve`: the share of rows right and with no other label found nearer than a distance.
    """

    id = "robust.boundary"
    version = "2"
    title = "Distance to another decision"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {"type": "integer", "default": 100, "minimum": 1, "maximum": 2_000, "title": "Rows attacked"},
        "iterations": {"type": "integer", "default": 20, "minimum": 1, "maximum": 64, "title": "Rounds of the walk"},
        "queries_per_row": {
            "type": "integer",
            "default": 10_000,
            "minimum": 300,
            "maximum": 100_000,
            "title": "Most queries per row",
        },
        "box": BOX_PARAMETER,
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=MEDIAN, title="Median distance to another label", direction=Direction.HIGHER, unit="input units"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        box, case = box_of(params["box"]), open_suitable(subject, progress)
        if isinstance(case, Measured):
            return case
        case = case.sample(params["rows"], seed)
        check_box(case, box)
        found = walk_case(case, box=box, params=params, seed=seed, progress=progress)
        counts = standing_beyond(found["distances"], found["unreached"])
        points = points_of(counts, max(found["rows"], 1))
        title = "Share of rows that keep the right label"
        drawn = curve_evidence(title, "length of the change", "share right", {"decision attack": points})
        return Measured(statistics=found, evidence=(drawn,))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "not_applicable" in statistics:
            return none_applicable(self.metrics, statistics["not_applicable"], level)
        detail = {name: value for name, value in statistics.items() if name != "distances"}
        among = "rows right at first"
        common = {"level": level, "seed": seed, "statistics": dict(statistics)}
        finite, infinite = statistics["distances"], statistics["unreached"]
        found = median_reading(MEDIAN, finite, infinite, among=among, common=common, detail=detail)
        if statistics["unsteady"]:
            reason = f"asked twice, the model changed its mind about {statistics['unsteady']} of the rows"
            found = replace(found, status=Status.INSUFFICIENT_DATA, reason=reason)
        return [found.sound()]


def walk_case(case: Case, *, box: Box, params: Mapping[str, Any], seed: int, progress: Progress) -> Json:
    """Distances of the rows that the model has right, part by part until the budget is spent."""
    said, again, budget = case.predicted(), case.predicted(), Budget(params["budget_s"])
    is_right = said == case.labels
    right = case.take(np.flatnonzero(is_right))
    distances: list[float] = []
    asked, cut_short = 0, 0
    for part in budget.parts(right.n, PART):
        progress(0.1 + 0.75 * part.start / right.n, f"walking {part.stop - part.start} of {right.n} rows")
        walk = hopskipjump(
            case.model.labels,
            right.rows[part],
            right.labels[part],
            others=case.rows[:OTHERS],
            rng=generator(seed, MEDIAN),
            iterations=params["iterations"],
            queries_per_row=params["queries_per_row"],
            box=box,
        )
        distances += walk.distances.tolist()
        asked += int(walk.queries.sum())
        cut_short += int((np.isfinite(walk.distances) & (walk.rounds < params["iterations"])).sum())
    finite = short([value for value in distances if np.isfinite(value)])
    # Rows are in random order: of those that are wrong, the ones before the row that was reached belong to the part.
    rows = int(np.flatnonzero(is_right)[budget.done]) if budget.is_exhausted else case.n
    return {
        "rows": rows,
        "distances": finite,
        "unreached": len(distances) - len(finite),
        "left_out": rows - budget.done,
        "unsteady": int((said != again).sum()),
        "cut_short": cut_short,
        "queries_per_row": asked / max(len(distances), 1),
        "queries": case.model.queries,
        **budget.facts,
    }
