"""Do attributions depend on what was learnt? They must not survive random weights or shuffled labels."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.arithmetic.draws import generator
from evaluators.budget import Budget
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.counting import too_few
from evaluators.explainability.cases import EXPLAINER, NEEDS, Case, open_case, row_parameters
from evaluators.explainability.rewired import how, layers, redrawn, refitted, with_network_scores
from evaluators.explainability.wobble import spearman
from evaluators.inputs.files import required
from evaluators.libraries import library
from evaluators.models.model import VALUE, Model
from evaluators.subjects.roles import model_rows, open_table
from evaluators.support import none_applicable

RANDOMISATION = "explain.randomisation"
MAX_LAYERS = 8
Explain = Callable[[Model, FloatArray], FloatArray]
Again = Callable[[Model, np.random.Generator], Model | None]


class Randomisation:
    """Reads a network, or an estimator that can be fitted again with labels, and a table.

    Evidence `randomisation` is a curve for networks: rank correlation while layers are randomised, output first.
    """

    id = "explain.randomisation"
    version = "2"
    title = "Attributions of a model that learnt nothing"
    input_kind = "MD"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {**NEEDS, "optional": (*NEEDS["optional"], "label")}
    parameters: Mapping[str, Mapping[str, Any]] = {
        **EXPLAINER,
        **row_parameters(50, 30),
        "draws": {"type": "integer", "default": 10, "minimum": 3, "maximum": 100, "title": "Randomised models"},
    }
    metrics = (
        Metric(
            id=RANDOMISATION, title="Attributions kept after randomisation", direction=Direction.LOWER, unit="rank r"
        ),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        case = open_case(subject, params, seed=seed)
        kind = how(case.model, bool(subject.label))
        if not kind:
            return Measured(
                statistics={"not_applicable": "there are no weights to draw anew and no labels to refit with"}
            )
        if kind == "weights":
            case = replace(case, model=with_network_scores(case.model))
        models: Again = _weights if kind == "weights" else _labels(subject, case.model)
        explain = explaining(case, seed)
        original = explain(case.model, case.rows)
        found, unfitted = [], 0
        budget = Budget(params["budget_s"])
        for part in budget.parts(params["draws"], 1):
            progress(0.1 + 0.7 * part.start / params["draws"], f"randomised model {part.stop} of {params['draws']}")
            rng = generator(seed, f"{RANDOMISATION} {part.start}")
            again = models(case.model, rng)
            unfitted += again is None
            found.append(None if again is None else kept(original, explain(again, case.rows)))
        facts = case.facts() | {"randomised": kind, "rows": len(case.rows)} | budget.facts
        facts |= {"unfitted": unfitted, "explained": subject.favourable} if unfitted else {}
        is_shown = kind == "weights" and not budget.is_exhausted
        evidence = (_cascade(case, explain, original, seed),) if is_shown else ()
        return Measured(statistics={"draws": found, "facts": facts}, evidence=evidence)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        if "not_applicable" in statistics:
            return none_applicable(self.metrics, statistics["not_applicable"], level)
        return [randomisation_reading(statistics, level=level).sound()]


def explaining(case: Case, seed: int) -> Explain:
    """Attributions of any model by the case's explainer, always with the same seed."""
    return lambda model, rows: replace(case, model=model).explain(rows, seed=seed).phi


def kept(original: FloatArray, after: FloatArray) -> float | None:
    """The mean over rows of the rank correlation of attributions with their signs; None if no row has one."""
    found = spearman(original, after)
    return float(f"{np.nanmean(found):.8g}") if np.isfinite(found).any() else None


def randomisation_reading(statistics: Mapping[str, Any], *, level: float) -> Reading:
    """The mean over randomised models with Student's interval: each of them is one draw, however many rows."""
    values = np.array([value for value in statistics["draws"] if value is not None], dtype=np.float64)
    n = len(values)
    fields: Json = {"metric": RANDOMISATION, "slice": OVERALL, "level": level, "n": n}
    fields |= {"statistics": dict(statistics), "detail": dict(statistics["facts"])}
    if n < 3:
        reason = _unfitted(statistics["facts"]) or too_few(n, 3, "randomised models with attributions that vary")
        return Reading(status=Status.INSUFFICIENT_DATA, reason=reason, **fields)
    quantile = float(library("scipy.special").stdtrit(n - 1, 0.5 + level / 2))
    half = quantile * float(values.std(ddof=1)) / np.sqrt(n)
    value = float(values.mean())
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Reading(status=Status.OK, value=value, low=low, high=high, method="Student over models", **fields)


def _unfitted(facts: Mapping[str, Any]) -> str:
    """Why no model could be fitted again, or ""."""
    if not facts.get("unfitted"):
        return ""
    done, name = facts["units_done"], facts["explained"]
    return f"{facts['unfitted']} of {done} times the rows to fit again on had no label {name!r}, or no other"


def _weights(model: Model, rng: np.random.Generator) -> Model:
    return redrawn(model, layers(model), rng)


def _labels(subject: Subject, model: Model) -> Again:
    """Reads the whole table once, to fit again on."""
    label, name = subject.label or "", required(subject, "table").name
    is_value = model.score_kind == VALUE
    texts, more = ([], [label]) if is_value else ([label], [])
    table = open_table(subject, categorical=texts, numeric=[*model.features, *more])
    rows = model_rows(table, subject, model, name)
    if is_value:
        return lambda model, rng: refitted(model, rows, table.numeric[label].tolist(), rng)
    item = table.categorical[label]
    words = [item.values[code] for code in item.codes.tolist()]
    return lambda model, rng: refitted(model, rows, words, rng, explained=subject.favourable)


def _cascade(case: Case, explain: Explain, original: FloatArray, seed: int) -> Evidence:
    names = layers(case.model)
    counts = sorted({round(i * len(names) / min(len(names), MAX_LAYERS)) for i in range(1, MAX_LAYERS + 1)})
    points: list[Json] = [{"x": 0, "y": 1.0}]
    for count in (count for count in counts if count <= len(names)):
        rng = generator(seed, f"{RANDOMISATION} layers {count}")
        value = kept(original, explain(redrawn(case.model, names[:count], rng), case.rows))
        points += [{"x": count, "y": value}] if value is not None else []
    data: Json = {
        "draw": "curve",
        "title": "What is left of the attributions as layers are randomised, output first",
        "x_label": "layers randomised",
        "y_label": "rank correlation with the original",
        "series": [{"name": case.kind, "points": points}],
    }
    return Evidence(name="randomisation", data=data)
