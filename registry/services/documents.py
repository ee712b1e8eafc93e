"""Writing documents: each writing is a new, immutable revision."""

from typing import Any

from registry import policies
from registry.cards.answers import as_plain, parse_answers, revision_digest
from registry.cards.completeness import measure_completeness
from registry.cards.schemas import Schema, load_schema
from registry.exceptions import NotNow, NotPermitted
from registry.models import DatasetVersion, Document, DocumentRevision, ModelVersion, Team, User
from registry.models.choices import DocumentKind
from registry.services import audit, verdicts


def open_document(subject: ModelVersion | DatasetVersion) -> Document:
    """The card of a model version or the datasheet of a dataset version, still without a revision."""
    if isinstance(subject, ModelVersion):
        return Document.objects.create(kind=DocumentKind.MODEL_CARD, model_version=subject)
    return Document.objects.create(kind=DocumentKind.DATASHEET, dataset_version=subject)


def schema_of(document: Document) -> Schema:
    """The questions a document follows."""
    return load_schema(document.kind)


def team_of(document: Document) -> Team:
    """The team whose people may write it."""
    if document.model_version is not None:
        return document.model_version.team
    assert document.dataset_version is not None  # noqa: S101 - a check constraint promises one of the two
    return document.dataset_version.dataset.team


def write_revision(document: Document, *, answers: Any, by: User, expected: int | None = None) -> DocumentRevision:
    """Store all answers as the next revision. `expected` is the revision number the writer started from, 0 for none.

    InvalidInput names each answer that can't be used; NotNow when somebody else wrote in between.
    """
    team = team_of(document)
    with audit.acting("document.revised", by=by, on=document):
        if not policies.may_contribute(by, team):
            raise NotPermitted(f"{by} may not write this document.")
        Document.objects.select_for_update(no_key=True).get(pk=document.pk)
        newest = document.revisions.order_by("-number").first()
        number = newest.number if newest else 0
        if expected is not None and expected != number:
            raise NotNow(
                f"Revision {number} was written meanwhile; yours started from {expected}. Nothing was overwritten."
            )
        schema = schema_of(document)
        parsed = parse_answers(schema, answers)
        measured = measure_completeness(schema, parsed)
        revision = DocumentRevision.objects.create(
            document=document,
            number=number + 1,
            schema_id=schema.id,
            answers=as_plain(parsed),
            answered=measured.required_answered,
            applicable=measured.required_applicable if measured.applies else 0,
            unknown=list(measured.unknown_slugs),
            digest=revision_digest(schema, parsed, resolved={}),
            written_by=by,
        )
        audit.record(
            "document.revised",
            subject=document,
            actor=by,
            team=team,
            detail={"revision": revision.number, "digest": revision.digest},
        )
        for version in _versions_resting_on(document):
            verdicts.refresh(version)
    return revision


def _versions_resting_on(document: Document) -> list[ModelVersion]:
    if document.model_version is not None:
        return [document.model_version]
    return list(ModelVersion.objects.filter(parents__parent_dataset=document.dataset_version).distinct().order_by("id"))
