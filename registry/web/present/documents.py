"""Documents as people read them: section by section, each answer as safe HTML, and how much is still missing."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registry import policies
from registry.cards.answers import Answers, Unknown, parse_answers
from registry.cards.completeness import asked_questions, count_required
from registry.cards.schemas import Question, Schema
from registry.models import DatasetVersion, Document, DocumentRevision, ModelVersion, User
from registry.reports.prose import render_markdown
from registry.services.documents import schema_of, team_of


def card_section(version: ModelVersion, *, person: User) -> dict[str, Any]:
    """What `version_card.html` takes: the card, and where the datasheets of its data stand."""
    document = Document.objects.select_related("model_version__team").get(model_version=version, kind="model_card")
    pinned = DatasetVersion.objects.filter(children__child_model=version).select_related("dataset__team").distinct()
    return page(document, person=person) | {
        "datasheets": [
            {"title": str(each), "href": reverse("dataset-version", args=[each.pk])}
            for each in pinned.visible_to(person)
        ],
    }


def page(document: Document, *, person: User) -> dict[str, Any]:
    """A document's newest revision in sections, with the address of its form where it may be edited."""
    revision = newest_revision(document)
    may = policies.may_contribute(person, team_of(document))
    edit = reverse("document-edit", args=[document.pk]) if may else ""
    schema = schema_of(document)
    answers = parse_answers(schema, revision.answers) if revision else {}
    return {
        "document": document,
        "document_href": reverse("document", args=[document.pk]),
        "edit_href": edit,
        "empty_actions": [{"title": "Write it", "href": edit}] if edit else [],
        "sections": sections(schema, answers) if revision else [],
        "progress": progress(schema, answers),
        "revision": _revision(revision),
    }


def newest_revision(document: Document) -> DocumentRevision | None:
    """The revision that counts."""
    return document.revisions.select_related("written_by").order_by("-number").first()


def _revision(revision: DocumentRevision | None) -> dict[str, Any] | None:
    if revision is None:
        return None
    return {
        "number": revision.number,
        "digest": revision.digest,
        "at": revision.written_at,
        "by": str(revision.written_by),
    }


def progress(schema: Schema, answers: Answers) -> dict[str, Any]:
    """How much of what is required is answered, and how much of the rest is said to be not known."""
    return asdict(count_required(asked_questions(schema, answers).values(), answers))


def sections(schema: Schema, answers: Answers) -> list[dict[str, Any]]:
    """The document in the shape of `components/_document.html`."""
    asked = asked_questions(schema, answers)
    shown = []
    for section in schema.sections:
        questions = [question for question in section.questions if question.key in asked]
        if questions:
            shown.append(
                {
                    "key": section.key,
                    "title": section.title,
                    "answers": [_shown(question, answers) for question in questions],
                    **asdict(count_required(questions, answers)),
                }
            )
    return shown


def _shown(question: Question, answers: Answers) -> dict[str, Any]:
    answer = answers.get(question.key)
    return {
        "question": question.prompt or question.title,
        "html": answer_html(answer) if answer else "",
        "is_optional": not question.required,
        "is_open": question.required and isinstance(answer, Unknown),
    }


def answer_html(answer: Any) -> SafeString:
    """An answer of any kind as HTML that can do nothing."""
    match type(answer).__name__:
        case "Text":
            return render_markdown(answer.text)
        case "Rows":
            return rows_html(answer.rows)
        case "NotApplicable":
            return format_html("<p><em>Does not apply.</em> {}</p>", answer.reason)
        case "Unknown":
            return format_html("<p><em>Not known.</em> {}</p>", answer.reason)
        case "Inherited":
            paths = ", ".join(pointer.path for pointer in answer.pointers)
            return format_html("<p><em>Inherited from</em> {}</p>", paths)
    return _reference(str(answer.target))


def _reference(target: str) -> SafeString:
    if target.startswith(("https://", "http://")):
        return format_html('<p>See <a href="{}" rel="noopener nofollow">{}</a></p>', target, target)
    return format_html("<p>See {}</p>", target)


def rows_html(rows: tuple[Mapping[str, Any], ...]) -> SafeString:
    """A small table; its columns are those that any row has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[row.get(name, "") for name in columns] for row in rows]
    return SafeString(render_to_string("registry/documents/rows.html", {"columns": columns, "rows": cells}))


def answer_words(plain: Any) -> str:
    """A stored answer in one line, for comparisons."""
    if not isinstance(plain, Mapping) or not plain:
        return ""
    kind, content = next(iter(plain.items()))
    if kind == "rows":
        return "; ".join(", ".join(f"{name}: {cell}" for name, cell in row.items()) for row in content)
    if kind == "inherited":
        return "inherited from " + ", ".join(str(each.get("pointer")) for each in content)
    before = {"not_applicable": "does not apply: ", "unknown": "not known: ", "reference": "see "}.get(kind, "")
    return f"{before}{content}"


def home_of(document: Document) -> str:
    """The page of the version that a document describes."""
    if document.model_version_id is not None:
        return reverse("version-card", args=[document.model_version_id])
    return reverse("dataset-version", args=[document.dataset_version_id])


def crumbs_of(document: Document) -> list[dict[str, str]]:
    """Where a document lies."""
    room = ("Models", "model-list") if document.model_version_id else ("Datasets", "dataset-list")
    subject = document.model_version or document.dataset_version
    return [{"title": room[0], "href": reverse(room[1])}, {"title": str(subject), "href": home_of(document)}]


def revisions(document: Document) -> list[dict[str, Any]]:
    """The revisions, newest first, as lines of a timeline."""
    rows = document.revisions.select_related("written_by").order_by("-number")[:50]
    here = reverse("document", args=[document.pk])
    return [
        {
            "title": f"Revision {row.number}",
            "icon": "written",
            "at": row.written_at,
            "by": str(row.written_by),
            "digest": row.digest,
            "href": f"{here}?revision={row.number}",
            "note": f"{row.answered} of {row.applicable} required questions answered",
        }
        for row in rows
    ]
