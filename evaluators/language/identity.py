"""Words that tell which group a person belongs to, and texts in which one group stands for another.

The lists are in `identity.json`. Standard library only.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.contract import ParameterError
from evaluators.language.wording import Word, cased, exchanged, words

LISTS = Path(__file__).with_name("identity.json")
SETS = ("gender", "names", "nationality", "religion")
OWN = "own"


@dataclass(frozen=True)
class Term:
    """A word of a set: its spelling, the group it belongs to and the same said of every other group."""

    set: str
    spelling: str
    column: int
    row: tuple[str, ...]


@dataclass(frozen=True)
class Swap:
    """A text in which two groups of a set have changed places, and which words did (positions in the original)."""

    set: str
    source: str
    target: str
    text: str
    changed: tuple[Word, ...]


@dataclass(frozen=True)
class Vocabulary:
    """The terms that are looked for."""

    columns: Mapping[str, tuple[str, ...]]
    terms: Mapping[str, Sequence[Term]]

    def swaps(self, text: str) -> list[Swap]:
        """Every exchange of two groups of one set, of which the text names the first."""
        found = words(text)
        present = [(i, term) for i, word in enumerate(found) for term in self.terms.get(word.text.lower(), ())]
        swaps = []
        for set_, columns in self.columns.items():
            inside = {i: term for i, term in present if term.set == set_}
            for a, b in _exchanges({term.column for term in inside.values()}, len(columns)):
                other = {a: b, b: a}
                changes = {i: _other(t, found, i, other[t.column]) for i, t in inside.items() if t.column in other}
                changed = tuple(found[i] for i, word in sorted(changes.items()) if word != found[i].text)
                if changed:
                    swaps.append(Swap(set_, columns[a], columns[b], exchanged(text, found, changes), changed))
        return swaps


@cache
def lists() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(LISTS.read_text(encoding="utf-8"))
    return data


def vocabulary(sets: Sequence[str], pairs: Sequence[str] = ()) -> Vocabulary:
    """The built-in sets asked for, and pairs such as "nurse/doctor" as a set of their own. Raises ParameterError."""
    columns = {name: tuple(lists()[name]["columns"]) for name in SETS if name in sets}
    rows = [(name, tuple(row)) for name in columns for row in lists()[name]["rows"]]
    if pairs:
        columns[OWN] = ("first", "second")
        rows += [(OWN, _pair(text)) for text in pairs]
    terms: dict[str, list[Term]] = {}
    for name, row in rows:
        for column, spelling in enumerate(row):
            places = terms.setdefault(spelling.lower(), [])
            # A word that serves two groups, or two rows of one set, can't tell which one is meant: the first counts.
            if all(term.set != name for term in places):
                places.append(Term(name, spelling, column, row))
    return Vocabulary(columns, terms)


def _exchanges(present: set[int], columns: int) -> Iterator[tuple[int, int]]:
    """Every unordered pair of groups of which at least one is present, in order."""
    for a in sorted(present):
        for b in range(columns):
            if b != a and not (b in present and b < a):
                yield a, b


def _other(term: Term, found: Sequence[Word], i: int, column: int) -> str:
    """The word of another group in the spelling that the word it replaces has in the text."""
    spelled = found[i].text
    word = _pronoun(term, found, i) or term.row[column]
    if len(spelled) > 1 and spelled.isupper() and not term.spelling.isupper():
        return word.upper()
    if spelled == term.spelling:
        return word
    return cased(spelled, word.lower() if spelled.islower() else word)


def _pronoun(term: Term, found: Sequence[Word], i: int) -> str:
    """What "his" and "her" turn into: it depends on whether a noun follows."""
    table = lists()
    low = term.spelling.lower()
    if term.set != "gender" or low not in table["before_noun"]:
        return ""
    following = found[i + 1] if i + 1 < len(found) else None
    is_before_noun = (
        following is not None
        and following.start - found[i].end == 1
        and following.text.lower() not in table["never_nouns"]
    )
    return str(table["before_noun" if is_before_noun else "elsewhere"][low])


def _pair(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in text.split("/")]
    if len(parts) != 2 or not all(len(words(part)) == 1 and words(part)[0].text == part for part in parts):
        raise ParameterError(f"the pair {text!r} is not two words with a slash between them, such as nurse/doctor")
    if parts[0].lower() == parts[1].lower():
        raise ParameterError(f"the pair {text!r} is the same word twice")
    return parts[0], parts[1]
