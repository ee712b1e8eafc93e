"""Evaluations, the measurements they yield, and the small tables that are drawn beside them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.models.catalog import Artifact, DatasetVersion, ModelVersion
from registry.models.choices import Assurance, RunState
from registry.models.fields import OwnedText, OwnedTime


class Evaluation(models.Model):
    """One run of an evaluator on one version: a row with a lease and an attempt number, which is the truth about it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    evaluator = models.CharField(max_length=80)
    evaluator_version = models.CharField(max_length=20)
    parameters = models.JSONField(default=dict)
    level = models.FloatField(default=0.95)
    spec_digest = models.CharField(max_length=64)
    subject = models.JSONField(help_text="Kind, columns, favourable value, score kind, features.")
    table = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="+", null=True)
    reference = models.ForeignKey(
        Artifact, on_delete=models.PROTECT, related_name="+", null=True, help_text="A second table, to compare with."
    )
    baseline = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="+", null=True, help_text="A model to compare with."
    )
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="evaluations", null=True)
    key = models.CharField(max_length=64, help_text="Digest of evaluator, parameters, subject and inputs.")
    queue = models.CharField(max_length=20, default="cpu")
    assurance = models.CharField(max_length=20, choices=Assurance, default=Assurance.PLATFORM_RUN)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = OwnedTime(db_default=Now())
    root_digest = OwnedText(null=True)
    state = models.CharField(max_length=20, choices=RunState, default=RunState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    lease_until = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    publications = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    progress = models.FloatField(default=0)
    progress_note = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)
    environment = models.JSONField(default=dict, help_text="Library versions, device, time and memory it took.")

    LIVE: ClassVar[tuple[str, ...]] = (RunState.QUEUED, RunState.RUNNING, RunState.CANCELLING)
    OVER: ClassVar[tuple[str, ...]] = (RunState.DONE, RunState.FAILED, RunState.FAILED_INFRA, RunState.CANCELLED)

    class Meta:
        db_table = "evaluation"
        ordering = ("-requested_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("key",), condition=Q(state__in=("queued", "running", "cancelling")), name="one_live_run_per_key"
            ),
            models.CheckConstraint(condition=Q(progress__range=(0, 1)), name="progress_from_0_to_1"),
        )
        indexes = (
            models.Index(fields=("version", "spec_digest", "-requested_at"), name="newest_run_of_a_spec"),
            models.Index(
                fields=("state", "published_at"),
                condition=Q(state__in=("queued", "running", "cancelling")),
                name="live_runs",
            ),
        )

    def __str__(self) -> str:
        return f"{self.evaluator} on {self.version}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in self.OVER


class Measurement(models.Model):
    """A stored reading: one metric on one slice, with its interval and the statistics it can be computed again from."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="measurements")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="measurements")
    attempt = models.PositiveIntegerField()
    spec_digest = OwnedText(db_default="")
    root_digest = OwnedText(null=True)
    assurance = OwnedText(db_default=Assurance.SELF_REPORTED)
    metric = models.CharField(max_length=120)
    slice = models.CharField(max_length=200)
    status = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    level = models.FloatField()
    method = models.CharField(max_length=120, blank=True)
    n = models.BigIntegerField(null=True)
    p_value = models.FloatField(null=True)
    excluded = ArrayField(models.CharField(max_length=200), default=list)
    statistics = models.JSONField(default=dict)
    detail = models.JSONField(default=dict)
    seed = models.CharField(max_length=40, blank=True)
    measured_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "measurement"
        ordering = ("id",)
        indexes = (
            models.Index(fields=("version", "spec_digest", "metric", "slice", "-id"), name="newest_measurement"),
        )
        constraints = (
            models.UniqueConstraint(fields=("evaluation", "metric", "slice"), name="one_reading_per_run_and_slice"),
        )

    def __str__(self) -> str:
        return f"{self.metric} in {self.slice}"


class EvidenceFile(models.Model):
    """A small table that an evaluator left to be drawn: a reliability curve, the top features."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="evidence_files")
    name = models.CharField(max_length=120)
    data = models.JSONField()

    class Meta:
        db_table = "evidence_file"
        constraints = (models.UniqueConstraint(fields=("evaluation", "name"), name="one_evidence_name_per_run"),)

    def __str__(self) -> str:
        return self.name
