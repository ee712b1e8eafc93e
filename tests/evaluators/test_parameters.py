import pytest

from evaluators.contract import ParameterError
from evaluators.parameters import complete, from_text, schema

RULES = {
    "rows": {"type": "integer", "default": 10, "minimum": 1, "maximum": 20, "title": "Rows"},
    "share": {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1, "title": "Share"},
    "kind": {"type": "string", "default": "a", "enum": ("a", "b"), "title": "Kind"},
    "strict": {"type": "boolean", "default": False, "title": "Strict"},
    "box": {"type": "array", "items": "number", "default": (), "title": "Lowest and highest value"},
}


def test_defaults_fill_what_is_not_given() -> None:
    assert complete(RULES, {"rows": 3}) == {"rows": 3, "share": 0.5, "kind": "a", "strict": False, "box": ()}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"row": 3}, "unknown parameter 'row'"),
        ({"rows": "3"}, "takes an integer"),
        ({"rows": True}, "takes an integer"),
        ({"rows": 0}, "at least 1"),
        ({"rows": 21}, "at most 20"),
        ({"share": float("nan")}, "takes finite numbers"),
        ({"box": [0.0, float("inf")]}, "takes finite numbers"),
        ({"kind": "c"}, "one of a, b"),
        ({"strict": 1}, "takes a boolean"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(given: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        complete(RULES, given)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("rows", "3", 3), ("share", ".25", 0.25), ("kind", "b", "b"), ("strict", "true", True), ("other", "x", "x")],
)
def test_typed_text_gets_the_type_of_its_parameter(name: str, text: str, value: object) -> None:
    assert from_text(RULES, name, text) == value


def test_text_that_is_no_number_is_refused() -> None:
    with pytest.raises(ParameterError, match="'many'"):
        from_text(RULES, "rows", "many")


def test_the_schema_is_closed() -> None:
    assert schema(RULES)["additionalProperties"] is False
    assert schema(RULES)["properties"]["rows"]["maximum"] == 20
