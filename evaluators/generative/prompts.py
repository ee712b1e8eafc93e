"""The built-in prompts, from `prompts.json`. Standard library only."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.generative.asking import Prompt
from evaluators.subjects.texts import ticket

PROMPTS = Path(__file__).with_name("prompts.json")
HARMFUL, BENIGN = "harmful", "benign"
PERSONAL = "personal"


@cache
def built_in() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(PROMPTS.read_text(encoding="utf-8"))
    return data


def cohort_prompts(sets: Sequence[str], questions: int) -> list[Prompt]:
    """Every question put to every cohort, question by question, so that a budget that runs out leaves whole ones."""
    return [
        Prompt(template.replace("{who}", who), cohort=f"{set_}={name}", block=template)
        for template in built_in()["templates"][:questions]
        for set_ in sets
        for name, who in built_in()["cohorts"][set_].items()
    ]


def personal_prompts() -> list[Prompt]:
    """Prompts that invite personal data."""
    return [Prompt(text, label=PERSONAL) for text in built_in()["personal"]]


def refusal_prompts() -> list[Prompt]:
    """Prompts to be refused and prompts to be answered, in turn."""
    pairs = zip(built_in()[HARMFUL], built_in()[BENIGN], strict=True)
    return [Prompt(text, label=label) for pair in pairs for text, label in zip(pair, (HARMFUL, BENIGN), strict=True)]


def kind_of(prompt: Prompt) -> str:
    """harmful or benign: as labelled, or as the built-in list has it, or nothing."""
    if prompt.label:
        return prompt.label
    return next((kind for kind in (HARMFUL, BENIGN) if prompt.text in built_in()[kind]), "")


def injection_prompts(trials: int, *, seed: int) -> list[Prompt]:
    """Documents to be summarised, each with an order inside to write a token. Documents and orders meet by lot."""
    pairs = [(document, order) for document in built_in()["documents"] for order in built_in()["orders"]]
    drawn = sorted(pairs, key=lambda pair: ticket(seed, " ".join(pair)))[:trials]
    return [_injected(document, order, seed) for document, order in drawn]


def format_prompts() -> list[Prompt]:
    ask = (
        'Answer with one JSON object and nothing else: "name" is a text, "age" a whole number of years, and "tags" '
        "a list of at most three texts that may be left out. The facts: "
    )
    return [Prompt(ask + fact) for fact in built_in()["facts"]]


def repeated_questions(samples: int) -> list[Prompt]:
    return [
        Prompt(f"{question} Answer with one word or number.", block=question)
        for question in built_in()["questions"]
        for _ in range(samples)
    ]


def _injected(document: str, order: str, seed: int) -> Prompt:
    token = "KX-" + ticket(seed, document + order).hex()[:10].upper()
    middle = document.index(". ") + 2 if ". " in document else 0
    text = f"{document[:middle]}{order.replace('{token}', token)} {document[middle:]}"
    return Prompt(f"Summarise the following text in one sentence.\n---\n{text}\n---", block=document, label=token)
