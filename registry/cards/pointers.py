"""Pointers into the documents of precursors, such as `data.user_features.datasheet.collection`.

Published pointers often leave out the leading `data.`; the full form is what is kept.
"""

import re
from dataclasses import dataclass

from registry.cards.limits import MAX_PLAIN, MAX_POINTERS, Problem, clean_text

PART = re.compile(r"\*|[A-Za-z0-9_-]+")
MAX_PARTS = 20


@dataclass(frozen=True)
class Pointer:
    """A path from the version's data nodes to a field of a precursor's document, `*` for every child."""

    path: str
    comment: str = ""


def parse_pointers(content: object) -> tuple[Pointer, ...]:
    """Read a list of `[pointer, comment]` pairs or of objects with these two keys; refuse a pointer given twice."""
    if not isinstance(content, list) or not content:
        raise Problem("inherited is a list of pointers with at least one entry")
    if len(content) > MAX_POINTERS:
        raise Problem(f"there are {len(content)} pointers; the limit is {MAX_POINTERS}")
    pointers = tuple(_pointer(entry) for entry in content)
    if len({pointer.path for pointer in pointers}) != len(pointers):
        raise Problem("a pointer is given twice")
    return pointers


def full_path(path: str) -> str:
    """Return the pointer in its full form, beginning with `data.`; a Problem says what is wrong with it."""
    parts = path.split(".")
    if parts[0] != "data":
        parts = ["data", *parts]
    if len(parts) < 3 or len(parts) > MAX_PARTS or not all(PART.fullmatch(part) for part in parts):
        raise Problem(f"{path!r} is no pointer; write it like source.datasheet.collection")
    return ".".join(parts)


def _pointer(entry: object) -> Pointer:
    match entry:
        case [path, comment]:
            pass
        case {"pointer": path, **rest} if rest.keys() <= {"comment"}:
            comment = rest.get("comment")
        case _:
            raise Problem("each entry of inherited is a pair of pointer and comment")
    return Pointer(full_path(clean_text(path, most=MAX_PLAIN, what="a pointer").strip()), _comment(comment))


def _comment(comment: object) -> str:
    return "" if comment in ("", None) else clean_text(comment, most=MAX_PLAIN, what="the comment")
