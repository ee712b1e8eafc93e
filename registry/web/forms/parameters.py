"""An evaluator's parameters as fields, and what was typed into them as values again."""

from collections.abc import Mapping
from typing import Any

from django import forms

PREFIX = "parameter-"
Schema = Mapping[str, Any]


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
    """A list of numbers, divided by commas or spaces."""

    def prepare_value(self, value: Any) -> Any:
        """The numbers as one line."""
        return value if isinstance(value, str) or value is None else ", ".join(f"{number:g}" for number in value)

    def clean(self, value: Any) -> list[float]:
        """The numbers; what is none is named."""
        numbers = []
        for word in super().clean(value).replace(",", " ").split():
            try:
                numbers.append(float(word))
            except ValueError:
                raise forms.ValidationError(f"“{word[:40]}” is not a number.") from None
        return numbers


def parameter_field(schema: Schema) -> forms.Field:
    """The field of a parameter, with its usual value in it."""
    common = {"label": schema["title"], "initial": schema.get("default"), "required": False}
    bounds = {"min_value": schema.get("minimum"), "max_value": schema.get("maximum")}
    if schema["type"] == "array":
        return _list_field(schema["items"], common)
    if "enum" in schema:
        return forms.ChoiceField(choices=[(value, value) for value in schema["enum"]], **common)
    if schema["type"] == "boolean":
        return forms.BooleanField(**common)
    if schema["type"] == "integer":
        return forms.IntegerField(**common, **bounds)
    if schema["type"] == "number":
        return forms.FloatField(**common, **bounds, widget=forms.NumberInput(attrs={"step": "any"}))
    return forms.CharField(**common)


def _list_field(items: Schema, common: Mapping[str, Any]) -> forms.Field:
    if "enum" in items:
        choices = [(value, str(value)) for value in items["enum"]]
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
    if items["type"] == "number":
        return NumbersField(help_text="Numbers, divided by commas.", **common)
    return LinesField(help_text="One a line.", **common)


def differs(value: Any, schema: Schema) -> bool:
    """Whether something else than the usual is asked for."""
    usual = schema.get("default")
    if schema["type"] == "array":
        return list(value) != list(usual or ())
    return value not in (None, "", usual)
