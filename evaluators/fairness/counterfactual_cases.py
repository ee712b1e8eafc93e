"""Texts that name somebody, and the same texts about somebody else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.contract import ParameterError
from evaluators.language.identity import Swap, Vocabulary
from evaluators.subjects.texts import ticket

TEMPLATES = Path(__file__).with_name("counterfactual_templates.json")
SLOT = "{who}"
TABLE, BUILT_IN = "table", "templates"


@dataclass(frozen=True)
class Case:
    """A text with its exchanges. `cluster` is the row's text or the template, which is what is drawn independently."""

    source: str
    cluster: str
    text: str
    swaps: tuple[Swap, ...]


def from_table(texts: Sequence[str], vocabulary: Vocabulary, *, most: int, seed: int) -> list[Case]:
    """One case per different text, in the order given; texts that name nobody have no swaps."""
    return [Case(TABLE, text, text, _some(vocabulary.swaps(text), most, seed)) for text in dict.fromkeys(texts)]


def from_templates(
    templates: Sequence[str],
    vocabulary: Vocabulary,
    *,
    pairs: Sequence[str],
    people: int,
    most: int,
    seed: int,
) -> list[Case]:
    """Each template with so many people of each set, by lot, and with all of the pairs' own.

    Raises ParameterError for a template without a slot.
    """
    own = [f"the {pair.partition('/')[0].strip()}" for pair in pairs]
    cases = []
    for template in templates or built_in()["templates"]:
        drawn = {
            name: sorted(everyone, key=lambda who: ticket(seed, f"{template} {who}"))[:people]
            for name, everyone in built_in()["who"].items()
        }
        filled = _filled(template, drawn | {"own": own}, vocabulary)
        cases += [Case(BUILT_IN, template, text, _some(swaps, most, seed)) for text, swaps in filled if swaps]
    return cases


@cache
def built_in() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(TEMPLATES.read_text(encoding="utf-8"))
    return data


def _filled(
    template: str, people: Mapping[str, Sequence[str]], vocabulary: Vocabulary
) -> Iterator[tuple[str, list[Swap]]]:
    if template.count(SLOT) != 1:
        raise ParameterError(f"the template {template[:60]!r} does not hold {SLOT} exactly once")
    before, _, after = template.partition(SLOT)
    for set_ in vocabulary.columns:
        for who in people[set_]:
            person = who if before.strip() else who[:1].upper() + who[1:]
            text = before + person + after
            # A set's people may bring words of other sets with them; only the set itself is exchanged.
            yield text, [swap for swap in vocabulary.swaps(text) if swap.set == set_]


def _some(swaps: Sequence[Swap], most: int, seed: int) -> tuple[Swap, ...]:
    """At most so many, by lot."""
    return tuple(sorted(swaps, key=lambda swap: (ticket(seed, swap.text), swap.set))[:most])
