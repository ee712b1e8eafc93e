"""Projects, datasets, models, their versions, their files, and where each came from."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.models.choices import Aspect, ModelKind, NeedLevel, Relation, Stage, Standing
from registry.models.fields import OwnedInteger, OwnedText, OwnedTime
from registry.models.teams import Team
from registry.models.visibility import TeamOwned

PERSON = settings.AUTH_USER_MODEL


class Project(models.Model):
    """A use case: what the models are for, and how much trust it needs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="projects")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = OwnedTime(db_default=Now())

    objects = TeamOwned.as_manager("team__memberships__person")

    class Meta:
        db_table = "project"
        constraints = (models.UniqueConstraint(fields=("team", "slug"), name="one_project_slug_per_team"),)

    def __str__(self) -> str:
        return f"{self.team.slug}/{self.slug}"


class TrustNeed(models.Model):
    """How much trust a project needs in one aspect; the newest row counts, and none means high."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="trust_needs")
    aspect = models.CharField(max_length=20, choices=Aspect)
    level = models.CharField(max_length=10, choices=NeedLevel)
    reason = models.TextField()
    answers = models.JSONField(default=dict)
    set_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    set_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "trust_need"

    def __str__(self) -> str:
        return f"{self.aspect}: {self.level}"


class Dataset(models.Model):
    """A named body of data; its versions are what models pin."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="datasets")
    slug = models.SlugField(max_length=60)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = OwnedTime(db_default=Now())

    objects = TeamOwned.as_manager("team__memberships__person")

    class Meta:
        db_table = "dataset"
        constraints = (models.UniqueConstraint(fields=("team", "slug"), name="one_dataset_slug_per_team"),)

    def __str__(self) -> str:
        return f"{self.team.slug}/{self.slug}"


class Artifact(models.Model):
    """A set of files, each with its SHA-256; the root digest is the OpenSSF model-signing specification's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="artifacts")
    root_digest = models.CharField(max_length=64)
    manifest_digest = models.CharField(max_length=64)
    is_held = models.BooleanField(help_text="Whether the bytes are here, or only their digests.")
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = OwnedTime(db_default=Now())

    objects = TeamOwned.as_manager("team__memberships__person")

    class Meta:
        db_table = "artifact"
        constraints = (models.UniqueConstraint(fields=("team", "manifest_digest"), name="one_manifest_per_team"),)

    def __str__(self) -> str:
        return self.root_digest[:12]


class ArtifactFile(models.Model):
    """One file of an artifact. Its name is for people; its bytes are found by their digest."""

    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=400)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)

    class Meta:
        db_table = "artifact_file"
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("artifact", "name"), name="one_name_per_artifact"),)

    def __str__(self) -> str:
        return self.name


class DatasetVersion(models.Model):
    """One state of a dataset, with the digest of its files."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    label = models.CharField(max_length=60)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="dataset_versions", null=True)
    notes = models.TextField(blank=True)
    registered_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    registered_at = OwnedTime(db_default=Now())

    objects = TeamOwned.as_manager("dataset__team__memberships__person")

    class Meta:
        db_table = "dataset_version"
        constraints = (models.UniqueConstraint(fields=("dataset", "label"), name="one_label_per_dataset"),)

    def __str__(self) -> str:
        return f"{self.dataset}@{self.label}"


class RegisteredModel(models.Model):
    """A named model; its versions are what is measured, signed and used."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="models")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="models")
    slug = models.SlugField(max_length=60)
    kind = models.CharField(max_length=20, choices=ModelKind, blank=True, db_default="", help_text="Empty: not said.")
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = OwnedTime(db_default=Now())

    objects = TeamOwned.as_manager("team__memberships__person")

    class Meta:
        db_table = "registered_model"
        constraints = (models.UniqueConstraint(fields=("team", "slug"), name="one_model_slug_per_team"),)

    def __str__(self) -> str:
        return f"{self.team.slug}/{self.slug}"


class ModelVersion(models.Model):
    """One version of a model: the thing a gate decides about.

    The stage, the standing and the counters belong to the database: it moves them when a row that it judged arrives.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="model_versions")
    label = models.CharField(max_length=60)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="model_versions", null=True)
    registered_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    root_digest = OwnedText(null=True)
    stage = OwnedText(choices=Stage, db_default=Stage.SCOPING)
    standing = OwnedText(choices=Standing, db_default=Standing.GOOD)
    evidence_rev = OwnedInteger(db_default=0)
    touched = OwnedInteger(db_default=0)
    registered_at = OwnedTime(db_default=Now())

    objects = TeamOwned.as_manager("team__memberships__person")

    class Meta:
        db_table = "model_version"
        constraints = (models.UniqueConstraint(fields=("model", "label"), name="one_label_per_model"),)
        indexes = (
            models.Index(fields=("root_digest",), name="version_by_root_digest"),
            models.Index(fields=("team", "-registered_at", "-id"), name="version_newest_first"),
        )

    def __str__(self) -> str:
        return f"{self.model}@{self.label}"


class LineageEdge(models.Model):
    """What something was made from, pinned to a version: exactly one child and exactly one parent."""

    relation = models.CharField(max_length=20, choices=Relation)
    child_model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="parents", null=True)
    child_dataset = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="parents", null=True)
    parent_model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="children", null=True)
    parent_dataset = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="children", null=True)
    recorded_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    recorded_at = OwnedTime(db_default=Now())

    class Meta:
        db_table = "lineage_edge"
        constraints = (
            models.CheckConstraint(
                condition=Q(child_model__isnull=True) ^ Q(child_dataset__isnull=True), name="an_edge_has_one_child"
            ),
            models.CheckConstraint(
                condition=Q(parent_model__isnull=True) ^ Q(parent_dataset__isnull=True), name="an_edge_has_one_parent"
            ),
            models.UniqueConstraint(
                fields=("relation", "child_model", "child_dataset", "parent_model", "parent_dataset"),
                nulls_distinct=False,
                name="an_edge_is_recorded_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.child_model or self.child_dataset} {self.relation} {self.parent_model or self.parent_dataset}"


class Authorship(models.Model):
    """Who had a hand in a version or its documents; filled by triggers. An author's signature doesn't count."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="authors")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=40)

    class Meta:
        db_table = "authorship"
        constraints = (models.UniqueConstraint(fields=("version", "person"), name="an_author_once"),)

    def __str__(self) -> str:
        return f"{self.person} ({self.why})"
