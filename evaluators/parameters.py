"""Parameters of an evaluator: their JSON schema, defaults and checks. Standard library only."""

from collections.abc import Mapping
from typing import Any

from evaluators.contract import Json, ParameterError

TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}


def schema(parameters: Mapping[str, Mapping[str, Any]]) -> Json:
    """A JSON schema object for a form or an API."""
    properties = {name: dict(rule) for name, rule in parameters.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


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
            raise ParameterError(f"parameter {name!r} takes a {kind}, not {text!r}") from None
    return text


def _check(name: str, value: Any, rule: Mapping[str, Any]) -> None:
    is_wrong_bool = isinstance(value, bool) and rule["type"] != "boolean"
    if is_wrong_bool or not isinstance(value, TYPES[rule["type"]]):
        raise ParameterError(f"parameter {name!r} takes a {rule['type']}, not {value!r}")
    if "enum" in rule and value not in rule["enum"]:
        raise ParameterError(f"parameter {name!r} is one of {', '.join(map(str, rule['enum']))}, not {value!r}")
    if "minimum" in rule and not value >= rule["minimum"]:
        raise ParameterError(f"parameter {name!r} is at least {rule['minimum']}, not {value!r}")
    if "maximum" in rule and not value <= rule["maximum"]:
        raise ParameterError(f"parameter {name!r} is at most {rule['maximum']}, not {value!r}")
