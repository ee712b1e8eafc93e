"""What a metric is called and in which unit it is, from the evaluators' own catalog."""

from functools import cache
from typing import Any

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import EvaluatorError
from registry.reports.wording import metric_words

COUNTED = frozenset({"class", "findings", "types"})
SHARES = frozenset({"rate", "share", "proportion"})
BARE = frozenset({"", "ratio", "score", "index", "count", "none"})


@cache
def facts() -> dict[str, dict[str, Any]]:
    """Every known metric by its id, with the evaluator that yields it."""
    known: dict[str, dict[str, Any]] = {}
    for evaluator in EVALUATORS:
        try:
            described = describe(evaluator)
        except EvaluatorError:
            continue
        for metric in described["metrics"]:
            known[metric["id"]] = metric | {"evaluator": evaluator, "evaluator_title": described["title"]}
    return known


def title(metric: str) -> str:
    """Its name for people, also where its evaluator is gone."""
    known = facts().get(metric)
    return str(known["title"]) if known else metric_words(metric)


def unit(metric: str) -> str:
    """How its numbers are written: in percent, as counts, or bare. Other units are words: see `unit_words`."""
    named = facts().get(metric, {}).get("unit")
    return "rate" if named in SHARES else "count" if named in COUNTED else ""


def unit_words(metric: str) -> str:
    """Its unit in words, where the numbers are bare."""
    named = str(facts().get(metric, {}).get("unit") or "")
    return "" if named in SHARES or named in BARE else named


def evaluator_title(evaluator: str) -> str:
    """An evaluator's name for people."""
    return next((m["evaluator_title"] for m in facts().values() if m["evaluator"] == evaluator), evaluator)
