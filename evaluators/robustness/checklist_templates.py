"""Built-in behavioural templates: what must hold, what must not matter, which way an answer may move.

The lists are in `checklist.json`.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.subjects.texts import ticket

TEMPLATES = Path(__file__).with_name("checklist.json")
MFT, INV, DIR = "mft", "inv", "dir"
KINDS = (MFT, INV, DIR)
UP, DOWN = "up", "down"
SLOT = re.compile(r"\{(\w+)\}")
VOWEL_AFTER_A = re.compile(r"\b([Aa]) (?=[aeio])")


@dataclass(frozen=True)
class Trial:
    """One text that is asked about. `expected` is a class for MFT, up or down for DIR, and nothing for INV.

    `base` is the text that the answer is compared with; MFT has none. Trials of one cluster come from one template.
    """

    kind: str
    capability: str
    cluster: str
    text: str
    base: str = ""
    expected: str = ""

    @property
    def asked(self) -> tuple[str, str]:
        """What the model is asked: the text compared with, which for MFT is the text itself, and the text."""
        return (self.text if self.kind == MFT else self.base), self.text


@cache
def built_in() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(TEMPLATES.read_text(encoding="utf-8"))
    return data


def minimum_functionality(names: Mapping[str, str], *, fills: int, seed: int) -> list[Trial]:
    """Sentences that praise or blame, with the class each must get. `names` maps positive and negative to classes."""
    return [
        Trial(MFT, capability, template, text, expected=names[expected])
        for capability, template, expected in built_in()["mft"]
        for (text,) in filled([template], fills=fills, seed=seed)
    ]


def invariance(texts: Sequence[str], *, fills: int, seed: int) -> list[Trial]:
    """The same sentence with another name, place or number; and texts written otherwise or with small talk around."""
    return [*_slot_trials(fills, seed), *(trial for text in texts for trial in written_otherwise(text))]


def written_otherwise(text: str) -> Iterator[Trial]:
    """Every way of writing that leaves a text what it says; ways that change nothing are left out."""
    if not text.strip():
        return
    for capability, _, way in built_in()["writing"]:
        other = _written(text, way)
        if other != text:
            yield Trial(INV, capability, text, other, base=text)


def direction(*, fills: int, seed: int) -> list[Trial]:
    """Sentences to which praise or blame is added: the positive class may not become less, or more, likely."""
    return [
        Trial(DIR, capability, f"{base} → {change}", text.replace("{text}", before), base=before, expected=way)
        for capability, base, change, way in built_in()["dir"]
        for before, text in filled([base, change.replace("{text}", "{{text}}")], fills=fills, seed=seed)
    ]


def filled(templates: Sequence[str], *, fills: int, seed: int) -> list[tuple[str, ...]]:
    """The templates with the same words in their slots, at most `fills` times, by lot."""
    escaped = [template.replace("{{text}}", "\0") for template in templates]
    slots = list(dict.fromkeys(slot for template in escaped for slot in SLOT.findall(template)))
    choices = [built_in()["fill"][slot] for slot in slots]
    every = [
        tuple(_put(template, dict(zip(slots, chosen, strict=True))) for template in escaped)
        for chosen in itertools.product(*choices)
    ]
    return sorted(every, key=lambda texts: ticket(seed, " ".join(texts)))[:fills]


def _slot_trials(fills: int, seed: int) -> Iterator[Trial]:
    for capability, template, slot in built_in()["inv"]:
        base, *others = [_put(template, {slot: word}) for word in built_in()["fill"][slot]]
        for text in sorted(others, key=lambda text: ticket(seed, text))[:fills]:
            yield Trial(INV, capability, template, text, base=base)


def _put(template: str, words: Mapping[str, str]) -> str:
    text = SLOT.sub(lambda found: words[found.group(1)], template).replace("\0", "{text}")
    text = VOWEL_AFTER_A.sub(r"\1n ", text)
    return text[:1].upper() + text[1:]


def _written(text: str, way: str) -> str:
    if "{text}" in way:
        return way.replace("{text}", text)
    ways = {
        "upper": text.upper,
        "lower": text.lower,
        "stop": lambda: text + ".",
        "bare": lambda: text.rstrip(".!"),
        "spaces": lambda: f"  {text} ",
    }
    return ways[way]()
