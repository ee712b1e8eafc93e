"""Signed statements about versions: one row each, served as bytes."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from registry.models.catalog import ModelVersion
from registry.models.fields import OwnedBinary, OwnedBoolean, OwnedForeignKey, OwnedInteger, OwnedText, OwnedTime
from registry.models.lifecycle import Transition, Verdict


class SigningKey(models.Model):
    """The public half of a notary's key. The private half never enters the database."""

    key_id = models.CharField(max_length=64, primary_key=True)
    public_pem = models.TextField()
    not_before = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "signing_key"

    def __str__(self) -> str:
        return self.key_id[:12]


class Attestation(models.Model):
    """The answer to "may this version be used at this stage?", pending until the notary has signed it.

    The judge makes the row of a yes in the transition's transaction. The application can ask for a row of a no, and
    can write nothing else here; the envelope, the served body and its ETag are the notary's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="attestations")
    stage = models.CharField(max_length=20)
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="attestations")
    transition = OwnedForeignKey(Transition, on_delete=models.PROTECT, related_name="attestations", null=True)
    seq = OwnedInteger(db_default=0)
    root_digest = OwnedText(null=True)
    passed = OwnedBoolean(db_default=False)
    created_at = OwnedTime(db_default=Now())
    expires_at = OwnedTime(null=True)
    signed_at = OwnedTime(null=True)
    key_id = OwnedText(null=True)
    envelope = OwnedBinary(null=True)
    body = OwnedBinary(null=True)
    etag = OwnedText(null=True)

    class Meta:
        db_table = "attestation"
        ordering = ("-seq",)
        indexes = (
            models.Index(fields=("root_digest", "stage", "-seq"), name="newest_answer_by_digest"),
            models.Index(fields=("version", "stage", "-seq"), name="newest_answer_by_version"),
        )

    def __str__(self) -> str:
        return f"{self.version} for {self.stage}: {'yes' if self.passed else 'no'}"
