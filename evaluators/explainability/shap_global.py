"""Which features drive a tabular model: mean absolute Shapley values, with a guard that they add up."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray, slice_name
from evaluators.arithmetic.draws import drawn, generator
from evaluators.contract import Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.explainability.explainers import ADDITIVE, Explanation, choose, explain
from evaluators.explainability.readings import ADDITIVITY, GLOBAL, shap_readings
from evaluators.explainability.targets import open_rows_model
from evaluators.inputs.files import required
from evaluators.subjects.roles import Groups, groups, model_rows, open_table
from evaluators.support import too_many_groups


class GlobalShap:
    """Reads a model of rows, of whatever kind, and a table of its numeric features."""

    id = "explain.shap_global"
    version = "1"
    title = "Feature attributions"
    input_kind = "MD"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model", "table"),
        "columns": (),
        "optional": ("features", "favourable", "group"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "explainer": {
            "type": "string",
            "default": "auto",
            "enum": ("auto", *ADDITIVE),
            "title": "How the values are computed",
        },
        "rows": {"type": "integer", "default": 200, "minimum": 10, "maximum": 2_000, "title": "Rows explained"},
        "background": {"type": "integer", "default": 100, "minimum": 10, "maximum": 1_000, "title": "Background rows"},
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
        model = open_rows_model(subject)
        progress(0.2, "reading the table")
        table = open_table(subject, categorical=subject.groups, numeric=model.features)
        rows = model_rows(table, subject, model, required(subject, "table").name)
        cohorts = groups(table, subject)
        background, explained, chosen = _samples(rows, cohorts.codes, params, seed)
        kind = choose(model, np.concatenate([background, explained]), params["explainer"])
        progress(0.3, f"explaining {len(explained)} rows by the {kind} explainer")
        found = explain(model, background, explained, kind=kind, favourable=subject.favourable, seed=seed)
        return _reduced(found, model.features, params["top"], len(background), _cohorts(cohorts, chosen))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = shap_readings(statistics, tolerance=params["tolerance"], level=level, seed=seed)
        return [reading.sound() for reading in readings]


def _samples(
    rows: FloatArray, codes: IntArray, params: Mapping[str, Any], seed: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Background and explained rows, drawn without replacement; small tables serve as both. And which were drawn."""
    rng, known = generator(seed, GLOBAL), np.column_stack([codes, rows])
    background, explained = drawn(known, params["background"], rng), drawn(known, params["rows"], rng)
    return rows[background], rows[explained], explained


def _cohorts(found: Groups, chosen: IntArray) -> list[tuple[str, Any]]:
    """Slice name and mask over the explained rows, per group that has some of them."""
    if not found.columns or too_many_groups(len(found.values)):
        return []
    masks = [(slice_name(found.columns, value), found.codes[chosen] == i) for i, value in enumerate(found.values)]
    return [(name, mask) for name, mask in masks if mask.any()]


def _reduced(
    found: Explanation, features: tuple[str, ...], top: int, background: int, cohorts: list[tuple[str, Any]]
) -> Measured:
    absolute = np.abs(found.phi)
    means, signed = absolute.mean(axis=0), found.phi.mean(axis=0)
    order = np.argsort(-means, kind="stable")[:top]
    facts: Json = {
        "explainer": found.explainer,
        "output": found.output,
        "base": found.base,
        "background_rows": background,
        "background_sha256": found.background_sha256,
        "additivity_gap": found.gap,
        "n": len(absolute),
        "features": len(features),
    }
    statistics = facts | {
        "total": _short(absolute.sum(axis=1)),
        "top": [{"feature": features[j], "mean": float(signed[j]), "absolute": _short(absolute[:, j])} for j in order],
        "cohorts": [{"name": name, "total": _short(absolute.sum(axis=1)[mask])} for name, mask in cohorts],
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
