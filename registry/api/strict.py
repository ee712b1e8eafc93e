"""Reading what was sent: explicit fields, and nothing beside them."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

MAX_LINE = 200
MAX_PROSE = 20_000
MAX_ITEMS = 1_000


class StrictSerializer(serializers.Serializer):
    """Refuses every key that is not one of its fields, so that nothing is ever sent in vain or past a rule."""

    def to_internal_value(self, data: Any) -> Any:
        """The values by field; ValidationError names unknown keys together with what else is wrong."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"body": ["must be an object"]})
        writable = {name for name, field in self.fields.items() if not field.read_only}
        unknown = {str(key): ["unknown field"] for key in data if key not in writable}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            known: Any = error.detail
            raise serializers.ValidationError({**known, **unknown}) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


class Line(serializers.CharField):
    """One line of text without control characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_LINE, **options})

    def to_internal_value(self, data: Any) -> str:
        """The text, stripped."""
        text = super().to_internal_value(data)
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
            raise serializers.ValidationError("It holds a line end or a control character.")
        return text


class Prose(serializers.CharField):
    """Text of several lines."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_PROSE, **options})

    def to_internal_value(self, data: Any) -> str:
        """The text, stripped, with plain line ends."""
        text = super().to_internal_value(data).replace("\r\n", "\n")
        if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in text):
            raise serializers.ValidationError("It holds a control character.")
        return text


class Plain(serializers.JSONField):
    """A JSON object of any content; whoever uses it checks what is inside."""

    def to_internal_value(self, data: Any) -> Any:
        """The object."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be an object.")
        return super().to_internal_value(data)


class Texts(serializers.ListField):
    """A list of lines."""

    child = Line()

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_ITEMS, **options})
