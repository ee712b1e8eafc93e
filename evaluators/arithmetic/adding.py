"""Statistics that are counts and sums, added over parts of a table."""

from collections.abc import Mapping
from typing import Any

from evaluators.contract import EvaluatorError, Json

# What things in a list are told apart by.
NAMES = ("name", "column")


def added(first: Mapping[str, Any], second: Mapping[str, Any], *, same: tuple[str, ...] = ()) -> Json:
    """Numbers are added, lists place by place, lists of named things by their name; what only one part has stays.

    Texts, truth values and what is named in `same` say how it was measured: EvaluatorError unless they are equal.
    """
    keys = [*first, *(key for key in second if key not in first)]
    return {key: _both(key, first, second, same) for key in keys}


def _both(key: str, first: Mapping[str, Any], second: Mapping[str, Any], same: tuple[str, ...]) -> Any:
    if key not in first or key not in second:
        return first.get(key, second.get(key))
    a, b = first[key], second[key]
    if key in (*same, *NAMES) or a is None or isinstance(a, str | bool):
        if a != b:
            raise EvaluatorError(f"the parts were not measured alike: {key} is {a!r} in one and {b!r} in another")
        return a
    if isinstance(a, Mapping):
        return added(a, b, same=same)
    return _lists(key, a, b, same) if isinstance(a, list) else a + b


def _lists(key: str, a: list[Any], b: list[Any], same: tuple[str, ...]) -> list[Any]:
    if any(isinstance(item, Mapping) for item in [*a, *b]):
        named = [{_name(item): item for item in items} for items in (a, b)]
        # Columns stay in their order; groups, of which a part may lack some, stand sorted.
        wanted = list(named[0]) if named[0].keys() == named[1].keys() else sorted({*named[0], *named[1]})
        found = [[items[name] for items in named if name in items] for name in wanted]
        return [added(parts[0], parts[1], same=same) if len(parts) > 1 else dict(parts[0]) for parts in found]
    if len(a) != len(b):
        raise EvaluatorError(f"the parts were not measured alike: {key} has {len(a)} places, and {len(b)} in another")
    return [x + y for x, y in zip(a, b, strict=True)]


def _name(item: Mapping[str, Any]) -> str:
    return next(str(item[key]) for key in NAMES if key in item)
