"""What a document says: typed answers, read from plain JSON and refused with the question's name when they don't fit.

An answer is an object with exactly one key:
`text` (Markdown), `rows` (a list of flat objects), `reference` (an http(s) address or a registry name),
`not_applicable` or `unknown` (a reason), or `inherited` (pointers into the documents of precursors).
Empty is not an answer: leave the question out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from registry.cards.canonical import canonical_bytes, digest
from registry.cards.limits import MAX_DOCUMENT_BYTES, MAX_PLAIN, MAX_TEXT, Problem, clean_text
from registry.cards.pointers import Pointer, parse_pointers
from registry.cards.rows import Row, parse_rows
from registry.cards.schemas import Question, Schema
from registry.exceptions import InvalidInput


@dataclass(frozen=True)
class Text:
    """Markdown as it was typed; for a question with choices, one of them."""

    text: str


@dataclass(frozen=True)
class Rows:
    """A small table."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Reference:
    """Something that answers in the person's stead, by its address or its name in the registry."""

    target: str


@dataclass(frozen=True)
class NotApplicable:
    """The question doesn't apply, and why. Counts as answered."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """Nobody can say, and why. Doesn't count as answered."""

    reason: str


@dataclass(frozen=True)
class Inherited:
    """What the documents of precursors say at their pinned versions."""

    pointers: tuple[Pointer, ...]


Answer: TypeAlias = Text | Rows | Reference | NotApplicable | Unknown | Inherited
Answers: TypeAlias = Mapping[str, Answer]


def parse_answers(schema: Schema, plain: object) -> dict[str, Answer]:
    """Read a map of `section.slug` to answer, in the schema's order.

    InvalidInput names every question that can't be used: one the schema doesn't ask, an answer of the wrong shape or
    over a limit, or two gates that contradict each other.
    """
    if not isinstance(plain, dict):
        raise InvalidInput("A document's answers are an object of section.slug to answer.")
    questions = schema.questions
    errors = {str(key): [f"{schema.title} has no such question"] for key in plain if key not in questions}
    answers: dict[str, Answer] = {}
    for key, question in questions.items():
        if key in plain:
            try:
                answers[key] = parse_answer(question, plain[key])
            except Problem as problem:
                errors[key] = [str(problem)]
    errors |= _contradictions(schema, answers)
    if errors:
        raise InvalidInput(_summary(errors), errors=errors)
    if len(canonical_bytes(as_plain(answers))) > MAX_DOCUMENT_BYTES:
        raise InvalidInput(f"The document is over {MAX_DOCUMENT_BYTES // 1024} KiB.")
    return answers


def parse_answer(question: Question, plain: object) -> Answer:
    """Read one answer; a Problem says what is wrong with it."""
    if not isinstance(plain, dict) or len(plain) != 1:
        raise Problem("an answer is an object with exactly one of " + ", ".join(_PARSERS))
    kind, content = next(iter(plain.items()))
    if kind not in _PARSERS:
        raise Problem(f"{kind!r} is no kind of answer; use one of " + ", ".join(_PARSERS))
    if question.choices and kind in ("rows", "reference", "not_applicable"):
        raise Problem(f"answer with the text {_alternatives(question)}, or as unknown")
    return _PARSERS[kind](question, content)


def as_plain(answers: Answers) -> dict[str, Any]:
    """The JSON that `parse_answers` reads, which is also what is stored and digested."""
    return {key: answer_as_plain(answer) for key, answer in answers.items()}


def answer_as_plain(answer: Answer) -> dict[str, Any]:
    """The JSON of one answer."""
    match answer:
        case Text(text):
            return {"text": text}
        case Rows(rows):
            return {"rows": [dict(row) for row in rows]}
        case Reference(target):
            return {"reference": target}
        case NotApplicable(reason):
            return {"not_applicable": reason}
        case Unknown(reason):
            return {"unknown": reason}
        case Inherited(pointers):
            return {"inherited": [{"pointer": pointer.path, "comment": pointer.comment} for pointer in pointers]}


def revision_digest(schema: Schema, answers: Answers, *, resolved: Mapping[str, Any]) -> str:
    """The identity of a revision: its schema, its answers, and what its pointers resolved to (plain JSON by key)."""
    return digest({"schema": [schema.id, schema.version], "answers": as_plain(answers), "resolved": dict(resolved)})


def _text(question: Question, content: object) -> Text:
    text = clean_text(content, most=MAX_TEXT, what="text")
    if not question.choices:
        return Text(text)
    choice = text.strip().lower()
    if choice not in question.choices:
        raise Problem(f"the text is {_alternatives(question)}")
    return Text(choice)


def _rows(question: Question, content: object) -> Rows:
    return Rows(parse_rows(content, columns=tuple(column.slug for column in question.columns)))


def _reference(_question: Question, content: object) -> Reference:
    target = clean_text(content, most=MAX_PLAIN, what="a reference").strip()
    if "\n" in target or " " in target:
        raise Problem("a reference is one address or name, without spaces")
    if ":" in target and not target.startswith(("https://", "http://", "assay:")):
        raise Problem("a reference is an http(s) address, an assay: address, or a name such as team/name@version")
    return Reference(target)


def _not_applicable(_question: Question, content: object) -> NotApplicable:
    return NotApplicable(clean_text(content, most=MAX_PLAIN, what="the reason"))


def _unknown(_question: Question, content: object) -> Unknown:
    return Unknown(clean_text(content, most=MAX_PLAIN, what="the reason"))


def _inherited(question: Question, content: object) -> Inherited:
    if not question.inheritable:
        raise Problem("this section speaks for its own subject; it can't be inherited")
    return Inherited(parse_pointers(content))


_PARSERS: Mapping[str, Callable[[Question, object], Answer]] = {
    "text": _text,
    "rows": _rows,
    "reference": _reference,
    "not_applicable": _not_applicable,
    "unknown": _unknown,
    "inherited": _inherited,
}


def _alternatives(question: Question) -> str:
    return " or ".join(f'"{choice}"' for choice in question.choices)


def _contradictions(schema: Schema, answers: Answers) -> dict[str, list[str]]:
    said = {gate.key: answer.text for gate in schema.gates if isinstance(answer := answers.get(gate.key), Text)}
    if len(set(said.values())) < 2:
        return {}
    first, *others = said
    return {key: [f'"{said[key]}" contradicts {first}, which says "{said[first]}"'] for key in others}


def _summary(errors: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{key}: {problem}" for key, problems in list(errors.items())[:5] for problem in problems)
