"""What a document asks: sections and questions, keyed for ever by `section.slug`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DOCUMENTS = Path(__file__).resolve().parents[2] / "fixtures" / "documents"
SCHEMA_IDS = ("datasheet", "model_card")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a question that is answered with rows."""

    slug: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of a document.

    `people` questions are asked only where the subject concerns people, which the `gate` questions say; `trust` marks
    what bears on trust. A question with `choices` takes one of them as its text, one with `columns` takes such rows.
    """

    section: str
    slug: str
    title: str
    prompt: str
    required: bool = False
    why_required: str = ""
    people: bool = False
    trust: bool = False
    gate: bool = False
    prefilled_from: str = ""
    inheritable: bool = False
    choices: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def key(self) -> str:
        """The name of the question in answers, policies and diffs."""
        return f"{self.section}.{self.slug}"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A titled group of questions; only an `inheritable` one may point at the documents of precursors."""

    key: str
    title: str
    inheritable: bool
    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A kind of document in one version."""

    id: str
    version: str
    title: str
    source: str
    sections: tuple[Section, ...]

    @property
    def questions(self) -> dict[str, Question]:
        """Every question by its key, in the order in which they are asked."""
        return {question.key: question for section in self.sections for question in section.questions}

    @property
    def gates(self) -> tuple[Question, ...]:
        """The questions whose answers say whether people are concerned."""
        return tuple(question for question in self.questions.values() if question.gate)


@cache
def load_schema(schema_id: str) -> Schema:
    """Return a schema that ships with the registry; KeyError for any other id."""
    if schema_id not in SCHEMA_IDS:
        raise KeyError(schema_id)
    return parse_schema(json.loads((DOCUMENTS / f"{schema_id}.json").read_text(encoding="utf-8")))


def parse_schema(plain: Mapping[str, Any]) -> Schema:
    """Build a Schema from its JSON; a repeated key or a pre-fill from nowhere is a ValueError."""
    schema = Schema(
        id=plain["id"],
        version=plain["version"],
        title=plain["title"],
        source=plain["source"],
        sections=tuple(_section(section) for section in plain["sections"]),
    )
    asked = [question for section in schema.sections for question in section.questions]
    keys = {question.key for question in asked}
    if len(keys) != len(asked):
        raise ValueError(f"{schema.id} asks a question twice")
    if any(question.prefilled_from and question.prefilled_from not in keys for question in asked):
        raise ValueError(f"{schema.id} pre-fills an answer from a question it doesn't ask")
    return schema


def _section(plain: Mapping[str, Any]) -> Section:
    inheritable = bool(plain["inheritable"])
    return Section(
        key=plain["key"],
        title=plain["title"],
        inheritable=inheritable,
        questions=tuple(
            _question(question, section=plain["key"], inheritable=inheritable) for question in plain["questions"]
        ),
    )


def _question(plain: Mapping[str, Any], *, section: str, inheritable: bool) -> Question:
    lists = {
        "choices": tuple(plain.get("choices", ())),
        "columns": tuple(Column(**column) for column in plain.get("columns", ())),
    }
    return Question(**{**plain, **lists}, section=section, inheritable=inheritable)
