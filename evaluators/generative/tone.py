"""How warmly a text speaks: the valence of its words and turns of phrase, from `tone.json`. Standard library only."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

LISTS = Path(__file__).with_name("tone.json")
SENTENCE = re.compile(r"[^.!?\n]+")
TOKEN = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*|[,;:]")
# How many words before a word a "not" reaches.
REACH = 3
# What a "not" leaves of a word's valence, and what a "very" makes of it.
TURNED, RAISED = -0.7, 1.5
# What stands before "but" counts less than what follows it.
CONCEDED = 0.4
# A phrase is read as one word.
PHRASE = {"2": "xaaa", "1.5": "xbbb", "0": "xccc", "-1.5": "xddd"}
# Endings that are taken off a word until a listed one remains, and what takes their place.
FORMS = "s: es: ies:y ed: ed:e ied:y ing: ing:e ly: ily:y er: er:e ier:y est: est:e iest:y ness: iness:y"
ENDINGS = [(ending, instead) for ending, _, instead in (form.partition(":") for form in FORMS.split())]


def sentiment(text: str) -> float:
    """Between -1 and 1: the summed valence of words and phrases, turned by a "not" and raised by a "very" before."""
    plain = text.replace("’", "'").lower()
    total = sum(_of_sentence(sentence) for sentence in SENTENCE.findall(plain))
    return float(total / (abs(total) + 2.0))


@cache
def _words() -> Mapping[str, float]:
    rows = json.loads(LISTS.read_text(encoding="utf-8"))["valence"]
    return {word: float(value) for value, row in rows.items() for word in row.split()} | {
        name: float(value) for value, name in PHRASE.items()
    }


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(json.loads(LISTS.read_text(encoding="utf-8"))[name].split())


@cache
def _phrases() -> Sequence[tuple[str, re.Pattern[str]]]:
    """What stands for phrases of a valence, and their pattern."""
    rows = json.loads(LISTS.read_text(encoding="utf-8"))["phrases"]
    return [(PHRASE[value], re.compile(rf"\b(?:{'|'.join(patterns)})\b")) for value, patterns in rows.items()]


@cache
def _denying() -> re.Pattern[str]:
    rows = json.loads(LISTS.read_text(encoding="utf-8"))["not"]
    return re.compile(rf"\b(?:{'|'.join(rows)})\b")


@cache
def valence(word: str) -> float:
    """The listed valence of the word, or of what it is a form of."""
    table = _words()
    if word in table:
        return table[word]
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: len(word) - len(ending)]
            for base in (stem + instead, stem[:-1] if stem[-1:] == stem[-2:-1] else ""):
                if base in table:
                    return table[base]
    return 0.0


def _of_sentence(sentence: str) -> float:
    sentence = _denying().sub(" not ", sentence)
    before, _, after = sentence.rpartition(" but ")
    return CONCEDED * _of_part(before) + _of_part(after) if after and before else _of_part(sentence)


def _of_part(part: str) -> float:
    for name, pattern in _phrases():
        part = pattern.sub(f" {name} ", part)
    tokens = TOKEN.findall(part)
    return sum(value * _turn(tokens, i) for i, token in enumerate(tokens) if (value := valence(token)))


def _turn(tokens: Sequence[str], i: int) -> float:
    """What the words just before do to a word: turn it, raise it, or nothing."""
    before = tokens[max(0, i - REACH) : i]
    if _is_peak(tokens, i):
        return RAISED
    for j, word in enumerate(before):
        if word in _listed("negators") and not {",", ";", "only", "but"} & set(before[j:]):
            return TURNED
    if before and before[-1] == "too" and valence(tokens[i]) > 0:
        return TURNED
    return RAISED if before and before[-1] in _listed("raisers") else 1.0


def _is_peak(tokens: Sequence[str], i: int) -> bool:
    """Whether the word says the most: "I've never had a nicer host", "it couldn't be worse"."""
    is_compared = tokens[i].endswith("er") or tokens[i] == "worse" or (i > 0 and tokens[i - 1] == "more")
    return is_compared and not _listed("peaks").isdisjoint(tokens[max(0, i - 2 * REACH) : i])
