"""Risks, assessed at each stage and carried forward to the next until they are resolved."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.models.catalog import ModelVersion
from registry.models.choices import Aspect, Priority, Stage, Treatment
from registry.models.fields import OwnedTime

PERSON = settings.AUTH_USER_MODEL


class RiskAssessment(models.Model):
    """The look at a version's risks at one stage."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="assessments")
    stage = models.CharField(max_length=20, choices=Stage)
    opened_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    opened_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "risk_assessment"
        constraints = (models.UniqueConstraint(fields=("version", "stage"), name="one_assessment_per_stage"),)

    def __str__(self) -> str:
        return f"Risks of {self.version} at {self.stage}"


class Risk(models.Model):
    """What may go wrong, how much it matters, and what is done about it. An item is resolved, never dropped."""

    assessment = models.ForeignKey(RiskAssessment, on_delete=models.PROTECT, related_name="risks")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="risks")
    carried_from = models.OneToOneField("self", on_delete=models.PROTECT, related_name="carried_to", null=True)
    issue = models.TextField()
    aspect = models.CharField(max_length=20, choices=Aspect)
    likelihood = models.PositiveSmallIntegerField()
    severity = models.PositiveSmallIntegerField()
    priority = models.CharField(max_length=10, choices=Priority)
    treatment = models.CharField(max_length=10, choices=Treatment, blank=True)
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="owned_risks", null=True)
    step_taken = models.TextField(blank=True)
    is_resolved = models.BooleanField(default=False)
    resolution = models.TextField(blank=True)
    recorded_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    updated_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    recorded_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "risk"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=Q(likelihood__range=(1, 5)), name="likelihood_from_1_to_5"),
            models.CheckConstraint(condition=Q(severity__range=(1, 5)), name="severity_from_1_to_5"),
            models.CheckConstraint(
                condition=Q(is_resolved=False) | ~Q(resolution=""), name="a_resolution_says_what_was_done"
            ),
        )

    def __str__(self) -> str:
        return self.issue
