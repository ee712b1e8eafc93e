"""The settings that make a number meaningful, in a few words: how far an attack went, how often a model was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evaluators.catalog import EVALUATORS, describe
from registry.gates.numbers import exact

# Said even where they are left as usual: without them nobody can tell how much was tried.
STRENGTHS = ("epsilon", "sigma", "reach", "changes", "share", "alpha", "fpr", "queries", "queries_per_row")
SHORT = {
    "box": "inputs",
    "budget_s": "seconds at most",
    "negative": "negative label",
    "positive": "positive label",
}
MOST_WORDS, MOST_VALUES, MOST_LETTERS = 4, 4, 40


def settings_words(evaluator: object, parameters: Mapping[str, Any], *, version: object) -> str:
    """'radius 0.10, inputs 0 to 1, rows attacked 300': what was set, and the usual strength where none was.

    What was usual for another version of the evaluator than is installed here can't be told.
    """
    return ", ".join(f"{name} {value}" for name, value in settings(evaluator, parameters, version=version))


def settings(evaluator: object, parameters: Mapping[str, Any], *, version: object) -> Iterator[tuple[str, str]]:
    """The same, each with its name apart."""
    facts = describe(str(evaluator)) if evaluator in EVALUATORS else {"params": {}, "version": None}
    known = facts["params"].get("properties", {})
    strengths = [name for name in STRENGTHS if name in known and (name in parameters or facts["version"] == version)]
    for name in [*strengths, *(name for name in parameters if name not in strengths)]:
        value = parameters[name] if name in parameters else known[name].get("default")
        yield _name(name, str(known.get(name, {}).get("title", ""))), _value(value)


def _name(name: str, title: str) -> str:
    """What a setting is called in a line: its title up to the first comma, unless that is half a sentence."""
    head = re.split(r"[,;:(]", title)[0].strip()
    if name in SHORT or not head or len(head.split()) > MOST_WORDS or head.startswith(("How", "What")):
        return SHORT.get(name) or name.replace("_", " ")
    return head[:1].lower() + head[1:]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return exact(value)
    if isinstance(value, list | tuple):
        return _several(value)
    text = str(value)
    return f"{text[:MOST_LETTERS]}…" if len(text) > MOST_LETTERS else text


def _several(values: list[Any] | tuple[Any, ...]) -> str:
    are_ends = len(values) == 2 and all(isinstance(each, int | float) for each in values)
    if are_ends:
        return " to ".join(map(_value, values))
    shown = " and ".join(_value(each) for each in values[:MOST_VALUES])
    return f"{shown} and {len(values) - MOST_VALUES:,} more" if len(values) > MOST_VALUES else shown or "none"
