"""Policies: immutable revisions whose rules are rows, published and activated by two people who did not write them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.models.catalog import Project
from registry.models.choices import Aspect, Assurance, Direction, DocumentKind, Expertise, NeedLevel, Priority, Stage
from registry.models.fields import OwnedTime
from registry.models.teams import Team
from registry.models.visibility import TeamOwned

PERSON = settings.AUTH_USER_MODEL


class Policy(models.Model):
    """A named set of rules that belongs to a team."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="policies")
    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=160)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = OwnedTime(db_default=Now())

    objects = TeamOwned.as_manager("team__memberships__person")

    class Meta:
        db_table = "policy"
        verbose_name_plural = "policies"
        constraints = (models.UniqueConstraint(fields=("team", "slug"), name="one_policy_slug_per_team"),)

    def __str__(self) -> str:
        return f"{self.team.slug}/{self.slug}"


class PolicyRevision(models.Model):
    """One wording of a policy. `digest` covers `body`, the canonical JSON from which its rule rows were made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    rationale = models.TextField()
    max_waiver_hours = models.PositiveIntegerField(default=72)
    written_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    written_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "policy_revision"
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("policy", "number"), name="one_policy_revision_number"),
            models.CheckConstraint(condition=Q(max_waiver_hours__lte=720), name="a_waiver_lasts_30_days_at_most"),
        )

    def __str__(self) -> str:
        return f"{self.policy}, revision {self.number}"


class StageEdge(models.Model):
    """A way from a stage to another. Edges come from migrations only."""

    from_stage = models.CharField(max_length=20, choices=Stage)
    to_stage = models.CharField(max_length=20, choices=Stage)
    guarded = models.BooleanField()
    needs_artifact = models.BooleanField(default=False)

    class Meta:
        db_table = "stage_edge"
        constraints = (models.UniqueConstraint(fields=("from_stage", "to_stage"), name="one_edge"),)

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}"


class StageRule(models.Model):
    """How long an approval for a stage lasts, and from which priority an open risk bars it."""

    revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="stage_rules")
    to_stage = models.CharField(max_length=20, choices=Stage)
    validity = models.DurationField()
    block_from = models.CharField(max_length=10, choices=Priority, blank=True, help_text="Empty: risks are not judged.")

    class Meta:
        db_table = "stage_rule"
        constraints = (models.UniqueConstraint(fields=("revision", "to_stage"), name="one_stage_rule"),)

    def __str__(self) -> str:
        return f"{self.revision}: {self.to_stage}"


class RequiredEvaluation(models.Model):
    """An evaluation, by its exact specification, that must have run before a stage."""

    revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="required_evaluations")
    to_stage = models.CharField(max_length=20, choices=Stage)
    evaluator = models.CharField(max_length=80)
    evaluator_version = models.CharField(max_length=20)
    parameters = models.JSONField(default=dict)
    reads = models.JSONField(default=dict, help_text="Columns by role, favourable value, kind of score.")
    level = models.FloatField(default=0.95)
    spec_digest = models.CharField(max_length=64)
    assurance = models.CharField(max_length=20, choices=Assurance)
    max_age = models.DurationField()

    class Meta:
        db_table = "required_evaluation"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("revision", "to_stage", "spec_digest"), name="one_required_evaluation"),
        )

    def __str__(self) -> str:
        return f"{self.evaluator} before {self.to_stage}"


class Threshold(models.Model):
    """A limit on one bound of one metric, for projects with a need of this level, and where the number comes from."""

    evaluation = models.ForeignKey(RequiredEvaluation, on_delete=models.PROTECT, related_name="thresholds")
    metric = models.CharField(max_length=120)
    slice = models.CharField(max_length=200, default="overall")
    direction = models.CharField(max_length=10, choices=Direction)
    limit = models.FloatField()
    tolerance = models.FloatField(default=0)
    aspect = models.CharField(max_length=20, choices=Aspect)
    need_level = models.CharField(max_length=10, choices=[*NeedLevel.choices, ("any", "Any")])
    excluded_allowed = ArrayField(models.CharField(max_length=200), default=list)
    source = models.TextField(help_text="Why this number.")

    class Meta:
        db_table = "threshold"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("evaluation", "metric", "slice", "need_level"), name="one_threshold"),
        )

    def __str__(self) -> str:
        return f"{self.metric} {self.direction} {self.limit:g}"


class RequiredDocument(models.Model):
    """A document that must be complete before a stage."""

    revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="required_documents")
    to_stage = models.CharField(max_length=20, choices=Stage)
    kind = models.CharField(max_length=20, choices=DocumentKind)
    min_percent = models.PositiveSmallIntegerField()
    must_know = ArrayField(models.CharField(max_length=120), default=list)

    class Meta:
        db_table = "required_document"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("revision", "to_stage", "kind"), name="one_required_document"),
            models.CheckConstraint(condition=Q(min_percent__range=(1, 100)), name="percent_from_1_to_100"),
        )

    def __str__(self) -> str:
        return f"{self.kind} before {self.to_stage}"


class SignOffRule(models.Model):
    """How many people of which expertise must sign before a stage."""

    revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="sign_off_rules")
    to_stage = models.CharField(max_length=20, choices=Stage)
    expertise = models.CharField(max_length=20, choices=Expertise)
    people = models.PositiveSmallIntegerField(default=1)

    class Meta:
        db_table = "sign_off_rule"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("revision", "to_stage", "expertise"), name="one_sign_off_rule"),
            models.CheckConstraint(condition=Q(people__gte=1), name="at_least_one_person_signs"),
        )

    def __str__(self) -> str:
        return f"{self.people} × {self.expertise} before {self.to_stage}"


class PolicyPublication(models.Model):
    """A person agrees that a revision may be used. Two, neither its author, publish it."""

    revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="publications")
    agreed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    agreed_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "policy_publication"
        constraints = (models.UniqueConstraint(fields=("revision", "agreed_by"), name="a_person_agrees_once"),)

    def __str__(self) -> str:
        return f"{self.agreed_by} agrees to {self.revision}"


class PolicyActivation(models.Model):
    """A published revision applies to a project from now on; the newest row counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="activations")
    revision = models.ForeignKey(PolicyRevision, on_delete=models.PROTECT, related_name="activations")
    activated_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    activated_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "policy_activation"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.revision} for {self.project}"
