"""What a slice is called, on every page and in every document; the raw name is for data and for what is hovered."""

from __future__ import annotations

import re
from collections.abc import Iterable

RESERVED = {"overall": "overall", "worst": "worst group"}
# Attributes that evaluators make up themselves: their values are words of ours and not of somebody's table.
OWN = {
    "by": "ranking",
    "capability": "capability",
    "corruption": "corruption",
    "fpr": "false positive rate",
    "queries": "queries",
    "set": "set",
}
JOINT = " & "
# A value between quotes may hold what divides parts.
PART = re.compile(r'(?:(?! & )[^=])+=(?:"(?:[^"\\]|\\.)*"(?= & |\Z)|(?:(?! & ).)*)(?: & |\Z)', re.DOTALL)


def words(name: str) -> str:
    """'race=non-white & sex=female' is 'race: non-white, sex: female'; a reserved name is its own words."""
    if name in RESERVED:
        return RESERVED[name]
    return ", ".join(f"{_attribute(attribute)}: {value}" if attribute else value for attribute, value in _parts(name))


def values(name: str) -> str:
    """The same without its attributes, where they stand in a heading: 'non-white, female'."""
    return RESERVED.get(name) or ", ".join(value for _, value in _parts(name))


def attributes(name: str) -> tuple[str, ...]:
    """What divides the rows: 'race' and 'sex'; nothing where a name has no attributes."""
    return tuple(_attribute(attribute) for attribute, _ in _parts(name) if attribute)


def against(first: str, second: str) -> str:
    """Two slices that are compared: 'race: non-white against white', 'non-white, female against white, female'."""
    shared = attributes(first) if attributes(first) == attributes(second) else ()
    named = values if len(shared) > 1 else words
    return f"{named(first)} against {values(second) if shared else words(second)}"


def listed(names: Iterable[str]) -> str:
    """Several slices one after the other."""
    return "; ".join(map(words, names))


def _parts(name: str) -> list[tuple[str, str]]:
    """Attribute and value of each part. A value may hold what divides parts, so each part has to name its attribute."""
    divided, at = [], 0
    # One after the other: a search from every letter on would take the square of a name's length.
    while at < len(name) and (found := PART.match(name, at)):
        divided.append(found[0].removesuffix(JOINT))
        at = found.end()
    return [_part(part) for part in (divided if JOINT.join(divided) == name else [name])]


def _part(part: str) -> tuple[str, str]:
    attribute, is_named, value = part.partition("=")
    if not is_named or not attribute:
        return "", part
    return attribute, value.replace("_", " ") if attribute in OWN else value


def _attribute(name: str) -> str:
    return OWN.get(name) or name.replace("_", " ")
