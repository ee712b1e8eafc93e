"""Datasheets and cards: read with an ETag, written with If-Match, so that nobody overwrites what they haven't seen."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import READ, WRITE, Door
from registry.api.problems import Stale, Unconditional
from registry.api.strict import Plain, StrictSerializer
from registry.cards.schemas import Question, load_schema
from registry.exceptions import NotNow
from registry.models import DatasetVersion, Document, DocumentRevision, ModelVersion
from registry.models.choices import DocumentKind
from registry.services import documents

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description='`"3"`; `"0"` for none'
)


class RevisionShown(serializers.ModelSerializer):
    """All answers at one moment."""

    written_by = serializers.CharField(source="written_by.username")
    answers = serializers.JSONField()
    unknown = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = DocumentRevision
        fields = (
            "number", "schema_id", "answers", "answered", "applicable", "unknown", "digest", "written_by", "written_at",
        )  # fmt: skip


class DocumentShown(serializers.ModelSerializer):
    """A document with its newest revision."""

    subject = serializers.SerializerMethodField(help_text="The version it is about.")
    newest = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = ("id", "kind", "subject", "model_version", "dataset_version", "newest")

    def get_subject(self, document: Document) -> str:
        """The name of the version."""
        return str(document.model_version or document.dataset_version)

    def get_newest(self, document: Document) -> RevisionShown(allow_null=True):  # type: ignore[valid-type]  # for the schema
        """What it says now."""
        newest = newest_of(document)
        return RevisionShown(newest).data if newest else None


class Written(StrictSerializer):
    """All answers, by `section.slug`."""

    answers = Plain()


class DocumentsOfVersion(Door):
    """The card of a model version."""

    ordering = ("-id",)

    @extend_schema(responses=DocumentShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List its documents."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return self.listed(shown_documents(self).filter(model_version=version), DocumentShown)


class DocumentsOfDatasetVersion(Door):
    """The datasheet of a dataset version."""

    ordering = ("-id",)

    @extend_schema(responses=DocumentShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List its documents."""
        version = self.find(self.seen(DatasetVersion), pk=pk)
        return self.listed(shown_documents(self).filter(dataset_version=version), DocumentShown)


class OneDocument(Door):
    """A document. Its ETag is the number of its newest revision, 0 before the first."""

    scopes: ClassVar = {"GET": (READ,), "PUT": (WRITE,)}

    @extend_schema(responses={200: DocumentShown, 304: None})
    def get(self, request: Request, pk: str) -> Response:
        """Read a document."""
        document = self.find(shown_documents(self), pk=pk)
        tag = etag_of(document)
        if request.headers.get("If-None-Match") == tag:
            return Response(status=304, headers={"ETag": tag})
        return self.shown(document, DocumentShown, ETag=tag)

    @extend_schema(request=Written, responses=RevisionShown, parameters=[IF_MATCH])
    def put(self, request: Request, pk: str) -> Response:
        """Write all answers as the next revision."""
        document = self.find(shown_documents(self), pk=pk)
        tag, given = etag_of(document), request.headers.get("If-Match")
        if given is None:
            raise Unconditional("Send If-Match with the ETag you read. Nothing was written.")
        if given != tag:
            raise Stale(f"The document is at {tag} now, not at {given}. Nothing was written.")
        answers = self.sent(Written)["answers"]
        try:
            revision = documents.write_revision(
                document, answers=answers, by=request.user, expected=int(tag.strip('"'))
            )
        except NotNow as refusal:
            raise Stale(str(refusal)) from refusal
        return self.shown(revision, RevisionShown, ETag=f'"{revision.number}"')


class RevisionsOfDocument(Door):
    """Everything a document ever said."""

    ordering = ("-number",)

    @extend_schema(responses=RevisionShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List its revisions."""
        document = self.find(self.seen(Document), pk=pk)
        return self.listed(document.revisions.select_related("written_by"), RevisionShown)


class QuestionsOfKind(Door):
    """What a kind of document asks."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, kind: str) -> Response:
        """Read the schema of a kind of document: sections, questions, which are required and what each takes."""
        if kind not in DocumentKind.values:
            raise NotFound
        return Response(plain_schema(kind))


def shown_documents(door: Door) -> Any:
    """The documents that are seen through a door."""
    return door.seen(Document).select_related("model_version__model__team", "dataset_version__dataset__team")


def newest_of(document: Document) -> DocumentRevision | None:
    """Its newest revision."""
    return document.revisions.select_related("written_by").order_by("-number").first()


def etag_of(document: Document) -> str:
    """The number of the newest revision, quoted."""
    newest = newest_of(document)
    return f'"{newest.number if newest else 0}"'


def plain_schema(kind: str) -> dict[str, Any]:
    """A schema as JSON."""
    schema = load_schema(kind)
    return {
        "id": schema.id,
        "version": schema.version,
        "title": schema.title,
        "source": schema.source,
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "inheritable": section.inheritable,
                "questions": [plain_question(question) for question in section.questions],
            }
            for section in schema.sections
        ],
    }


def plain_question(question: Question) -> dict[str, Any]:
    """A question as JSON."""
    plain = {name: getattr(question, name) for name in ("key", "title", "prompt", "required", "people", "inheritable")}
    columns = [{"slug": column.slug, "title": column.title} for column in question.columns]
    return {**plain, "choices": list(question.choices), "columns": columns}
