"""Which features drive a tabular model: mean absolute Shapley values, with a guard that they add up."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.budget import Budget
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.explainability.cases import NEEDS, Case, open_case, row_parameters
from evaluators.explainability.explainers import ADDITIVE, Explanation, additivity_gap
from evaluators.explainability.readings import ADDITIVITY, GLOBAL, shap_readings


class GlobalShap:
    """Reads a model of rows, of whatever kind, and a table of its numeric features."""

    id = "explain.shap_global"
    version = "2"
    title = "Feature attributions"
    input_kind = "MD"
    cost_class = "C"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        "explainer": {
            "type": "string",
            "default": "auto",
            "enum": ("auto", *ADDITIVE),
            "title": "How the values are computed",
        },
        **row_parameters(200, 100),
        "top": {"type": "integer", "default": 10, "minimum": 1, "maximum": 50, "title": "Features listed"},
        "tolerance": {
            "type": "number",
            "default": 1e-3,
            "minimum": 0,
            "maximum": 0.1,
            "title": "Largest additivity error at which the values are believed",
        },
    }
    metrics = (
        Metric(id=GLOBAL, title="Mean absolute Shapley value", direction=Direction.NONE, unit="output"),
        Metric(id=ADDITIVITY, title="Additivity gap", direction=Direction.LOWER, unit="share of spread"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        case, budget = open_case(subject, params, seed=seed), Budget(params["budget_s"])
        found = [part.explain(part.rows, seed=seed) for part in case.parts(budget, progress)]
        return _reduced(case.take(slice(0, budget.done)), found, params["top"], budget)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = shap_readings(statistics, tolerance=params["tolerance"], level=level, seed=seed)
        return [reading.sound() for reading in readings]


def _cohorts(case: Case) -> list[tuple[str, Any]]:
    """Slice name and mask over the explained rows, per group that has some of them."""
    masks = [(name, case.codes == i) for i, name in enumerate(case.names)]
    return [(name, mask) for name, mask in masks if mask.any()]


def _reduced(case: Case, found: Sequence[Explanation], top: int, budget: Budget) -> Measured:
    phi, base = np.concatenate([part.phi for part in found]), found[0].base
    absolute, features = np.abs(phi), case.features
    means, signed = absolute.mean(axis=0), phi.mean(axis=0)
    order = np.argsort(-means, kind="stable")[:top]
    facts: Json = case.facts() | budget.facts
    facts |= {
        "base": base,
        "background_sha256": found[0].background_sha256,
        "additivity_gap": additivity_gap(phi, base, case.function(case.rows), case.function(case.background)),
        "n": len(absolute),
    }
    statistics = facts | {
        "total": _short(absolute.sum(axis=1)),
        "top": [{"feature": features[j], "mean": float(signed[j]), "absolute": _short(absolute[:, j])} for j in order],
        "cohorts": [{"name": name, "total": _short(absolute.sum(axis=1)[mask])} for name, mask in _cohorts(case)],
    }
    everything = [
        {"feature": name, "mean_absolute": float(size), "mean": float(mean)}
        for name, size, mean in zip(features, means, signed, strict=True)
    ]
    return Measured(
        statistics=statistics,
        evidence=(Evidence(name="shap_global", data={**facts, "attributions": everything}),),
    )


def _short(values: FloatArray) -> list[float]:
    """Eight digits, which is more than the values mean."""
    return [float(f"{value:.8g}") for value in values]
