"""Words inside a text: where they stand, and how some change places and the rest stays. Standard library only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluators.language.pii import hidden

# Letters of any script, joined by hyphens or apostrophes; the 's of a possessive is not part of the word.
WORD = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+|['’](?!s\b)[^\W\d_]+)*)(?:['’]s\b)?")
ARTICLES = {"a": "an", "an": "a"}
VOWELS = tuple("aeiou")


@dataclass(frozen=True)
class Word:
    """A word and where it stands."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of a text, in order. Digits, emoji and punctuation are none."""
    return [Word(found.group(1), found.start(1), found.end(1)) for found in WORD.finditer(text)]


def cased(like: str, word: str) -> str:
    """The word in the case of another one: CAPITALS, Capitalised or as it is written."""
    if len(like) > 1 and like.isupper():
        return word.upper()
    if like[:1].isupper():
        return word[:1].upper() + word[1:]
    return word


def exchanged(text: str, found: Sequence[Word], changes: Mapping[int, str]) -> str:
    """The text with some of its words, by position, replaced as given; a preceding "a" or "an" is made to agree."""
    parts: list[str] = []
    at = 0
    for i, word in sorted((dict(changes) | _articles(found, changes)).items()):
        parts += [text[at : found[i].start], word]
        at = found[i].end
    return "".join([*parts, text[at:]])


def _articles(found: Sequence[Word], changes: Mapping[int, str]) -> dict[int, str]:
    """The other article before each changed word that begins otherwise than the one it replaces."""
    agreeing: dict[int, str] = {}
    for i, word in changes.items():
        before = found[i - 1].text if i else ""
        if before.lower() in ARTICLES and i - 1 not in changes and is_vowel(word) != is_vowel(found[i].text):
            agreeing[i - 1] = cased(before, ARTICLES[before.lower()])
    return agreeing


def is_vowel(word: str) -> bool:
    """Whether a word begins with a vowel letter."""
    return word.lower().startswith(VOWELS)


def shortened(text: str, length: int = 160) -> str:
    """The beginning of a text, for a table that many may read: what is personal in it by the rules is hidden."""
    text = hidden(text)
    return text if len(text) <= length else text[: length - 1] + "…"
