"""Registered models: the names whose versions are measured, signed and used."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import FILTERED, READ, WRITE, Door
from registry.api.idempotency import once
from registry.api.names import TeamField
from registry.api.strict import Line, Prose, StrictSerializer
from registry.exceptions import InvalidInput
from registry.models import Project, RegisteredModel, Team
from registry.models.choices import ModelKind
from registry.services import catalog


class ModelShown(serializers.ModelSerializer):
    """A named model."""

    name = serializers.CharField(source="__str__", help_text="team/model")
    team = serializers.CharField(source="team.slug")
    project = serializers.UUIDField(source="project_id")
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = RegisteredModel
        fields = ("id", "name", "team", "slug", "kind", "project", "description", "created_by", "created_at")


class NewModel(StrictSerializer):
    """What it takes to register a model."""

    team = TeamField()
    name = serializers.SlugField(max_length=60, help_text="Its short name within the team.")
    project = Line(required=False, allow_null=True, default=None, help_text="The project's short name or id.")
    kind = serializers.ChoiceField(ModelKind.choices, required=False, allow_blank=True, default="")
    description = Prose(required=False, allow_blank=True, default="")


class ModelFilter(FilterSet):
    """Which models."""

    team = CharFilter(field_name="team__slug")
    project = CharFilter(field_name="project__slug")
    name = CharFilter(method="named", help_text="team/model")
    search = CharFilter(field_name="slug", lookup_expr="icontains")

    def named(self, rows: QuerySet[RegisteredModel], _field: str, name: str) -> QuerySet[RegisteredModel]:
        """The one of this name."""
        team, _, slug = name.partition("/")
        return rows.filter(team__slug=team, slug=slug)


class Models(Door):
    """Named models."""

    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE,)}
    filter_backends = FILTERED
    filterset_class = ModelFilter
    queryset = RegisteredModel.objects.none()

    @extend_schema(responses=ModelShown(many=True))
    def get(self, request: Request) -> Response:
        """List models."""
        return self.listed(models(self), ModelShown)

    @extend_schema(request=NewModel, responses={201: ModelShown})
    @once
    def post(self, request: Request) -> Response:
        """Register one. `project` may be left out where the team has one project alone."""
        wanted = self.sent(NewModel)
        project = project_named(self, wanted["team"], wanted["project"])
        said = {name: wanted[name] for name in ("kind", "description")}
        made = catalog.create_model(project, slug=wanted["name"], **said, by=request.user)
        return self.shown(made, ModelShown, status=201)


class OneModel(Door):
    """A named model."""

    @extend_schema(responses=ModelShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read a model."""
        return self.shown(self.find(models(self), pk=pk), ModelShown)


def models(door: Door) -> QuerySet[RegisteredModel]:
    """The models that are seen through a door."""
    return door.seen(RegisteredModel).select_related("team", "project__team", "created_by")


def project_named(door: Door, team: Team, name: str | None) -> Project:
    """The team's project of that short name or id; without a name, its only one."""
    rows: QuerySet[Any] = door.seen(Project).filter(team=team).select_related("team")
    found = [row for row in rows if name is None or name in (row.slug, str(row.pk), str(row))]
    if len(found) != 1:
        said = "say which of the team's projects it belongs to" if name is None else "the team has no such project"
        raise InvalidInput("A model belongs to one project.", errors={"project": [said]})
    return found[0]
