"""However many names somebody sends, each is looked at a few times, not once for every other."""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile

from evaluators.inputs.tables import MAX_COLUMNS
from registry.api import parsers
from registry.web.forms import json_text, tables
from registry.web.forms.json_text import LONGEST, Places, read_json
from registry.web.forms.tables import read_columns

MANY = 2000


class Counted(str):
    """A text that counts how often it is compared with another."""

    compared: ClassVar[int] = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


def names() -> list[str]:
    """All different, but for the last two."""
    Counted.compared = 0
    return [Counted(f"name{number}") for number in [*range(MANY), MANY, MANY]]


READERS: dict[str, tuple[Callable[[list[str]], Any], str]] = {
    "a table's header": (lambda given: tables._check(given, "t.csv"), "“name2000” more than once"),
    "JSON in a form": (lambda given: json_text._object([(name, 1) for name in given]), "“name2000” stands twice"),
    "JSON in a body": (lambda given: parsers._object([(name, 1) for name in given]), "'name2000' stands twice"),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_name_that_stands_twice_is_found_without_comparing_each_with_each(reader: str) -> None:
    read, said = READERS[reader]
    with pytest.raises((ValueError, forms.ValidationError), match=said):
        read(names())
    assert Counted.compared < 5 * MANY


def test_the_columns_that_are_asked_for_are_looked_up_and_only_the_first_that_lack_are_said() -> None:
    there = names()
    found = list(tables.missing({"group": [Counted(f"other{number}") for number in range(MANY)]}, there, "t.csv"))
    assert Counted.compared < 5 * MANY
    assert len(found) == tables.SHOWN


def header(columns: int) -> SimpleUploadedFile:
    row = b"," * (columns - 1) + b"\n"
    return SimpleUploadedFile("t.csv", ",".join(f"{number:x}" for number in range(columns)).encode() + b"\n" + row)


def test_a_header_of_more_columns_than_an_evaluation_reads_is_refused_as_that() -> None:
    assert len(read_columns(header(MAX_COLUMNS).file, "t.csv") or ()) == MAX_COLUMNS
    for columns in (MAX_COLUMNS + 1, 200_000):
        with pytest.raises(forms.ValidationError, match="more than 5,000 columns"):
            read_columns(header(columns).file, "t.csv")


def test_places_in_a_text_take_no_more_room_than_the_text() -> None:
    long = "n" * 10_000
    text = json.dumps({long: dict.fromkeys(map(str, range(10_000)), 1)}, indent=0)
    tracemalloc.start()
    places = Places(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 200 * len(text)
    assert places.line(f"{long}.9999") == 10_002
    assert places.line(f"{long}.more") == 2


def test_a_text_that_nobody_writes_as_rules_is_refused_unread() -> None:
    assert len(read_json(" " * (LONGEST - 2) + "[]")) == 0
    with pytest.raises(forms.ValidationError, match="200,001 characters, more than the 200,000 allowed"):
        read_json(" " * LONGEST + "5")
