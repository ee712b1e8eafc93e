"""Evaluators and metrics by the family they belong to, and which of them suit a kind of model."""

from collections.abc import Iterable, Mapping
from typing import Any

from evaluators.catalog import EVALUATORS, describe
from registry.models.choices import ModelKind
from registry.services.inputs import COLUMNS

FAMILIES = {
    "performance": "Performance",
    "fairness": "Fairness",
    "uncertainty": "Calibration and uncertainty",
    "explainability": "Explainability",
    "robustness": "Robustness",
    "privacy": "Privacy",
    "security": "Security of files",
    "data": "Data",
    "compression": "Compression",
    "generative": "Generated text",
    "monitoring": "Monitoring",
}
TEXTS = (ModelKind.TEXT, ModelKind.GENERATIVE)


def family(evaluator: str) -> str:
    """The room of the evaluators' package that it stands in."""
    return EVALUATORS[evaluator].split(".")[1]


def family_title(evaluator: str) -> str:
    """Its family in words."""
    return FAMILIES.get(family(evaluator), family(evaluator).capitalize())


def by_family(evaluators: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The evaluators of each family, both in the order in which people read them; a family without any is left out."""
    order = list(FAMILIES.values())
    found: dict[str, list[str]] = {}
    for evaluator in sorted(evaluators, key=lambda each: describe(each)["title"].casefold()):
        found.setdefault(family_title(evaluator), []).append(evaluator)
    return sorted(found.items(), key=lambda each: order.index(each[0]) if each[0] in order else len(order))


def suits(evaluator: str, kind: str) -> bool:
    """Whether an evaluator is made for models of this kind, or for models of any; of a kind not said, any may be."""
    return not kind or kind in kinds(describe(evaluator))


def others(evaluator: str, kind: str) -> str:
    """Where it is not made for models of this kind, those that it is made for, as a model's kind is called."""
    fitting = set() if suits(evaluator, kind) else kinds(describe(evaluator))
    return " or ".join(f"“{each.label}”" for each in ModelKind if each in fitting)


def kinds(facts: Mapping[str, Any]) -> set[str]:
    """The kinds of models that an evaluator is made for, as far as its name and what it reads tell."""
    needs, words = facts["needs"], set(facts["id"].replace(".", "_").split("_"))
    read = {name for names in needs.values() for name in names} & set(COLUMNS)
    runs_model = "model" in needs.get("files", ())
    if family(facts["id"]) == "generative" or "memorisation" in words:
        return {ModelKind.GENERATIVE}
    if family(facts["id"]) == "compression":
        return set(ModelKind.values)
    if "text" in words or "text" in needs.get("columns", ()):
        return set(TEXTS)
    if "text" in needs.get("optional", ()) and runs_model:
        return {*TEXTS, ModelKind.IMAGE} if "features" in needs["optional"] else set(TEXTS)
    if words & {"image", "corruption"}:
        return {ModelKind.IMAGE}
    if "tabular" in words or read & {"quasi", "sensitive"} or (runs_model and family(facts["id"]) == "privacy"):
        return {ModelKind.TABULAR}
    if runs_model and family(facts["id"]) in ("robustness", "explainability"):
        return {ModelKind.TABULAR, ModelKind.IMAGE}
    return set(ModelKind.values)
