"""Model extraction: how well can somebody who only asks copy the model, and with how many questions?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.intervals import wilson
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import (
    OVERALL,
    Direction,
    Evidence,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
)
from evaluators.counting import too_few
from evaluators.models.model import ROWS, VALUE, Model
from evaluators.models.opening import open_model
from evaluators.privacy.surrogates import learn, solve
from evaluators.subjects.roles import feature_matrix
from evaluators.support import MINIMUM

FIDELITY = "privacy.extraction.fidelity"
GOOD_COPY = 0.95
FEWEST = 20
HELD_OUT = 2_000


class Extraction:
    """Asks a model about rows of a table, and checks copies on rows of it that were not asked about.

    Evidence `extraction`: agreement of the copy after so many queries.
    """

    id = "privacy.extraction"
    version = "1"
    title = "Model extraction"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model", "table"),
        "columns": (),
        "optional": ("features", "feature"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "queries": {"type": "integer", "default": 1_000, "minimum": 20, "maximum": 50_000, "title": "Queries at most"},
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=FIDELITY, title="Fidelity of a copied model", direction=Direction.LOWER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject)
        if model.inputs != ROWS or model.score_kind == VALUE:
            return Measured(statistics={"reason": "copies are made of classifiers of tabular rows only"})
        rows = _shuffled(feature_matrix(subject, model), seed)
        held = min(HELD_OUT, len(rows) // 2)
        if held < MINIMUM:
            return Measured(statistics={"rows": len(rows)})
        test, pool = np.nan_to_num(rows[:held]), np.nan_to_num(rows[held:][: params["queries"]])
        truth = model.labels(rows[:held])
        budget = Budget(float(params["budget_s"]))
        answered = model.labels(rows[held:][: params["queries"]])
        curve: list[Json] = []
        sizes = _sizes(len(pool))
        for part in budget.parts(len(sizes), 1):
            size = sizes[part.start]
            progress(0.2 + 0.6 * part.start / len(sizes), f"copying from {size:,} answers")
            said = learn(pool[:size], answered[:size], test, seed=seed % 2**32)
            curve.append({"queries": size, "agree": int(np.count_nonzero(said == truth))})
        statistics: Json = {"n": held, "curve": curve, "equations": _solved(model, rows, test, truth)}
        statistics |= {"units_done": budget.done, "budget_exhausted": budget.is_exhausted}
        return Measured(statistics=statistics, evidence=(_drawn(statistics),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"metric": FIDELITY, "level": level, "statistics": dict(statistics)}
        if "reason" in statistics:
            status = Status.NOT_APPLICABLE
            return [Reading(slice=OVERALL, status=status, reason=statistics["reason"], **common)]
        if "rows" in statistics:
            reason = f"{too_few(statistics['rows'], 2 * MINIMUM)}: half teach the copy and half test it"
            return [
                Reading(slice=OVERALL, status=Status.INSUFFICIENT_DATA, reason=reason, n=statistics["rows"], **common)
            ]
        n, equations = statistics["n"], statistics["equations"]
        copies = [(f"queries={item['queries']}", item["agree"], item["queries"]) for item in statistics["curve"]]
        if equations:
            copies.append(("equations", equations["agree"], equations["queries"]))
        best = max(copies, key=lambda copy: copy[1])
        enough = [queries for _, agree, queries in copies if agree / n >= GOOD_COPY]
        detail: Json = {"equations": equations, "queries_at_95": min(enough) if enough else None, "best": best[0]}
        detail |= {key: statistics[key] for key in ("units_done", "budget_exhausted")}
        # The best copy is taken of several, so each interval holds for all of them at once.
        each = 1 - (1 - level) / len(copies)
        readings = [_copy(OVERALL, best[1], n, each, common, detail)]
        readings += [_copy(name, agree, n, each, common, {"queries": queries}) for name, agree, queries in copies]
        return [reading.sound() for reading in readings]


def _copy(name: str, agree: int, n: int, level: float, common: Json, detail: Json) -> Reading:
    low, high = wilson(agree, n, level=level)
    return Reading(
        slice=name,
        status=Status.OK,
        value=agree / n,
        low=low,
        high=high,
        method="wilson, bonferroni over copies",
        n=n,
        detail=detail,
        **common,
    )


def _shuffled(rows: FloatArray, seed: int) -> FloatArray:
    """In an order that the table's own order does not touch."""
    ordered = rows[np.lexsort(np.nan_to_num(rows).T)]
    return ordered[generator(seed, FIDELITY).permutation(len(ordered))]


def _sizes(most: int) -> list[int]:
    """How many answers the copies learn from: about six numbers, doubling or more."""
    return sorted({int(round(size)) for size in np.geomspace(min(FEWEST, most), most, 6)})


def _solved(model: Model, rows: FloatArray, test: FloatArray, truth: np.ndarray) -> Json | None:
    """The copy by equations; None for a model that answers with labels only or takes no such rows."""
    if model.score_kind not in ("probability", "logit") or np.isnan(rows).any():
        return None
    spread = rows.std(axis=0)
    step = np.where(spread > 0, spread, 1.0)
    before = model.queries
    found = solve(model.probabilities, rows.shape[1], centre=rows.mean(axis=0), step=step)
    queries = model.queries - before
    said, real = found.probabilities(test), model.probabilities(test)
    agree = int(np.count_nonzero(said.argmax(axis=1) == truth))
    return {"queries": queries, "agree": agree, "largest_error": float(np.abs(said - real).max())}


def _drawn(statistics: Json) -> Evidence:
    n = statistics["n"]
    series: list[Json] = [
        {
            "name": "copy learned from answers",
            "points": [_point(item["queries"], item["agree"], n) for item in statistics["curve"]],
        }
    ]
    if statistics["equations"]:
        found = statistics["equations"]
        series.append({"name": "copy by equations", "points": [_point(found["queries"], found["agree"], n)]})
    data: Json = {
        "draw": "curve",
        "title": "How well a copy agrees with the model",
        "x_label": "queries",
        "y_label": "agreement on rows not asked about",
        "x_scale": "log",
        "series": series,
    }
    return Evidence(name="extraction", data=data)


def _point(queries: int, agree: int, n: int) -> Json:
    low, high = wilson(agree, n, level=0.95)
    return {"x": queries, "y": agree / n, "low": low, "high": high}
