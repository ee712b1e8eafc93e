"""What a version was made from: as it is sent, and as it is shown."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import Door
from registry.api.names import DatasetVersionField, ModelVersionField
from registry.api.strict import StrictSerializer
from registry.models import DatasetVersion, LineageEdge, ModelVersion
from registry.models.choices import Relation
from registry.services.catalog import Parent


class NewParent(StrictSerializer):
    """A relation and exactly one pinned version, by id or by name."""

    relation = serializers.ChoiceField(choices=Relation.choices)
    model_version = ModelVersionField(required=False, allow_null=True)
    dataset_version = DatasetVersionField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of the two is there."""
        if (attrs.get("model_version") is None) == (attrs.get("dataset_version") is None):
            raise serializers.ValidationError("Give exactly one of model_version and dataset_version.")
        return attrs


class EdgeShown(serializers.ModelSerializer):
    """One thing that a version was made from. Of another team's it is only said that it is there."""

    model_version = serializers.UUIDField(source="seen_model", allow_null=True)
    dataset_version = serializers.UUIDField(source="seen_dataset", allow_null=True)
    name = serializers.SerializerMethodField(allow_null=True)
    recorded_by = serializers.CharField(source="recorded_by.username")

    class Meta:
        model = LineageEdge
        fields = ("relation", "name", "model_version", "dataset_version", "recorded_by", "recorded_at")

    def get_name(self, edge: Any) -> str | None:
        """The pinned version's name."""
        if edge.seen_model or edge.seen_dataset:
            return str(edge.parent_model or edge.parent_dataset)
        return None


class LineageOfVersion(Door):
    """What a model version was made from."""

    ordering = ("-id",)

    @extend_schema(responses=EdgeShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List its parents."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        edges = LineageEdge.objects.filter(child_model=version).select_related(
            "parent_model__model__team", "parent_dataset__dataset__team", "recorded_by"
        )
        models, datasets = self.seen(ModelVersion), self.seen(DatasetVersion)
        seen = edges.annotate(
            seen_model=Subquery(models.filter(pk=OuterRef("parent_model")).values("pk")),
            seen_dataset=Subquery(datasets.filter(pk=OuterRef("parent_dataset")).values("pk")),
        )
        return self.listed(seen, EdgeShown)


def parents_of(sent: Iterable[Mapping[str, Any]]) -> list[Parent]:
    """The parents that were sent, as the service takes them."""
    return [
        Parent(relation=item["relation"], version=item.get("model_version") or item["dataset_version"]) for item in sent
    ]
