"""Whether an output is JSON of a wanted shape: the part of JSON Schema that such shapes need. Standard library only."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from evaluators.contract import ParameterError

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: type(value) is int or (type(value) is float and value.is_integer()),
}
CHECKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, wanted: any(TYPES[name](value) for name in ([wanted] if isinstance(wanted, str) else wanted)),
    "enum": lambda value, wanted: value in wanted,
    "minimum": lambda value, wanted: not TYPES["number"](value) or value >= wanted,
    "maximum": lambda value, wanted: not TYPES["number"](value) or value <= wanted,
    "minLength": lambda value, wanted: not isinstance(value, str) or len(value) >= wanted,
    "maxLength": lambda value, wanted: not isinstance(value, str) or len(value) <= wanted,
    "minItems": lambda value, wanted: not isinstance(value, list) or len(value) >= wanted,
    "maxItems": lambda value, wanted: not isinstance(value, list) or len(value) <= wanted,
    "required": lambda value, wanted: not isinstance(value, dict) or set(wanted) <= set(value),
    "items": lambda value, wanted: not isinstance(value, list) or all(fits(item, wanted) for item in value),
    "properties": lambda value, wanted: (
        not isinstance(value, dict) or all(fits(value[name], rule) for name, rule in wanted.items() if name in value)
    ),
}
SPOKEN = {*CHECKS, "additionalProperties", "title", "description"}
DEEPEST = 20


def open_schema(text: str) -> dict[str, Any]:
    """The schema in a parameter. Raises ParameterError if it isn't one, or uses a keyword that isn't spoken here."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"the schema is not JSON ({str(error)[:80]})") from error
    _check_spoken(found, 0)
    return dict(found)


def adheres(output: str, schema: Mapping[str, Any]) -> bool:
    """Whether the whole output is one JSON value of that shape; no name twice, nothing around it."""
    try:
        value = json.loads(output, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return fits(value, schema)


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    is_closed = schema.get("additionalProperties") is False and isinstance(value, dict)
    if is_closed and set(value) - set(schema.get("properties", {})):
        return False
    return all(check(value, schema[name]) for name, check in CHECKS.items() if name in schema)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _refuse(_constant: str) -> Any:
    raise ValueError("not a number of JSON")


def _check_spoken(schema: Any, depth: int) -> None:
    if not isinstance(schema, dict) or depth > DEEPEST:
        raise ParameterError(f"the schema holds {str(schema)[:40]!r} where a schema is expected")
    unknown = sorted(set(schema) - SPOKEN)
    if unknown:
        raise ParameterError(f"the schema uses {unknown[0]!r}, and only {', '.join(sorted(SPOKEN))} are understood")
    kinds = schema.get("type", [])
    for name in [kinds] if isinstance(kinds, str) else kinds:
        if name not in TYPES:
            raise ParameterError(f"the schema names the type {name!r}, and only {', '.join(TYPES)} are understood")
    for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        _check_spoken(inner, depth + 1)
