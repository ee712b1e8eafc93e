"""Signatures, waivers, verdicts and transitions. Rows arrive; none is ever changed or deleted."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.models.catalog import ModelVersion
from registry.models.choices import Expertise, Meaning, Stage
from registry.models.fields import OwnedInteger, OwnedText, OwnedTime
from registry.models.people import Reauthentication
from registry.models.policy import PolicyRevision

PERSON = settings.AUTH_USER_MODEL


class EvidenceSnapshot(models.Model):
    """What a version's gate looked at, at one evidence revision: canonical text and its SHA-256."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="snapshots")
    to_stage = models.CharField(max_length=20, choices=Stage)
    evidence_rev = models.BigIntegerField()
    body = models.TextField()
    digest = models.CharField(max_length=64)
    taken_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "evidence_snapshot"
        constraints = (
            models.UniqueConstraint(fields=("version", "to_stage", "evidence_rev", "digest"), name="one_snapshot"),
        )

    def __str__(self) -> str:
        return f"{self.version} at evidence {self.evidence_rev}"


class SignOff(models.Model):
    """A person's signature over the evidence of a version for a target stage, in one capacity."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="sign_offs")
    to_stage = models.CharField(max_length=20, choices=Stage)
    signed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="sign_offs")
    signed_name = models.CharField(max_length=200, help_text="The name as it was when signing.")
    expertise = models.CharField(max_length=20, choices=Expertise)
    meaning = models.CharField(max_length=20, choices=Meaning)
    comment = models.TextField(blank=True)
    evidence_rev = models.BigIntegerField()
    snapshot = models.ForeignKey(EvidenceSnapshot, on_delete=models.PROTECT, related_name="sign_offs")
    reauthentication = models.OneToOneField(Reauthentication, on_delete=models.PROTECT, related_name="sign_off")
    seq = OwnedInteger(db_default=0)
    signed_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "sign_off"
        ordering = ("seq",)

    def __str__(self) -> str:
        return f"{self.signed_name} for {self.expertise}"


class SignOffWithdrawal(models.Model):
    """A person takes their signature back."""

    sign_off = models.OneToOneField(SignOff, on_delete=models.PROTECT, related_name="withdrawal")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    withdrawn_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    withdrawn_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "sign_off_withdrawal"

    def __str__(self) -> str:
        return f"{self.sign_off} withdrawn"


class Waiver(models.Model):
    """A request to accept one named finding for a limited time. It holds once two others grant it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="waivers")
    to_stage = models.CharField(max_length=20, choices=Stage)
    requirement = models.CharField(max_length=60)
    found = models.CharField(max_length=400)
    reason = models.TextField()
    expires_at = models.DateTimeField()
    requested_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    requested_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "waiver"
        ordering = ("-requested_at",)
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="a_waiver_has_a_reason"),)

    def __str__(self) -> str:
        return f"{self.requirement} of {self.version}"


class WaiverGrant(models.Model):
    """A person, neither an author nor the one who asked, grants a waiver."""

    waiver = models.ForeignKey(Waiver, on_delete=models.PROTECT, related_name="grants")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    granted_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    reauthentication = models.OneToOneField(Reauthentication, on_delete=models.PROTECT, related_name="waiver_grant")
    granted_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "waiver_grant"
        constraints = (models.UniqueConstraint(fields=("waiver", "granted_by"), name="a_person_grants_once"),)

    def __str__(self) -> str:
        return f"{self.granted_by} grants {self.waiver}"


class Verdict(models.Model):
    """What the gate said at one moment, whole, with the policy and the evidence it was said of."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="verdicts")
    to_stage = models.CharField(max_length=20, choices=Stage)
    outcome = models.CharField(max_length=10)
    body = models.JSONField()
    policy_revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="+", null=True)
    snapshot = models.ForeignKey(EvidenceSnapshot, on_delete=models.PROTECT, related_name="+")
    decided_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "verdict"
        ordering = ("-decided_at",)
        indexes = (models.Index(fields=("version", "to_stage", "-decided_at"), name="newest_verdict"),)

    def __str__(self) -> str:
        return f"{self.version} to {self.to_stage}: {self.outcome}"


class Transition(models.Model):
    """A version moved on. Inserting it asks the database's judge; if it stands here, the judge let it through."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="transitions")
    to_stage = models.CharField(max_length=20, choices=Stage)
    moved_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    verdict = models.OneToOneField(Verdict, on_delete=models.PROTECT, related_name="transition")
    comment = models.TextField(blank=True)
    from_stage = OwnedText(db_default="")
    kind = OwnedText(db_default="ordinary")
    evidence_rev = OwnedInteger(db_default=0)
    at = OwnedTime(db_default=Now())
    expires_at = OwnedTime(null=True)

    class Meta:
        db_table = "transition"
        ordering = ("-at",)
        indexes = (models.Index(fields=("expires_at",), name="approvals_that_end"),)

    def __str__(self) -> str:
        return f"{self.version}: {self.from_stage} → {self.to_stage}"
