"""Parameters of an evaluator: their JSON schema, defaults and checks. Standard library only."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.contract import Json, ParameterError

TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "array": (list, tuple),
}
# What an array holds: texts, or numbers where its rule says so.
ITEMS: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float)}


def schema(parameters: Mapping[str, Mapping[str, Any]]) -> Json:
    """A JSON schema object for a form or an API."""
    properties = {name: _as_json_schema(rule) for name, rule in parameters.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _as_json_schema(rule: Mapping[str, Any]) -> Json:
    """Bounds of an array's items stand beside the array here, and inside `items` in JSON Schema."""
    if rule["type"] != "array":
        return dict(rule)
    inner = {name: rule[name] for name in ("enum", "minimum", "maximum") if name in rule}
    outer = {name: value for name, value in rule.items() if name not in inner}
    return outer | {"items": {"type": rule.get("items", "string"), **inner}}


def complete(parameters: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> Json:
    """The given parameters with defaults filled in. Raises ParameterError naming the first one that is wrong."""
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        known = ", ".join(sorted(parameters)) or "none"
        raise ParameterError(f"unknown parameter {unknown[0]!r}; known: {known}")
    for name, value in given.items():
        _check(name, value, parameters[name])
    return {name: given.get(name, rule["default"]) for name, rule in parameters.items()}


def from_text(parameters: Mapping[str, Mapping[str, Any]], name: str, text: str) -> Any:
    """The value a person typed, in the type the parameter has."""
    if name not in parameters:
        return text
    kind = parameters[name]["type"]
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in ("integer", "number"):
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            raise ParameterError(f"parameter {name!r} takes {_a(kind)}, not {text!r}") from None
    if kind == "array":
        return [_item(name, part.strip(), parameters[name]) for part in text.split(",") if part.strip()]
    return text


def _item(name: str, text: str, rule: Mapping[str, Any]) -> Any:
    if rule.get("items", "string") == "string":
        return text
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"parameter {name!r} takes numbers, not {text!r}") from None


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


def _check(name: str, value: Any, rule: Mapping[str, Any]) -> None:
    is_wrong_bool = isinstance(value, bool) and rule["type"] != "boolean"
    if is_wrong_bool or not isinstance(value, TYPES[rule["type"]]):
        raise ParameterError(f"parameter {name!r} takes {_a(rule['type'])}, not {value!r}")
    if rule["type"] == "array":
        _check_items(name, value, rule)
        return
    _check_finite(name, value)
    if "enum" in rule and value not in rule["enum"]:
        raise ParameterError(f"parameter {name!r} is one of {', '.join(map(str, rule['enum']))}, not {value!r}")
    if "minimum" in rule and not value >= rule["minimum"]:
        raise ParameterError(f"parameter {name!r} is at least {rule['minimum']}, not {value!r}")
    if "maximum" in rule and not value <= rule["maximum"]:
        raise ParameterError(f"parameter {name!r} is at most {rule['maximum']}, not {value!r}")


def _check_finite(name: str, value: Any) -> None:
    # JSON has no infinity, so no digest could say what was asked.
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(f"parameter {name!r} takes finite numbers, not {value!r}")


def _check_items(name: str, values: Sequence[Any], rule: Mapping[str, Any]) -> None:
    """Each item by the rule's `items`, `enum`, `minimum` and `maximum`; at most `maxItems` of them."""
    kind = rule.get("items", "string")
    if len(values) > rule.get("maxItems", 1_000):
        raise ParameterError(f"parameter {name!r} takes at most {rule.get('maxItems', 1_000)} items, not {len(values)}")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, ITEMS[kind]):
            raise ParameterError(f"parameter {name!r} holds {kind}s, and {value!r} is none")
        _check_finite(name, value)
        if "enum" in rule and value not in rule["enum"]:
            raise ParameterError(f"parameter {name!r} holds {', '.join(map(str, rule['enum']))}, not {value!r}")
        if not rule.get("minimum", value) <= value <= rule.get("maximum", value):
            raise ParameterError(f"parameter {name!r}: {value!r} is out of its bounds")
