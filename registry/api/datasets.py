"""Datasets and their versions."""

from typing import ClassVar

from django.db.models import QuerySet
from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import FILTERED, READ, WRITE, Door
from registry.api.idempotency import once
from registry.api.lineage import NewParent, parents_of
from registry.api.names import ArtifactField, TeamField, split_version
from registry.api.strict import MAX_ITEMS, Line, Prose, StrictSerializer
from registry.models import Dataset, DatasetVersion
from registry.services import catalog


class DatasetShown(serializers.ModelSerializer):
    """A named body of data."""

    name = serializers.CharField(source="__str__", help_text="team/dataset")
    team = serializers.CharField(source="team.slug")
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = Dataset
        fields = ("id", "name", "team", "slug", "description", "created_by", "created_at")


class DatasetVersionShown(serializers.ModelSerializer):
    """One state of a dataset."""

    name = serializers.CharField(source="__str__", help_text="team/dataset@version")
    dataset = serializers.UUIDField(source="dataset_id")
    team = serializers.CharField(source="dataset.team.slug")
    artifact = serializers.UUIDField(source="artifact_id", allow_null=True)
    root_digest = serializers.CharField(source="artifact.root_digest", default=None, allow_null=True)
    registered_by = serializers.CharField(source="registered_by.username")

    class Meta:
        model = DatasetVersion
        fields = (
            "id", "name", "dataset", "team", "label", "artifact", "root_digest", "notes", "registered_by",
            "registered_at",
        )  # fmt: skip


class NewDataset(StrictSerializer):
    """What it takes to register a dataset."""

    team = TeamField()
    name = serializers.SlugField(max_length=60, help_text="Its short name within the team.")
    description = Prose(required=False, allow_blank=True, default="")


class NewDatasetVersion(StrictSerializer):
    """What it takes to register a state of a dataset."""

    label = Line(max_length=60)
    artifact = ArtifactField(required=False, allow_null=True, default=None)
    notes = Prose(required=False, allow_blank=True, default="")
    lineage = NewParent(many=True, required=False, max_length=MAX_ITEMS)


class DatasetFilter(FilterSet):
    """Which datasets."""

    team = CharFilter(field_name="team__slug")
    name = CharFilter(method="named", help_text="team/dataset")
    search = CharFilter(field_name="slug", lookup_expr="icontains")

    def named(self, rows: QuerySet[Dataset], _field: str, name: str) -> QuerySet[Dataset]:
        """The one of this name."""
        team, _, slug = name.partition("/")
        return rows.filter(team__slug=team, slug=slug)


class DatasetVersionFilter(FilterSet):
    """Which versions of datasets."""

    team = CharFilter(field_name="dataset__team__slug")
    name = CharFilter(method="named", help_text="team/dataset@version")
    search = CharFilter(field_name="dataset__slug", lookup_expr="icontains")

    def named(self, rows: QuerySet[DatasetVersion], _field: str, name: str) -> QuerySet[DatasetVersion]:
        """The one of this name."""
        parts = split_version(name)
        if parts is None:
            return rows.none()
        return rows.filter(dataset__team__slug=parts[0], dataset__slug=parts[1], label=parts[2])


class Datasets(Door):
    """Named bodies of data."""

    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE,)}
    filter_backends = FILTERED
    filterset_class = DatasetFilter
    queryset = Dataset.objects.none()

    @extend_schema(responses=DatasetShown(many=True))
    def get(self, request: Request) -> Response:
        """List datasets."""
        return self.listed(datasets(self), DatasetShown)

    @extend_schema(request=NewDataset, responses={201: DatasetShown})
    @once
    def post(self, request: Request) -> Response:
        """Register one."""
        wanted = self.sent(NewDataset)
        made = catalog.create_dataset(
            wanted["team"], slug=wanted["name"], description=wanted["description"], by=request.user
        )
        return self.shown(made, DatasetShown, status=201)


class OneDataset(Door):
    """A named body of data."""

    @extend_schema(responses=DatasetShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read a dataset."""
        return self.shown(self.find(datasets(self), pk=pk), DatasetShown)


class VersionsOfDataset(Door):
    """The states of one dataset."""

    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE,)}
    ordering = ("-registered_at", "-id")

    @extend_schema(responses=DatasetVersionShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the versions of a dataset."""
        dataset = self.find(self.seen(Dataset), pk=pk)
        return self.listed(dataset_versions(self).filter(dataset=dataset), DatasetVersionShown)

    @extend_schema(request=NewDatasetVersion, responses={201: DatasetVersionShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Register one, with an empty datasheet."""
        dataset = self.find(datasets(self), pk=pk)
        wanted = self.sent(NewDatasetVersion)
        wanted["parents"] = parents_of(wanted.pop("lineage", ()))
        made = catalog.register_dataset_version(dataset, **wanted, by=request.user)
        return self.shown(made, DatasetVersionShown, status=201)


class DatasetVersions(Door):
    """The states of all datasets."""

    ordering = ("-registered_at", "-id")
    filter_backends = FILTERED
    filterset_class = DatasetVersionFilter
    queryset = DatasetVersion.objects.none()

    @extend_schema(responses=DatasetVersionShown(many=True))
    def get(self, request: Request) -> Response:
        """List dataset versions."""
        return self.listed(dataset_versions(self), DatasetVersionShown)


class OneDatasetVersion(Door):
    """One state of a dataset."""

    @extend_schema(responses=DatasetVersionShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read a dataset version."""
        return self.shown(self.find(dataset_versions(self), pk=pk), DatasetVersionShown)


def datasets(door: Door) -> QuerySet[Dataset]:
    """The datasets that are seen through a door."""
    return door.seen(Dataset).select_related("team", "created_by")


def dataset_versions(door: Door) -> QuerySet[DatasetVersion]:
    """The dataset versions that are seen through a door."""
    return door.seen(DatasetVersion).select_related("dataset__team", "artifact", "registered_by")
