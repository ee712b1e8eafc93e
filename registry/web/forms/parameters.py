"""An evaluator's parameters as fields, and what was typed into them as values again."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from registry.web.forms.choice_words import choice_words
from registry.web.forms.json_text import read_json

PREFIX = "parameter-"
# Texts of several lines: a browser would join them in one.
LONG = frozenset({"public_key", "schema"})
# What somebody promised of a model: no usual value stands for it, and it is asked for among what has to be said.
PROMISED: Mapping[str, frozenset[str]] = {"privacy.dp_audit": frozenset({"epsilon", "delta"})}
MOST_DIGITS, MOST_NUMBERS = 12, 1_000
Schema = Mapping[str, Any]
LEVEL = 0.95
LEVEL_RULE: Schema = {
    "type": "number",
    "default": LEVEL,
    "minimum": 0.5,
    "maximum": 0.9999,
    "title": "Confidence level of the intervals",
}


def plain(number: float) -> str:
    """All its digits, unless these are too many to read."""
    is_short = not number or 10**-MOST_DIGITS <= abs(number) < 10**MOST_DIGITS
    return f"{Decimal(repr(number)):f}".removesuffix(".0") if is_short else f"{number:g}"


class PlainNumberField(forms.FloatField):
    """A number that is shown as people write it: 0.00001, not 1e-05."""

    widget = forms.NumberInput(attrs={"step": "any"})

    def prepare_value(self, value: Any) -> Any:
        """What was typed stays as it is."""
        return plain(value) if isinstance(value, float) else value


class LongField(forms.CharField):
    """A text of several lines, whose ends are the same wherever it was typed."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false"})

    def to_python(self, value: Any) -> str:
        """The text."""
        return super().to_python(value).replace("\r\n", "\n")


class SchemaField(LongField):
    """A JSON schema, or nothing."""

    def clean(self, value: Any) -> str:
        """The text, if it is JSON."""
        text: str = super().clean(value)
        if text:
            read_json(text)
        return text


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """Lines."""
        return value if isinstance(value, str) or value is None else "\n".join(map(str, value))

    def clean(self, value: Any) -> list[str]:
        """The lines that are not empty."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class NumbersField(forms.CharField):
    """A list of numbers, divided by commas or spaces, so many at most. Two `ends` ascend."""

    def __init__(self, *args: Any, items: Schema, most: int, ends: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items, self.most, self.ends = items, most, ends

    def prepare_value(self, value: Any) -> Any:
        """The numbers as one line."""
        return value if isinstance(value, str) or value is None else ", ".join(f"{number:g}" for number in value)

    def clean(self, value: Any) -> list[float]:
        """The numbers; what is none, or out of bounds, is named."""
        numbers = [self._number(word) for word in super().clean(value).replace(",", " ").split()]
        if len(numbers) > self.most:
            raise forms.ValidationError(f"At most {self.most} numbers are taken here; these are {len(numbers):,}.")
        if self.ends and numbers and not (len(numbers) == 2 and numbers[0] < numbers[1]):
            raise forms.ValidationError("A lower and a higher number are needed here.")
        return numbers

    def _number(self, word: str) -> float:
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise forms.ValidationError(f"“{word[:40]}” is not a number.")
        low, high = self.items.get("minimum", number), self.items.get("maximum", number)
        if not low <= number <= high:
            raise forms.ValidationError(f"“{word[:40]}” is not between {low:,} and {high:,}.")
        return number


def parameter_field(name: str, schema: Schema, *, evaluator: str = "") -> forms.Field:
    """The field of a parameter, with its usual value in it; empty, and to be filled in, where it was promised."""
    is_fact = name in PROMISED.get(evaluator, ())
    initial = None if is_fact else schema.get("default")
    common = {"label": schema["title"], "initial": initial, "required": is_fact}
    bounds = {"min_value": schema.get("minimum"), "max_value": schema.get("maximum"), "error_messages": _out_of(schema)}
    if schema["type"] == "array":
        return _list_field(name, schema, common)
    if "enum" in schema:
        return _choice(name, schema, common)
    if schema["type"] == "boolean":
        return forms.BooleanField(**common)
    if schema["type"] == "integer":
        return forms.IntegerField(**common, **bounds)
    if schema["type"] == "number":
        return PlainNumberField(**common, **bounds)
    if name in LONG:
        return SchemaField(**common) if name == "schema" else LongField(**common)
    return forms.CharField(**common)


def _out_of(schema: Schema) -> dict[str, str]:
    """What is said of a number beyond a bound. A bound that only keeps 0 away is no number to read."""
    low, high = schema.get("minimum", 0), schema.get("maximum", 0)
    least = "It has to be more than 0." if 0 < low < 10**-MOST_DIGITS else f"It has to be at least {plain(low)}."
    return {"min_value": least, "max_value": f"It can be at most {plain(high)}."}


def _choice(name: str, schema: Schema, common: Mapping[str, Any]) -> forms.Field:
    """One of several texts, or of several numbers: a browser sends either as text."""
    choices = [(value, choice_words(name, value)) for value in schema["enum"]]
    return forms.TypedChoiceField(choices=choices, coerce=float if schema["type"] == "number" else str, **common)


def _list_field(name: str, schema: Schema, common: Mapping[str, Any]) -> forms.Field:
    items = schema["items"]
    if "enum" in items:
        choices = [(value, choice_words(name, value)) for value in items["enum"]]
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
    if items["type"] == "number":
        few = {"items": items, "most": schema.get("maxItems", MOST_NUMBERS), "ends": name == "box"}
        return NumbersField(help_text="Numbers, divided by commas.", **few, **common)
    return LinesField(help_text="One a line.", **common)


def differs(value: Any, schema: Schema) -> bool:
    """Whether something else than the usual is asked for."""
    usual = schema.get("default")
    if schema["type"] == "array":
        return list(value) != list(usual or ())
    return value not in (None, "", usual)
