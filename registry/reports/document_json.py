"""A document in our own JSON, which loses nothing: its schema, every answer, and who gave it when."""

from typing import Any

from registry.cards.schemas import load_schema
from registry.models import Document, DocumentRevision


def export_document(document: Document) -> dict[str, Any] | None:
    """The newest revision with the provenance of each answer; None where nothing has been written."""
    revisions = list(document.revisions.select_related("written_by").order_by("number"))
    if not revisions:
        return None
    newest, schema = revisions[-1], load_schema(document.kind)
    return {
        "schema": {"id": newest.schema_id, "version": schema.version, "title": schema.title},
        "subject": str(document.model_version or document.dataset_version),
        "revision": newest.number,
        "digest": newest.digest,
        "answers": newest.answers,
        "provenance": _provenance(revisions),
    }


def _provenance(revisions: list[DocumentRevision]) -> dict[str, dict[str, Any]]:
    """For each answer that stands, the revision in which it got its present wording."""
    given: dict[str, dict[str, Any]] = {}
    before: dict[str, Any] = {}
    for revision in revisions:
        for key, answer in revision.answers.items():
            if before.get(key) != answer:
                given[key] = {
                    "revision": revision.number,
                    "answered_by": str(revision.written_by),
                    "answered_at": revision.written_at.isoformat(),
                }
        before = revision.answers
    return {key: given[key] for key in before}
