"""What differs between two revisions of a document, question by question."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from registry.cards.canonical import canonical_bytes


@dataclass(frozen=True, kw_only=True)
class Change:
    """One question whose answer is not what it was; `before` is None if added, `after` if removed."""

    key: str
    kind: Literal["added", "changed", "removed"]
    before: Any
    after: Any


def compare_revisions(
    before: Mapping[str, Any], after: Mapping[str, Any], *, order: Iterable[str] = ()
) -> tuple[Change, ...]:
    """List the changes from one map of JSON values to another.

    Keys come in the given order (a schema's questions), then those it doesn't name, sorted. Values are the same when
    their canonical JSON is: 1 and 1.0 are, 1 and true are not.
    """
    known = list(dict.fromkeys(order))
    keys = [*known, *sorted((before.keys() | after.keys()) - set(known))]
    changes = (_change(key, before=before, after=after) for key in keys)
    return tuple(change for change in changes if change is not None)


def _change(key: str, *, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change | None:
    if key not in before and key not in after:
        return None
    if key not in before:
        return Change(key=key, kind="added", before=None, after=after[key])
    if key not in after:
        return Change(key=key, kind="removed", before=before[key], after=None)
    if canonical_bytes(before[key]) == canonical_bytes(after[key]):
        return None
    return Change(key=key, kind="changed", before=before[key], after=after[key])
