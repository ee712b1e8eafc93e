"""How far inputs may move before the answer of the smoothed model can change: a guarantee, not an attack."""

from collections.abc import Mapping
from typing import Any

from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import Direction, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.robustness.cases import Case, row_generators, row_keys
from evaluators.robustness.drawn import curve_evidence, points_of
from evaluators.robustness.opening import NEEDS, open_suitable
from evaluators.robustness.orders import median_reading, short, standing_beyond
from evaluators.robustness.smoothing import certify
from evaluators.support import none_applicable

RADIUS = "robust.certified.smoothing_radius"
PART = 8


class CertifiedRadius:
    """Reads any classifier of numbers and a table of outcomes.

    Evidence `robustness_curve`: the share of rows that are right and certified at least that far.
    """

    id = "robust.smoothing"
    version = "1"
    title = "Certified radius by smoothing"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        "sigma": {
            "type": "number",
            "default": 0.25,
            "minimum": 1e-9,
            "maximum": 1e9,
            "title": "Standard deviation of the smoothing noise, in the units of the input",
        },
        "rows": {"type": "integer", "default": 100, "minimum": 1, "maximum": 5_000, "title": "Rows certified"},
        "draws": {"type": "integer", "default": 1_000, "minimum": 100, "maximum": 1_000_000, "title": "Draws per row"},
        "selecting": {
            "type": "integer",
            "default": 100,
            "minimum": 10,
            "maximum": 10_000,
            "title": "Draws to choose a class",
        },
        "alpha": {
            "type": "number",
            "default": 0.001,
            "minimum": 1e-9,
            "maximum": 0.1,
            "title": "Chance that the certificate of one row is wrong",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=RADIUS, title="Median certified radius", direction=Direction.HIGHER, unit="input units"),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        case = open_suitable(subject, progress)
        if isinstance(case, Measured):
            return case
        case = case.sample(params["rows"], seed)
        found = certify_case(case, params=params, seed=seed, progress=progress)
        certified = [radius for radius in found["radii"] if radius > 0]
        points = points_of(standing_beyond(certified, 0), len(found["radii"]))
        title = "Share of rows right and certified"
        drawn = curve_evidence(title, "radius", "share certified", {"smoothed model": points})
        return Measured(statistics=found, evidence=(drawn,))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "not_applicable" in statistics:
            return none_applicable(self.metrics, statistics["not_applicable"], level)
        detail = {name: value for name, value in statistics.items() if name != "radii"}
        common = {"level": level, "seed": seed, "statistics": dict(statistics)}
        return [median_reading(RADIUS, statistics["radii"], 0, among="rows", common=common, detail=detail).sound()]


def certify_case(case: Case, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Json:
    """Radii of the rows: 0 where the smoothed model abstains or is wrong."""
    budget = Budget(params["budget_s"])
    case.predicted()
    asked = {name: params[name] for name in ("sigma", "selecting", "draws", "alpha")}
    keys = row_keys(case.rows, case.labels, seed)
    radii: list[float] = []
    abstained, wrong = 0, 0
    for part in budget.parts(case.n, PART):
        progress(0.1 + 0.75 * part.start / case.n, f"certifying row {part.start + 1} of {case.n}")
        rngs = row_generators(keys[part], seed, RADIUS)
        for row, label, rng in zip(case.rows[part], case.labels[part], rngs, strict=True):
            found = certify(case.model, row, rng=rng, **asked)
            is_wrong = found.label != label
            abstained += found.radius == 0
            wrong += is_wrong and found.radius > 0
            radii.append(0.0 if is_wrong else found.radius)
    return {
        **asked,
        "radii": short(radii),
        "abstained": int(abstained),
        "wrong": int(wrong),
        "queries": case.model.queries,
        **budget.facts,
    }
