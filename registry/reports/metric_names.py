"""What a metric is called: the evaluators' own titles, wherever a page or a document names one."""

from __future__ import annotations

from functools import cache
from typing import Any

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import EvaluatorError

SHARES = frozenset({"rate", "share", "proportion"})
ACRONYMS = frozenset({"auc", "ece", "fpr", "fnr", "tpr", "shap", "mia", "pr", "roc", "psi", "mmd"})


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


def title(metric: object) -> str:
    """Its name for people; where its evaluator is gone, the words of its id."""
    known = facts().get(str(metric))
    return str(known["title"]) if known else words_of(str(metric or ""))


def is_share(metric: object) -> bool:
    """Whether its numbers are shares, which are written in percent."""
    return facts().get(str(metric), {}).get("unit") in SHARES


def evaluator_title(evaluator: object) -> str:
    """An evaluator's name for people; where it is gone, its id."""
    named = str(evaluator or "")
    return next((str(each["evaluator_title"]) for each in facts().values() if each["evaluator"] == named), named)


def words_of(metric: str) -> str:
    """An id without its family: 'fairness.demographic_parity_ratio' is 'Demographic parity ratio'."""
    words = metric.rsplit(".", 1)[-1].split("_")
    said = " ".join(word.upper() if word in ACRONYMS else word for word in words)
    return said[:1].upper() + said[1:]
