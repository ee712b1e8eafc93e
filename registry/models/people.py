"""Accounts, the tokens of pipelines, and proofs that a person was there a moment ago."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from registry.models.fields import OwnedTime


class User(AbstractUser):
    """A person, or a service account that can never sign. Being a superuser opens no gate."""

    is_service = models.BooleanField(default=False, help_text="A pipeline's account: it can't log in and never signs.")

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined]
        db_table = "person"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Token(models.Model):
    """A pipeline's key: only its SHA-256 is stored. The scopes say what it may ask for; it never signs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(unique=True)
    acts_as = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    team_ids = ArrayField(models.BigIntegerField(), help_text="The teams whose things it may ask for.")
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    SCOPES: ClassVar[tuple[str, ...]] = (
        "verdict:read",
        "catalog:read",
        "catalog:write",
        "evaluations:write",
        "lifecycle:write",
    )

    class Meta:
        db_table = "token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Reauthentication(models.Model):
    """A person proved who they are at this moment; good for one signature within five minutes."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reauthentications")
    method = models.CharField(max_length=20)
    nonce = models.CharField(max_length=64, unique=True)
    at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "reauthentication"

    def __str__(self) -> str:
        return f"{self.person} by {self.method} at {self.at:%Y-%m-%d %H:%M}"


class IdempotencyRecord(models.Model):
    """What a caller was answered under a key of their own: the same question within a day gets the same answer."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the request is being carried out.")
    body = models.TextField(blank=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "idempotency_record"
        constraints = (models.UniqueConstraint(fields=("person", "key"), name="one_answer_per_key"),)

    def __str__(self) -> str:
        return self.key
