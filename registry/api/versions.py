"""The versions of registered models: the things a gate decides about."""

from typing import ClassVar

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import FILTERED, READ, WRITE, Door
from registry.api.idempotency import once
from registry.api.lineage import NewParent, parents_of
from registry.api.names import ArtifactField, split_version
from registry.api.registered import models
from registry.api.strict import MAX_ITEMS, Line, StrictSerializer
from registry.models import ModelVersion, RegisteredModel
from registry.models.choices import Stage, Standing
from registry.services import catalog


class VersionShown(serializers.ModelSerializer):
    """One version of a model: the thing a gate decides about."""

    name = serializers.CharField(source="__str__", help_text="team/model@version")
    team = serializers.CharField(source="team.slug")
    model = serializers.UUIDField(source="model_id")
    artifact = serializers.UUIDField(source="artifact_id", allow_null=True)
    stage = serializers.ChoiceField(choices=Stage.choices)
    standing = serializers.ChoiceField(choices=Standing.choices)
    registered_by = serializers.CharField(source="registered_by.username")

    class Meta:
        model = ModelVersion
        fields = (
            "id", "name", "team", "model", "label", "stage", "standing", "artifact", "root_digest", "evidence_rev",
            "registered_by", "registered_at",
        )  # fmt: skip


class NewVersion(StrictSerializer):
    """What it takes to register a version."""

    label = Line(max_length=60)
    artifact = ArtifactField(required=False, allow_null=True, default=None)
    lineage = NewParent(many=True, required=False, max_length=MAX_ITEMS)


class Attached(StrictSerializer):
    """The files of a version."""

    artifact = ArtifactField()


class VersionFilter(FilterSet):
    """Which versions."""

    team = CharFilter(field_name="team__slug")
    model = CharFilter(field_name="model__slug")
    name = CharFilter(method="named", help_text="team/model@version")
    search = CharFilter(field_name="model__slug", lookup_expr="icontains")
    stage = ChoiceFilter(choices=Stage.choices)
    standing = ChoiceFilter(choices=Standing.choices)
    digest = CharFilter(field_name="root_digest")

    def named(self, rows: QuerySet[ModelVersion], _field: str, name: str) -> QuerySet[ModelVersion]:
        """The one of this name."""
        parts = split_version(name)
        if parts is None:
            return rows.none()
        return rows.filter(team__slug=parts[0], model__slug=parts[1], label=parts[2])


class VersionsOfModel(Door):
    """The versions of one model."""

    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE,)}
    ordering = ("-registered_at", "-id")

    @extend_schema(responses=VersionShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the versions of a model."""
        model = self.find(self.seen(RegisteredModel), pk=pk)
        return self.listed(versions(self).filter(model=model), VersionShown)

    @extend_schema(request=NewVersion, responses={201: VersionShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Register one, at the stage `scoping`, with an empty card and risk list."""
        model = self.find(models(self), pk=pk)
        wanted = self.sent(NewVersion)
        made = catalog.register_model_version(
            model, label=wanted["label"], artifact=wanted["artifact"], parents=parents_of(wanted.get("lineage", ())),
            by=request.user,
        )  # fmt: skip
        return self.shown(made, VersionShown, status=201)


class Versions(Door):
    """The versions of all models."""

    ordering = ("-registered_at", "-id")
    filter_backends = FILTERED
    filterset_class = VersionFilter
    queryset = ModelVersion.objects.none()

    @extend_schema(responses=VersionShown(many=True))
    def get(self, request: Request) -> Response:
        """List versions."""
        return self.listed(versions(self), VersionShown)


class OneVersion(Door):
    """One version of a model."""

    @extend_schema(responses=VersionShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read a version."""
        return self.shown(self.find(versions(self), pk=pk), VersionShown)


class ArtifactOfVersion(Door):
    """The files of a version, given once."""

    scopes: ClassVar = {"POST": (WRITE,)}

    @extend_schema(request=Attached, responses=VersionShown)
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Attach them. They are never exchanged afterwards."""
        version = self.find(versions(self), pk=pk)
        return self.shown(catalog.attach_artifact(version, **self.sent(Attached), by=request.user), VersionShown)


def versions(door: Door) -> QuerySet[ModelVersion]:
    """The versions that are seen through a door."""
    return door.seen(ModelVersion).select_related("model__team", "team", "registered_by")
