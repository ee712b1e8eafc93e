"""Which words drive a model of texts: Shapley values per word, with a guard that they add up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import slice_name
from evaluators.arithmetic.draws import generator
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
    SubjectError,
)
from evaluators.counting import too_few
from evaluators.explainability.averages import row_readings, row_statistics
from evaluators.explainability.partition import BATCH, Words, explain_text
from evaluators.language.pii import veiled
from evaluators.models.model import TEXTS, Model
from evaluators.models.opening import open_model
from evaluators.subjects.roles import groups, open_table, texts
from evaluators.support import MINIMUM, too_many_groups

TOTAL = "explain.shap.text"
ADDITIVITY = "explain.additivity_gap.text"
MAX_ROWS = 200


class TextShap:
    """Reads a classifier of texts and a table. Evidence `token_attributions` is a table: text, word, value."""

    id = "explain.shap_text"
    version = "3"
    title = "Word attributions"
    input_kind = "MD"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model", "table"),
        "columns": ("text", "favourable"),
        "optional": ("group",),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {"type": "integer", "default": 20, "minimum": 1, "maximum": 1_000, "title": "Texts explained"},
        "evaluations": {
            "type": "integer",
            "default": 500,
            "minimum": 20,
            "maximum": 20_000,
            "title": "Questions to the model per text",
        },
        "mask": {"type": "string", "default": "...", "title": "What stands for words that are taken out"},
        "tolerance": {
            "type": "number",
            "default": 1e-3,
            "minimum": 0,
            "maximum": 0.1,
            "title": "Largest additivity error at which the values are believed",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = (
        Metric(id=TOTAL, title="Summed absolute word attributions", direction=Direction.NONE, unit="probability"),
        Metric(id=ADDITIVITY, title="Additivity gap of words", direction=Direction.LOWER, unit="probability"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model, column = open_model(subject, device="auto"), subject.column("text")
        if model.inputs != TEXTS:
            raise SubjectError(f"the model reads {model.inputs}; this explains models of texts by their words")
        position = model.position(subject.favourable)
        table = open_table(subject, categorical=[column, *subject.groups])
        every, found, budget = texts(table, column), groups(table, subject), Budget(params["budget_s"])
        # From the texts in their own order, for that in the file doesn't count; by lot, so that any part is a sample.
        order = np.array(sorted(range(table.n), key=lambda i: (every[i], found.codes[i])))
        chosen = order[generator(seed, TOTAL).permutation(table.n)[: params["rows"]]]
        explained: list[Words] = []
        for part in budget.parts(len(chosen), 1):
            progress(0.1 + 0.8 * part.start / len(chosen), f"text {part.start + 1} of {len(chosen)}")
            explained.append(explained_by(model, position, every[chosen[part.start]], params))
        is_listed = found.columns and not too_many_groups(len(found.values))
        names = [slice_name(found.columns, value) for value in found.values] if is_listed else []
        facts: Json = {"mask": params["mask"]} | budget.facts
        facts |= {"queries": model.queries, "explained": subject.favourable}
        return reduced(explained, found.codes[chosen[: budget.done]], names, facts)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        readings = row_readings(statistics, level=level, seed=seed)
        gap = statistics["facts"]["additivity_gap"]
        if not gap <= params["tolerance"]:
            reason = f"the words' values miss the model's output by {gap:.3g}, more than {params['tolerance']:g}"
            broken: Json = {"status": Status.ERROR, "reason": reason, "level": level, "statistics": dict(statistics)}
            readings = [Reading(metric=TOTAL, slice=OVERALL, **broken)]
        return [reading.sound() for reading in [_gap_reading(statistics, level), *readings]]


def explained_by(model: Model, position: int, text: str, params: Mapping[str, Any]) -> Words:
    """One text through the model's probabilities of one class."""

    def probability(given: Sequence[str]) -> Any:
        return model.probabilities(list(given))[:, position]

    return explain_text(probability, text, mask=params["mask"], evaluations=params["evaluations"], batch=BATCH)


def reduced(explained: Sequence[Words], codes: Any, names: Sequence[str], facts: Json) -> Measured:
    """Per text the sum of |phi|; the words that move most over all texts; and the first texts word by word.

    What is personal in a text by the rules is shown as its shape, for many may read it.
    """
    totals = np.array([float(np.abs(one.phi).sum()) if one.words else np.nan for one in explained])
    shown = [_veiled(one) for one in explained]
    facts = facts | {"additivity_gap": max(one.miss for one in explained), "top": _top(shown)}
    statistics = row_statistics({TOTAL: totals}, np.asarray(codes), names, facts)
    rows = [
        [number, word.strip(), float(f"{value:.4g}")]
        for number, one in enumerate(shown, start=1)
        for word, value in zip(one.words, one.phi, strict=True)
    ]
    data: Json = {
        "draw": "table",
        "title": f"What each word adds to the probability of {facts['explained']}",
        "columns": ["text", "word", "adds"],
        "rows": rows[:MAX_ROWS],
    }
    return Measured(statistics=statistics, evidence=(Evidence(name="token_attributions", data=data),))


def _veiled(one: Words) -> Words:
    """The words of a text, each as it reads once what is personal in the whole text is hidden."""
    text, places = veiled("".join(one.words)), np.cumsum([0, *map(len, one.words)]).tolist()
    return replace(one, words=tuple(text[start:end] for start, end in pairwise(places)))


def _top(explained: Sequence[Words]) -> list[Json]:
    """Up to twenty words by mean |phi| over their occurrences, case aside."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in explained:
        for word, value in zip(one.words, one.phi, strict=True):
            found[word.strip().casefold()].append(float(value))
    order = sorted(found, key=lambda word: (-float(np.mean(np.abs(found[word]))), word))[:20]
    return [{"word": word, "mean": float(np.mean(found[word])), "times": len(found[word])} for word in order]


def _gap_reading(statistics: Mapping[str, Any], level: float) -> Reading:
    facts = statistics["facts"]
    gap, n = facts["additivity_gap"], facts["units_done"]
    fields: Json = {"statistics": dict(statistics), "detail": dict(facts), "method": "exact on the explained texts"}
    is_small = n < MINIMUM
    return Reading(
        metric=ADDITIVITY,
        slice=OVERALL,
        status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
        reason=too_few(n, MINIMUM, "texts"),
        value=gap,
        low=gap,
        high=gap,
        level=level,
        n=n,
        **fields,
    )
