"""Words that may stand for a word: own lists, and neighbours in the model's input embeddings.

Neighbours must be of the same rough class, by their endings, and neither another form of the word nor its opposite.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray

LISTS = Path(__file__).with_name("synonyms.json")
WHOLE_WORD = re.compile(r"[a-z]{3,}")
ENDINGS = ("ly", "ing", "ed", "est", "tion", "ness", "ment", "er", "s")
NEGATING = ("un", "in", "im", "dis", "non", "ir", "il")
STEM = 4
NEAREST = 30

WordVectors = Callable[[], tuple[list[str], FloatArray]]


@dataclass(frozen=True)
class Lists:
    """The hand-made lists: synonyms of each word, opposites of each word, words that stay as they are."""

    synonyms: Mapping[str, tuple[str, ...]]
    opposites: Mapping[str, frozenset[str]]
    praising: frozenset[str]
    blaming: frozenset[str]
    kept: frozenset[str]

    def are_opposed(self, word: str, other: str) -> bool:
        both = {word, other}
        return (
            other in self.opposites.get(word, ())
            or bool(both & self.praising and both & self.blaming)
            or any(one == prefix + two for prefix in NEGATING for one, two in ((word, other), (other, word)))
        )


@cache
def lists() -> Lists:
    data: dict[str, Any] = json.loads(LISTS.read_text(encoding="utf-8"))
    synonyms: dict[str, list[str]] = {}
    for row in data["rows"]:
        for word in row.split():
            synonyms.setdefault(word, []).extend(other for other in row.split() if other != word)
    opposites: dict[str, set[str]] = {}
    for pair in data["opposites"]:
        first, second = pair.split()
        opposites.setdefault(first, set()).add(second)
        opposites.setdefault(second, set()).add(first)
    return Lists(
        {word: tuple(dict.fromkeys(others)) for word, others in synonyms.items()},
        {word: frozenset(others) for word, others in opposites.items()},
        *(frozenset(data[name].split()) for name in ("praising", "blaming", "kept")),
    )


@dataclass
class Neighbours:
    """Whole words of a vocabulary with their directions."""

    names: list[str]
    directions: FloatArray
    places: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, vectors: WordVectors) -> "Neighbours":
        vocabulary, weights = vectors()
        whole = [i for i, name in enumerate(vocabulary) if WHOLE_WORD.fullmatch(name)]
        chosen = weights[whole]
        lengths = np.maximum(np.linalg.norm(chosen, axis=1, keepdims=True), 1e-12)
        names = [vocabulary[i] for i in whole]
        return cls(names, chosen / lengths, {name: i for i, name in enumerate(names)})

    def near(self, word: str, *, cosine: float) -> list[str]:
        """The nearest words at that cosine or above, nearest first; none for a word outside the vocabulary."""
        if word not in self.places:
            return []
        closeness = self.directions @ self.directions[self.places[word]]
        order = np.argsort(-closeness, kind="stable")[: NEAREST + 1]
        return [self.names[i] for i in order if closeness[i] >= cosine and self.names[i] != word]


@dataclass
class Substitutes:
    """What may stand for a word. Without neighbours, only the hand-made lists speak."""

    most: int
    cosine: float
    neighbours: Neighbours | None = None
    given: Mapping[str, Sequence[str]] | None = None
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, word: str) -> tuple[str, ...]:
        """At most `most` words in lower case; hand-made ones first."""
        low = word.lower()
        if low not in self.known:
            self.known[low] = tuple(dict.fromkeys(self._found(low)))[: self.most]
        return self.known[low]

    def _found(self, word: str) -> Iterator[str]:
        if self.given is not None:
            yield from self.given.get(word, ())
            return
        if word in lists().kept:
            return
        yield from (other for other in lists().synonyms.get(word, ()) if self._is_fluent(other))
        for other in self.neighbours.near(word, cosine=self.cosine) if self.neighbours else ():
            if is_alike(word, other):
                yield other

    def _is_fluent(self, word: str) -> bool:
        """A word that the vocabulary holds whole is one that readers meet often."""
        return self.neighbours is None or word in self.neighbours.places


def is_alike(word: str, other: str) -> bool:
    """Whether a neighbour may stand for a word: the same ending, another stem, no opposite and no function word."""
    return (
        ending(word) == ending(other)
        and not _is_same_stem(word, other)
        and other not in lists().kept
        and not lists().are_opposed(word, other)
    )


def ending(word: str) -> str:
    """The rough class of a word."""
    return next((end for end in ENDINGS if word.endswith(end) and not word.endswith("ss")), "")


def _is_same_stem(word: str, other: str) -> bool:
    shorter, longer = sorted((word, other), key=len)
    return longer.startswith(shorter[: max(STEM, len(shorter) - 2)])
