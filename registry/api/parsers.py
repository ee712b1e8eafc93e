"""Reading JSON that means one thing: no key twice, no NaN, no text the database can't hold, no bottomless nesting."""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from registry.cards.doubles import first_double
from registry.cards.exact import exact, finite
from registry.exceptions import TooLarge

DEEPEST = 32


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 of bounded size and depth."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        """The value. ParseError says what can't be read; TooLarge past the limit, before anything is kept."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge(f"The body is over its limit of {most:,} bytes. Nothing was kept.")
        return read_json(raw)


def read_json(raw: bytes) -> Any:
    """Read one JSON value, or raise ParseError."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=finite,
            parse_int=exact,
        )
    except RecursionError as error:
        raise ParseError(f"The body is nested more than {DEEPEST} deep.") from error
    except ValueError as error:
        raise ParseError(f"The body is not the JSON that is read here: {error}.") from error
    for depth, text in _walk(value, depth=0):
        if depth > DEEPEST:
            raise ParseError(f"The body is nested more than {DEEPEST} deep.")
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise ParseError("A text holds a character that can't be stored: U+0000 or half of a pair.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if (twice := first_double(name for name, _ in pairs)) is not None:
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return dict(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _walk(value: Any, *, depth: int) -> Iterator[tuple[int, str]]:
    """Every text with its depth, keys included, and the depth of everything else beside an empty text."""
    if isinstance(value, str):
        yield depth, value
    elif depth > DEEPEST:
        yield depth, ""
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield depth, key
            yield from _walk(item, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, depth=depth + 1)
