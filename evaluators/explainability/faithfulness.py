"""Are attributions faithful: does the output follow the features they name, more than features taken at random?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import generator
from evaluators.budget import Budget
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.explainability.averages import row_readings, row_statistics
from evaluators.explainability.cases import EXPLAINER, NEEDS, Case, open_case, row_parameters
from evaluators.explainability.masking import against_random, faithfulness, prediction_gaps

DELETION = "explain.faithfulness.deletion_auc"
INSERTION = "explain.faithfulness.insertion_auc"
PGI = "explain.pgi"
PGU = "explain.pgu"
GAP = "explain.pgi_minus_pgu"
CORRELATION = "explain.faithfulness_corr"


class Faithfulness:
    """Reads a model of rows and a table. Evidence `deletion_curve`: the mean output as features go and come."""

    id = "explain.faithfulness"
    version = "2"
    title = "Faithfulness of attributions"
    input_kind = "MD"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        **EXPLAINER,
        **row_parameters(100, 20),
        "orders": {"type": "integer", "default": 10, "minimum": 1, "maximum": 100, "title": "Random orders"},
        "top": {"type": "integer", "default": 3, "minimum": 1, "maximum": 1_000, "title": "Features held important"},
        "noise": {
            "type": "number",
            "default": 0.5,
            "minimum": 0.001,
            "maximum": 10,
            "title": "Noise, in standard deviations of each feature",
        },
        "draws": {
            "type": "integer",
            "default": 100,
            "minimum": 10,
            "maximum": 1_000,
            "title": "Draws of noise per row",
        },
        "subsets": {"type": "integer", "default": 50, "minimum": 10, "maximum": 1_000, "title": "Subsets per row"},
    }
    metrics = (
        Metric(id=DELETION, title="Deletion area beyond random order", direction=Direction.LOWER, unit="output"),
        Metric(id=INSERTION, title="Insertion area beyond random order", direction=Direction.HIGHER, unit="output"),
        Metric(id=PGI, title="Change of output by the important features", direction=Direction.HIGHER, unit="output"),
        Metric(id=PGU, title="Change of output by the other features", direction=Direction.LOWER, unit="output"),
        Metric(id=GAP, title="Important less other features' change", direction=Direction.HIGHER, unit="output"),
        Metric(id=CORRELATION, title="Correlation of attribution and effect", direction=Direction.HIGHER, unit="r"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        case, budget = open_case(subject, params, seed=seed), Budget(params["budget_s"])
        values: list[dict[str, FloatArray]] = []
        curves: list[dict[str, FloatArray]] = []
        facts = case.facts()
        for part in case.parts(budget, progress):
            found = part.explain(part.rows, seed=seed)
            own, shown = row_values(part, found.phi, params, seed)
            values.append(own)
            curves.append({name: curve * len(part.rows) for name, curve in shown.items()})
            facts["background_sha256"] = found.background_sha256
        joined = {metric: np.concatenate([own[metric] for own in values]) for metric in values[0]}
        statistics = row_statistics(joined, case.codes[: budget.done], case.names, facts | budget.facts)
        means = {name: np.sum([own[name] for own in curves], axis=0) / budget.done for name in curves[0]}
        return Measured(statistics=statistics, evidence=(_evidence(means),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        return [reading.sound() for reading in row_readings(statistics, level=level, seed=seed)]


def row_values(
    case: Case, phi: FloatArray, params: Mapping[str, Any], seed: int
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Every metric per row for attributions phi, wherever they come from; and the mean curves."""
    function, background, rows = case.function, case.background, case.rows
    areas, shown = against_random(
        function, background, rows, phi, orders=params["orders"], rng=generator(case.seed_of(seed), DELETION)
    )
    noise = generator(seed, PGI).standard_normal((params["draws"], rows.shape[1]))
    scale = params["noise"] * background.std(axis=0)
    top = min(params["top"], max(1, rows.shape[1] // 2))
    pgi, pgu = prediction_gaps(function, rows, phi, top=top, scale=scale, noise=noise)
    rng = generator(case.seed_of(seed), CORRELATION)
    related = faithfulness(function, background, rows, phi, subsets=params["subsets"], rng=rng)
    values = {DELETION: areas["deletion"], INSERTION: areas["insertion"], PGI: pgi, PGU: pgu, GAP: pgi - pgu}
    return values | {CORRELATION: related}, shown


def _evidence(shown: Mapping[str, FloatArray]) -> Evidence:
    def points(curve: FloatArray) -> list[Json]:
        kept = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), 101)).astype(int))
        return [{"x": float(k / (len(curve) - 1)), "y": float(curve[k])} for k in kept]

    data: Json = {
        "draw": "curve",
        "title": "Mean output while features are removed and added",
        "x_label": "share of features removed or added",
        "y_label": "mean output",
        "series": [{"name": name, "points": points(curve)} for name, curve in shown.items()],
    }
    return Evidence(name="deletion_curve", data=data)
