"""Attribute inference: does the model's answer give away a trait that the rest of the row does not?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.intervals import paired_difference
from evaluators.budget import BUDGET_PARAMETERS, Budget
from evaluators.contract import (
    OVERALL,
    Direction,
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
from evaluators.inputs.files import required
from evaluators.models.model import ROWS, VALUE
from evaluators.models.opening import open_model
from evaluators.privacy.learners import linear, majority, out_of_fold, trees
from evaluators.subjects.roles import feature_names, model_rows, open_table
from evaluators.support import MINIMUM

ADVANTAGE = "privacy.attribute_inference.advantage"
MAX_VALUES = 20
LEAST = 5 * MINIMUM
# Rows asked about before the clock is looked at again.
PART = 500


class AttributeInference:
    """Asks a model about rows whose sensitive column is known, and guesses that column with and without the answers."""

    id = "privacy.attribute_inference"
    version = "2"
    title = "Attribute inference"
    input_kind = "BB"
    cost_class = "C"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("model", "table"),
        "columns": ("sensitive",),
        "optional": ("features", "feature"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "rows": {"type": "integer", "default": 5_000, "minimum": 50, "maximum": 100_000, "title": "Rows used at most"},
        **BUDGET_PARAMETERS,
    }
    metrics = (Metric(id=ADVANTAGE, title="What the model betrays of a trait", direction=Direction.LOWER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "opening the model")
        model = open_model(subject)
        if model.inputs != ROWS:
            return Measured(statistics={"reason": "traits are inferred from tabular rows only"})
        column, names = subject.column("sensitive"), feature_names(subject, model)
        table = open_table(subject, categorical=[column], numeric=names)
        name = required(subject, "table").name
        item = table.categorical[column]
        if len(item.values) > MAX_VALUES:
            raise SubjectError(f"{name}: column {column!r} has {len(item.values):,} values, more than {MAX_VALUES}")
        rows, secret = _sample(model_rows(table, subject, model, name), item.codes, int(params["rows"]), seed)
        facts: Json = {"n": len(rows), "values": len(item.values)}
        if len(rows) < LEAST:
            return Measured(statistics=facts)
        progress(0.1, f"asking the model about {len(rows):,} rows")
        budget = Budget(params["budget_s"])
        answers = np.concatenate([model.scores(rows[part]) for part in budget.parts(len(rows), PART)])
        rows, secret, facts = rows[: budget.done], secret[: budget.done], facts | {"n": budget.done} | budget.facts
        answers = answers if model.score_kind == VALUE else _steady(answers)
        known = np.nan_to_num(rows[:, [i for i, feature in enumerate(names) if feature != column]])
        progress(0.4, "guessing without the model, and with it")
        without = _best(known, secret, seed, "without")
        attack = _best(np.column_stack([known, answers]), secret, seed, "with")
        difference = attack.astype(np.int64) - without.astype(np.int64)
        counts = {"gained": int((difference > 0).sum()), "lost": int((difference < 0).sum())}
        counts |= {"baseline": int(without.sum()), "attack": int(attack.sum())}
        return Measured(statistics=facts | counts)

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"metric": ADVANTAGE, "slice": OVERALL, "level": level, "statistics": dict(statistics)}
        if "reason" in statistics:
            return [Reading(status=Status.NOT_APPLICABLE, reason=statistics["reason"], **common)]
        n = statistics["n"]
        reason = "the trait has one value only" if statistics["values"] < 2 else ""
        if n < LEAST:
            reason = too_few(n, LEAST)
        if reason:
            return [Reading(status=Status.INSUFFICIENT_DATA, reason=reason, n=n, **common)]
        gained, lost = statistics["gained"], statistics["lost"]
        low, high = paired_difference(gained, lost, n, level=level)
        reading = Reading(
            status=Status.OK,
            value=(gained - lost) / n,
            low=low,
            high=high,
            method="paired difference",
            n=n,
            detail={
                "baseline_accuracy": statistics["baseline"] / n,
                "attack_accuracy": statistics["attack"] / n,
                "units_done": statistics["units_done"],
                "budget_exhausted": statistics["budget_exhausted"],
            },
            **common,
        )
        return [reading.sound()]


def _sample(rows: FloatArray, secret: IntArray, most: int, seed: int) -> tuple[FloatArray, IntArray]:
    """At most that many rows by lot, so that any part of them is a sample; where they stood doesn't count."""
    order = np.lexsort((*np.nan_to_num(rows).T, secret))
    order = order[generator(seed, ADVANTAGE).permutation(len(order))[:most]]
    return rows[order], secret[order]


def _steady(scores: FloatArray) -> FloatArray:
    """Probabilities beside their logarithms, so that a linear guesser sees small ones too."""
    return np.column_stack([scores, np.log(np.clip(np.abs(scores), 1e-6, None))])


def _best(rows: FloatArray, secret: IntArray, seed: int, name: str) -> NDArray[np.bool_]:
    """Which rows the best of three guessers gets right, each row by one that has not seen it."""
    rows = rows if rows.shape[1] else np.zeros((len(rows), 1))
    found = []
    for learner in (majority, linear, trees):
        rng = generator(seed, f"{ADVANTAGE} {name} {learner.__name__}")
        found.append(out_of_fold(rows, secret, learner, rng=rng).argmax(axis=1) == secret)
    return np.asarray(max(found, key=lambda right: int(right.sum())))
