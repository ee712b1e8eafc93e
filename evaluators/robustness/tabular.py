"""Whether a tabular model stays right when cells go missing, change their unit, are new, or are changed on purpose."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluators.arithmetic.clusters import Clusters
from evaluators.arithmetic.counts import FloatArray
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import Direction, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.models.model import IMAGES, Model
from evaluators.robustness.cases import Case
from evaluators.robustness.feature_attack import Space, attack
from evaluators.robustness.opening import NEEDS, open_suitable, unsuitable
from evaluators.robustness.perturbations import PERTURBATIONS, Columns
from evaluators.robustness.tabular_readings import (
    ADVERSARIAL,
    LISTED,
    MISSING,
    SCALE,
    SWAP,
    attacked_reading,
    fragility,
    kept_reading,
)
from evaluators.support import none_applicable

PART, ATTACKED = 256, 32
NAMES = {"type": "array", "items": "string", "default": ()}


class TabularRobustness:
    """Reads a classifier of table rows and a table of outcomes. Only rows that are right at first are perturbed.

    Evidence `feature_fragility`: the share of rows that stay right when one feature is perturbed, for the features
    that lose most.
    """

    id = "robust.tabular"
    version = "1"
    title = "Perturbed table rows"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {"type": "integer", "default": 1_000, "minimum": 1, "maximum": 100_000, "title": "Rows perturbed"},
        "attacked": {"type": "integer", "default": 200, "minimum": 1, "maximum": 10_000, "title": "Rows attacked"},
        "changes": {"type": "integer", "default": 2, "minimum": 1, "maximum": 10, "title": "Cells an attack changes"},
        "reach": {
            "type": "number",
            "default": 0.5,
            "minimum": 0.001,
            "maximum": 100,
            "title": "How far an attack moves a number, in standard deviations",
        },
        "factor": {
            "type": "number",
            "default": 10,
            "minimum": 1.01,
            "maximum": 1e6,
            "title": "Ratio of the units, such as 1000 for grams in place of kilograms",
        },
        "categorical": NAMES | {"title": "Features whose numbers are codes of categories"},
        "immutable": NAMES | {"title": "Features that nobody can change"},
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=MISSING, title="Stays right with a value missing", direction=Direction.HIGHER),
        Metric(id=SCALE, title="Stays right in another unit", direction=Direction.HIGHER),
        Metric(id=SWAP, title="Stays right with an unseen category", direction=Direction.HIGHER),
        Metric(id=ADVERSARIAL, title="Stays right under changed cells", direction=Direction.HIGHER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        whole = open_suitable(subject, progress, why_not=_why_not, allow_missing=True)
        if isinstance(whole, Measured):
            return whole
        names = {name: params[name] for name in ("categorical", "immutable")}
        columns = Columns.of(whole.rows, whole.features, **names)
        case = whole.sample(params["rows"], seed)
        case, left_out = _right_only(case)
        found = perturb_case(case, columns, params=params, progress=progress)
        space = Space(columns, params["changes"], params["reach"])
        attacked = attack_rows(case.take(slice(0, params["attacked"])), space, budget_s=params["budget_s"] / 2)
        facts = {"left_out": left_out, "right": case.n, "accepts_missing": whole.model.accepts_missing}
        return Measured(statistics=facts | found | {"attack": attacked}, evidence=(fragility(found),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "not_applicable" in statistics:
            return none_applicable(self.metrics, statistics["not_applicable"], level)
        readings = [kept_reading(metric, statistics, level, seed) for metric in PERTURBATIONS]
        return [*readings, attacked_reading(statistics, level)]


def _why_not(model: Model) -> str:
    return unsuitable(model) or ("the model reads images, not table rows" if model.inputs == IMAGES else "")


def _right_only(case: Case) -> tuple[Case, int]:
    right = np.flatnonzero(case.predicted() == case.labels)
    return case.take(right), case.n - len(right)


@dataclass
class Tally:
    """Of one perturbation: copies of a row, how many of each row's stay right, and how many of each feature's."""

    copies: int = 0
    hits: list[int] = field(default_factory=list)
    by_feature: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case, copies: Iterable[tuple[str, FloatArray]]) -> None:
        hits, self.copies = np.zeros(case.n, dtype=np.int64), 0
        for name, rows in copies:
            kept = case.model.labels(rows) == case.labels
            hits, self.copies = hits + kept, self.copies + 1
            self.by_feature[name] += int(kept.sum())
        self.hits += hits.tolist()

    def as_statistics(self) -> Json:
        worst = sorted(self.by_feature.items(), key=lambda item: (item[1], item[0]))[:LISTED]
        cells = Clusters.of((x, self.copies) for x in self.hits).cells
        return {"cells": cells, "copies": self.copies, "by_feature": [[name, kept] for name, kept in worst]}


def perturb_case(case: Case, columns: Columns, *, params: Mapping[str, Any], progress: Progress) -> Json:
    """By metric: how many perturbed copies of a row stay right, counted over rows that are alike, and by feature."""
    budget = Budget(params["budget_s"] / 2)
    tallies = {name: Tally() for name in PERTURBATIONS if name != MISSING or case.model.accepts_missing}
    for part in budget.parts(case.n, PART):
        progress(0.1 + 0.5 * part.start / case.n, f"perturbing {part.stop - part.start} of {case.n} rows")
        some = case.take(part)
        for metric, tally in tallies.items():
            tally.add(some, PERTURBATIONS[metric](some.rows, columns, params["factor"]))
    found: Json = {name: tally.as_statistics() for name, tally in tallies.items()}
    return found | budget.facts


def attack_rows(case: Case, space: Space, *, budget_s: float) -> Json:
    """How many rows stay right under the attack, and whether every point it found keeps the rules."""
    budget = Budget(budget_s)
    fell, within, is_complete = 0, 0, True
    for part in budget.parts(case.n, ATTACKED):
        rows, labels = case.rows[part], case.labels[part]
        points, tried_all = attack(case.model, rows, labels, space)
        broken = ~_same(rows, points)
        fell += int(broken.sum())
        within += int((space.violations(rows, points)[broken] == 0).sum())
        is_complete &= tried_all
    return {
        "rows": budget.done,
        "broken": fell,
        "within_constraints": within,
        "search": "enumeration" if is_complete else "beam",
        "changes": space.changes,
        "reach": space.reach,
        **budget.facts,
    }


def _same(rows: FloatArray, points: FloatArray) -> Any:
    return ((rows == points) | (np.isnan(rows) & np.isnan(points))).all(axis=1)
