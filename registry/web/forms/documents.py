"""The form of a document, made from its schema: for every question an answer, or why there is none."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms

from registry.cards.limits import MAX_TEXT
from registry.cards.schemas import Question, Schema, Section

KINDS = (
    ("text", "answer"),
    ("reference", "a link instead"),
    ("not_applicable", "does not apply, because"),
    ("unknown", "not known, because"),
)
ROW_SEPARATOR = " | "


class DocumentForm(forms.Form):
    """Two fields for each question: what kind of answer, and its text. An empty text is no answer."""

    expected = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, schema: Schema, answers: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schema, self.stored = schema, answers
        for key, question in schema.questions.items():
            kind, text = _typed(question, answers.get(key))
            self.fields[f"{key}.kind"] = forms.ChoiceField(
                choices=_kinds(question, kind), initial=kind, required=False, label="Kind of answer"
            )
            self.fields[key] = _field(question, text)

    def sections(self) -> Iterator[tuple[Section, list[dict[str, Any]]]]:
        """The fields as the page shows them."""
        for section in self.schema.sections:
            yield (
                section,
                [{"question": q, "kind": self[f"{q.key}.kind"], "field": self[q.key]} for q in section.questions],
            )

    def answers(self) -> dict[str, Any]:
        """The answers in the shape that the document service reads."""
        found = {}
        for key, question in self.schema.questions.items():
            kind, text = self.cleaned_data.get(f"{key}.kind") or "text", self.cleaned_data.get(key) or ""
            if kind == "inherited":
                found[key] = self.stored[key]
            elif question.columns and kind == "text" and text.strip():
                found[key] = {"rows": _rows(question, text)}
            elif text.strip() or kind in ("not_applicable", "unknown"):
                found[key] = {kind: text}
        return found


def _kinds(question: Question, kind: str) -> list[tuple[str, str]]:
    left_out = {"reference", "not_applicable"} if question.choices else set()
    kept = [each for each in KINDS if each[0] not in left_out]
    return [*kept, ("inherited", "inherited, as it is")] if kind == "inherited" else kept


def _field(question: Question, text: str) -> forms.Field:
    help_text = " ".join(filter(None, [question.why_required, _columns_help(question)]))
    common = {"required": False, "label": question.prompt or question.title, "help_text": help_text, "initial": text}
    if question.choices:
        common["help_text"] = f"One of: {', '.join(question.choices)}. {help_text}"
    rows = 1 if question.choices else 4
    return forms.CharField(max_length=MAX_TEXT, strip=False, widget=forms.Textarea(attrs={"rows": rows}), **common)


def _columns_help(question: Question) -> str:
    if not question.columns:
        return ""
    titles = ROW_SEPARATOR.join(column.title for column in question.columns)
    return f"One row a line, columns divided by {ROW_SEPARATOR.strip()}: {titles}"


def _typed(question: Question, stored: Any) -> tuple[str, str]:
    """A stored answer as it would have been typed."""
    if not isinstance(stored, Mapping) or not stored:
        return "text", ""
    kind, content = next(iter(stored.items()))
    if kind == "rows":
        return "text", "\n".join(_row_words(question, row) for row in content)
    if kind == "inherited":
        return kind, json.dumps(content)
    return kind, str(content)


def _row_words(question: Question, row: Mapping[str, Any]) -> str:
    names = [column.slug for column in question.columns] or list(row)
    return ROW_SEPARATOR.join("" if row.get(name) is None else str(row[name]) for name in names)


def _rows(question: Question, text: str) -> list[dict[str, str]]:
    """Lines to rows. A cell too many goes to a column that the schema does not know, which then refuses it."""
    names = [column.slug for column in question.columns]
    rows = []
    for line in filter(str.strip, text.splitlines()):
        cells = [cell.strip() for cell in line.split("|")]
        names_here = [*names, *(f"column {n}" for n in range(len(names) + 1, len(cells) + 1))]
        rows.append({name: cell for name, cell in zip(names_here, cells, strict=False) if cell})
    return rows
