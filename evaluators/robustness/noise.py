"""Accuracy when every input is measured with random noise."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.clusters import Clusters, cluster_reading
from evaluators.arithmetic.counts import IntArray
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.robustness.cases import Case, row_generators, row_keys
from evaluators.robustness.drawn import curve_evidence
from evaluators.robustness.opening import NEEDS, open_suitable
from evaluators.support import none_applicable

ACCURACY = "robust.noise_acc"
# Multiples of the noise that is judged, for the curve; the same draws are scaled, so that the points compare.
SCALES = (0.5, 1.0, 2.0)
BLOCK = 1 << 22


class NoiseAccuracy:
    """Reads any classifier of numbers and a table of outcomes.

    Evidence `robustness_curve`: accuracy against the standard deviation of the noise.
    """

    id = "robust.noise"
    version = "1"
    title = "Accuracy under noise"
    input_kind = "BB"
    cost_class = "B"
    device = "cpu"
    needs = NEEDS
    parameters: Mapping[str, Mapping[str, Any]] = {
        "sigma": {
            "type": "number",
            "default": 0.1,
            "minimum": 1e-9,
            "maximum": 1e9,
            "title": "Standard deviation of the noise, in the units of the input",
        },
        "rows": {"type": "integer", "default": 1_000, "minimum": 1, "maximum": 100_000, "title": "Rows given noise"},
        "draws": {"type": "integer", "default": 20, "minimum": 1, "maximum": 1_000, "title": "Noisy copies of a row"},
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=ACCURACY, title="Accuracy under noise", direction=Direction.HIGHER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        case = open_suitable(subject, progress)
        if isinstance(case, Measured):
            return case
        case = case.sample(params["rows"], seed)
        found = shake(case, params=params, seed=seed, progress=progress)
        return Measured(statistics=found, evidence=(_drawn(found),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "not_applicable" in statistics:
            return none_applicable(self.metrics, statistics["not_applicable"], level)
        clusters = Clusters.from_cells(statistics["cells"])
        detail = {name: statistics[name] for name in ("sigma", "draws", "units_done", "budget_exhausted")}
        detail |= {"clean_accuracy": statistics["right"] / statistics["rows"]}
        detail |= {"drop": detail["clean_accuracy"] - clusters.moments.mean}
        common = {"level": level, "seed": seed, "statistics": dict(statistics)}
        return [cluster_reading(ACCURACY, OVERALL, clusters, among="rows", common=common, detail=detail)]


def shake(case: Case, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Json:
    """How many of its noisy copies each row has right, counted over rows that are alike in this."""
    draws, sigma, budget = params["draws"], params["sigma"], Budget(params["budget_s"])
    right = case.predicted() == case.labels
    hits = np.zeros((len(SCALES), case.n), dtype=np.int64)
    size, keys = max(1, BLOCK // (draws * case.rows.shape[1])), row_keys(case.rows, case.labels, seed)
    for part in budget.parts(case.n, size):
        progress(0.1 + 0.75 * part.start / case.n, f"noise on {part.stop - part.start} of {case.n} rows")
        hits[:, part] = _hits(case.take(part), draws, sigma, row_generators(keys[part], seed, ACCURACY))
    done = slice(0, budget.done)
    return {
        "sigma": sigma,
        "draws": draws,
        "rows": budget.done,
        "right": int(right[done].sum()),
        "cells": Clusters.of((int(x), draws) for x in hits[SCALES.index(1.0), done]).cells,
        "curve": [[scale * sigma, int(row[done].sum())] for scale, row in zip(SCALES, hits, strict=True)],
        "queries": case.model.queries,
        **budget.facts,
    }


def _hits(case: Case, draws: int, sigma: float, rngs: Sequence[np.random.Generator]) -> IntArray:
    """(scales, rows): right answers among the copies of each row, whose noise is the row's own."""
    width = case.rows.shape[1]
    noise = np.stack([rng.standard_normal((draws, width)) for rng in rngs])
    found = []
    for scale in SCALES:
        copies = (case.rows[:, None, :] + scale * sigma * noise).reshape(-1, width)
        found.append((case.model.labels(copies).reshape(-1, draws) == case.labels[:, None]).sum(axis=1))
    return np.stack(found).astype(np.int64)


def _drawn(found: Json) -> Evidence:
    answers = found["rows"] * found["draws"]
    points = [{"x": 0.0, "y": found["right"] / found["rows"]}]
    points += [{"x": x, "y": hits / answers} for x, hits in found["curve"]]
    label = "standard deviation of the noise"
    return curve_evidence("Accuracy under noise", label, "accuracy", {"noise": points})
