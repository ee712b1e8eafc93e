"""JSON as somebody types it: what can't be read is said with its line and column, and so is where a value stands."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django import forms

from registry.cards.doubles import first_double
from registry.cards.exact import exact, finite

DEEPEST, LONGEST = 32, 200_000
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
# Escapes of the zero character and of halves of a pair, the backslash itself not being escaped.
UNSTORABLE = re.compile(r"(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F]))")
CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
# What the reader of the standard library says, as advice.
ADVICE = {
    "Expecting value": "a value is expected: a text in double quotes, a number, true, false, null, a list or an object",
    "Expecting property name enclosed in double quotes": "a name in double quotes is expected, or } if the comma "
    "before it is one too many",
    "Expecting ',' delimiter": "a comma is expected, or the end of the list or object",
    "Expecting ':' delimiter": "a colon is expected after the name",
    "Extra data": "the end is expected, since the whole value is closed already",
    "Unterminated string starting at": "the text that begins here lacks its closing quote",
    "Invalid control character at": "a text goes on in the next line; write \\n in it instead",
    "Illegal trailing comma before end of object": "the comma is one too many",
    "Illegal trailing comma before end of array": "the comma is one too many",
}


def read_json(text: str) -> Any:
    """The value. ValidationError says the line, the column, and what was expected there."""
    if len(text) > LONGEST:
        raise forms.ValidationError(f"It has {len(text):,} characters, more than the {LONGEST:,} allowed.")
    if constant := next((found for found in CONSTANT.finditer(text) if found[1]), None):
        raise _refused(text, constant.start(), "NaN and Infinity are no JSON numbers")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_float=finite, parse_int=exact)
    except json.JSONDecodeError as error:
        raise _refused(text, error.pos, ADVICE.get(error.msg, error.msg)) from error
    except RecursionError as error:
        raise forms.ValidationError(f"It is nested more than {DEEPEST} deep.") from error
    except ValueError as error:
        raise forms.ValidationError(f"It can't be read: {error}.") from error
    if _depth(text) > DEEPEST:
        raise forms.ValidationError(f"It is nested more than {DEEPEST} deep.")
    if unstorable := UNSTORABLE.search(text):
        raise _refused(text, unstorable.start(), "this character can't be stored")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if (twice := first_double(name for name, _ in pairs)) is not None:
        raise ValueError(f"“{twice}” stands twice in one object")
    return dict(pairs)


def _depth(text: str) -> int:
    deepest = depth = 0
    for token in TOKEN.finditer(text):
        depth += (token[0] in "{[") - (token[0] in "}]")
        deepest = max(deepest, depth)
    return deepest


def _refused(text: str, position: int, advice: str) -> forms.ValidationError:
    line = line_of(text, position)
    column = position - text.rfind("\n", 0, position)
    there = text.splitlines()[line - 1].strip()[:60] if line <= len(text.splitlines()) else ""
    excerpt = f" That line reads: {there}" if there else ""
    return forms.ValidationError(f"Line {line}, column {column}: {advice}.{excerpt}", params={"line": line})


def line_of(text: str, position: int) -> int:
    """The number of the line in which a character stands, from 1."""
    return text.count("\n", 0, position) + 1


def spelled(place: str) -> str:
    """`stages.inference.sign_offs.0` as people write it: `stages.inference.sign_offs[0]`."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", place)


@dataclass
class Value:
    """Where a value begins, or the name before it, and what stands in it."""

    start: int
    within: dict[str, "Value"] = field(default_factory=dict)


class Places:
    """Where in a readable JSON text every value begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(TOKEN.finditer(text))
        self.at = 0
        self.whole = self._value()

    def line(self, place: str) -> int:
        """The line of a place such as `stages.inference.sign_offs.0`; of what it should stand in, where it lacks."""
        value, rest = self.whole, place
        while rest:
            step = rest if rest in value.within else rest.partition(".")[0]
            if step not in value.within:
                break
            value, rest = value.within[step], rest[len(step) + 1 :]
        return line_of(self.text, value.start)

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][0]

    def _start(self) -> int:
        return self.tokens[self.at].start()

    def _value(self) -> Value:
        found = Value(self._start())
        opened = self._next()
        if opened not in "{[":
            return found
        while self.tokens[self.at][0] not in "}]":
            start, name = self._start(), str(len(found.within))
            if opened == "{":
                name = str(json.loads(self._next()))
                self.at += 1
            found.within[name] = self._value()
            found.within[name].start = start
            if self.tokens[self.at][0] == ",":
                self.at += 1
        self.at += 1
        return found
