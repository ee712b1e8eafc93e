"""Documents and their immutable revisions. The questions stand in `cards`; here stand only the answers."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.models.catalog import DatasetVersion, ModelVersion
from registry.models.choices import DocumentKind
from registry.models.fields import OwnedTime


class Document(models.Model):
    """A datasheet of a dataset version, or a card of a model version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=DocumentKind)
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="documents", null=True)
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="documents", null=True)

    class Meta:
        db_table = "document"
        constraints = (
            models.CheckConstraint(
                condition=Q(kind=DocumentKind.DATASHEET, dataset_version__isnull=False, model_version__isnull=True)
                | Q(kind=DocumentKind.MODEL_CARD, dataset_version__isnull=True, model_version__isnull=False),
                name="a_document_has_its_subject",
            ),
            models.UniqueConstraint(
                fields=("kind", "model_version", "dataset_version"), nulls_distinct=False, name="one_document_of_a_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.model_version or self.dataset_version}"


class DocumentRevision(models.Model):
    """All answers at one moment. Its digest covers the schema's id and the answers, as canonical JSON."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    schema_id = models.CharField(max_length=60)
    answers = models.JSONField()
    answered = models.PositiveIntegerField(help_text="Required questions answered.")
    applicable = models.PositiveIntegerField(help_text="Required questions that apply.")
    unknown = ArrayField(models.CharField(max_length=120), default=list)
    digest = models.CharField(max_length=64)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "document_revision"
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("document", "number"), name="one_revision_number"),)

    def __str__(self) -> str:
        return f"{self.document}, revision {self.number}"
