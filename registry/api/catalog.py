"""Teams, projects and how much trust a project needs."""

from typing import ClassVar

from django.db.models import QuerySet
from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import FILTERED, READ, WRITE, Door
from registry.api.idempotency import once
from registry.api.names import TeamField
from registry.api.strict import Line, Plain, Prose, StrictSerializer
from registry.models import Project, Team, TrustNeed
from registry.models.choices import Aspect, NeedLevel
from registry.services import catalog


class TeamShown(serializers.ModelSerializer):
    """A team."""

    class Meta:
        model = Team
        fields = ("slug", "name", "created_at")


class ProjectShown(serializers.ModelSerializer):
    """A project: a use case whose models share trust needs and a policy."""

    name = serializers.CharField(source="__str__", help_text="team/project")
    title = serializers.CharField(source="name")
    team = serializers.CharField(source="team.slug")
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = Project
        fields = ("id", "name", "team", "slug", "title", "purpose", "created_by", "created_at")


class NewProject(StrictSerializer):
    """What it takes to make a project."""

    team = TeamField()
    slug = serializers.SlugField(max_length=60)
    title = Line(max_length=120)
    purpose = Prose(required=False, allow_blank=True, default="")


class NeedShown(serializers.ModelSerializer):
    """How much of an aspect a project needs."""

    set_by = serializers.CharField(source="set_by.username")

    class Meta:
        model = TrustNeed
        fields = ("id", "aspect", "level", "reason", "answers", "set_by", "set_at")


class NewNeed(StrictSerializer):
    """A level for one aspect, with its reason."""

    aspect = serializers.ChoiceField(choices=Aspect.choices)
    level = serializers.ChoiceField(choices=NeedLevel.choices)
    reason = Prose()
    answers = Plain(required=False, default=dict)


class ProjectFilter(FilterSet):
    """Which projects."""

    team = CharFilter(field_name="team__slug")
    slug = CharFilter(field_name="slug")
    search = CharFilter(field_name="name", lookup_expr="icontains")


class Teams(Door):
    """The teams you are in."""

    @extend_schema(responses=TeamShown(many=True))
    def get(self, request: Request) -> Response:
        """List teams."""
        return self.listed(self.seen(Team), TeamShown)


class Projects(Door):
    """Use cases."""

    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE,)}
    filter_backends = FILTERED
    filterset_class = ProjectFilter
    queryset = Project.objects.none()

    @extend_schema(responses=ProjectShown(many=True))
    def get(self, request: Request) -> Response:
        """List projects."""
        return self.listed(projects(self), ProjectShown)

    @extend_schema(request=NewProject, responses={201: ProjectShown})
    @once
    def post(self, request: Request) -> Response:
        """Make a project."""
        wanted = self.sent(NewProject)
        made = catalog.create_project(
            wanted["team"], slug=wanted["slug"], name=wanted["title"], purpose=wanted["purpose"], by=request.user
        )
        return self.shown(made, ProjectShown, status=201)


class OneProject(Door):
    """A use case."""

    @extend_schema(responses=ProjectShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read a project."""
        return self.shown(self.find(projects(self), pk=pk), ProjectShown)


class ProjectNeeds(Door):
    """How much trust a project needs, aspect by aspect: the newest of an aspect counts."""

    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE,)}
    ordering = ("-id",)

    @extend_schema(responses=NeedShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List what was set."""
        project = self.find(self.seen(Project), pk=pk)
        return self.listed(TrustNeed.objects.filter(project=project).select_related("set_by"), NeedShown)

    @extend_schema(request=NewNeed, responses={201: NeedShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Set one."""
        project = self.find(projects(self), pk=pk)
        need = catalog.set_trust_need(project, **self.sent(NewNeed), by=request.user)
        return self.shown(need, NeedShown, status=201)


def projects(door: Door) -> QuerySet[Project]:
    """The projects that are seen through a door, with what their names are made of."""
    return door.seen(Project).select_related("team", "created_by")
