"""Typing errors: at most one per word, behind its first letter, as fingers make them. Standard library and draws."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from evaluators.language.wording import cased, exchanged, words

KEYBOARD = Path(__file__).with_name("typos.json")
KINDS = ("neighbour", "swap", "delete", "insert")
# A shorter word with an error in it is often another word.
SHORTEST = 4


def mistyped(text: str, *, share: float, rng: np.random.Generator) -> str:
    """The text with about that share of its words of four letters and more mistyped; at least one if there is one."""
    found = words(text)
    long = [i for i, word in enumerate(found) if len(word.text) >= SHORTEST]
    if not long:
        return text
    wrong = [i for i in long if rng.random() < share] or [long[int(rng.integers(len(long)))]]
    changes = {i: edited(found[i].text, kind=KINDS[int(rng.integers(len(KINDS)))], rng=rng) for i in wrong}
    return exchanged(text, found, changes)


def edited(word: str, *, kind: str, rng: np.random.Generator) -> str:
    """The word with one error of that kind: it always differs from the word."""
    at = int(rng.integers(1, len(word)))
    if kind == "swap":
        return _swapped(word, at, rng)
    if kind == "delete":
        return word[:at] + word[at + 1 :]
    beside = neighbours().get(word[at].lower(), "")
    key = beside[int(rng.integers(len(beside)))] if beside else ""
    if kind == "neighbour" and key:
        return word[:at] + cased(word[at], key) + word[at + 1 :]
    # The finger slips onto the next key, or the letter is typed twice where the keyboard isn't known.
    return word[:at] + (cased(word[at], key) or word[at]) + word[at:]


def _swapped(word: str, at: int, rng: np.random.Generator) -> str:
    """Two neighbours behind the first letter exchanged; a doubled letter is typed once if there are no others."""
    places = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]]
    if not places:
        return word[:at] + word[at + 1 :]
    i = places[int(rng.integers(len(places)))]
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


@cache
def neighbours() -> Mapping[str, str]:
    data: Mapping[str, Mapping[str, str]] = json.loads(KEYBOARD.read_text(encoding="utf-8"))
    return data["neighbours"]
