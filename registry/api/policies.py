"""Policies: written, agreed to by two others, and activated for a project. People do all of it; tokens may read."""

from typing import Any, ClassVar

from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import FILTERED, Door
from registry.api.idempotency import once
from registry.api.names import ProjectField, TeamField
from registry.api.strict import Plain, StrictSerializer
from registry.models import Policy, PolicyActivation, PolicyPublication, PolicyRevision, Project
from registry.services import policy as policies


class PolicyShown(serializers.ModelSerializer):
    """A named set of rules."""

    name = serializers.CharField(source="__str__", help_text="team/policy")
    team = serializers.CharField(source="team.slug")
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = Policy
        fields = ("id", "name", "team", "slug", "title", "created_by", "created_at")


class AgreementShown(serializers.ModelSerializer):
    """A person agreed that a revision may be used."""

    agreed_by = serializers.CharField(source="agreed_by.username")

    class Meta:
        model = PolicyPublication
        fields = ("id", "agreed_by", "agreed_at")


class PolicyRevisionShown(serializers.ModelSerializer):
    """One wording of a policy."""

    policy_name = serializers.CharField(source="policy")
    body = serializers.JSONField()
    written_by = serializers.CharField(source="written_by.username")
    agreements = AgreementShown(source="publications", many=True)

    class Meta:
        model = PolicyRevision
        fields = (
            "id", "policy", "policy_name", "number", "body", "digest", "rationale", "max_waiver_hours", "written_by",
            "written_at", "agreements",
        )  # fmt: skip


class ActivationShown(serializers.ModelSerializer):
    """A revision applies to a project from a moment on; the newest counts."""

    revision_name = serializers.CharField(source="revision")
    activated_by = serializers.CharField(source="activated_by.username")

    class Meta:
        model = PolicyActivation
        fields = ("id", "project", "revision", "revision_name", "activated_by", "activated_at")


class NewRevision(StrictSerializer):
    """A policy's next wording. The first one makes the policy."""

    team = TeamField()
    slug = serializers.SlugField(max_length=60)
    body = Plain()


class NewActivation(StrictSerializer):
    """Which project a revision is to apply to."""

    project = ProjectField()


class PolicyFilter(FilterSet):
    """Which policies."""

    team = CharFilter(field_name="team__slug")
    slug = CharFilter(field_name="slug")
    search = CharFilter(field_name="title", lookup_expr="icontains")


class Policies(Door):
    """Named sets of rules."""

    filter_backends = FILTERED
    filterset_class = PolicyFilter
    queryset = Policy.objects.none()

    @extend_schema(responses=PolicyShown(many=True))
    def get(self, request: Request) -> Response:
        """List policies."""
        return self.listed(shown_policies(self), PolicyShown)

    @extend_schema(request=NewRevision, responses={201: PolicyRevisionShown})
    @once
    def post(self, request: Request) -> Response:
        """Write a policy's next revision. Nothing applies until two others agree and one activates it."""
        wanted = self.sent(NewRevision)
        revision = policies.write_revision(wanted.pop("team"), **wanted, by=request.user)
        return self.shown(revision, PolicyRevisionShown, status=201)


class OnePolicy(Door):
    """A policy."""

    @extend_schema(responses=PolicyShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read a policy."""
        return self.shown(self.find(shown_policies(self), pk=pk), PolicyShown)


class RevisionsOfPolicy(Door):
    """Every wording a policy ever had."""

    ordering = ("-number",)

    @extend_schema(responses=PolicyRevisionShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the revisions of a policy."""
        policy = self.find(self.seen(Policy), pk=pk)
        return self.listed(shown_revisions(self).filter(policy=policy), PolicyRevisionShown)


class OneRevision(Door):
    """A wording of a policy."""

    @extend_schema(responses=PolicyRevisionShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read a revision of a policy."""
        return self.shown(self.find(shown_revisions(self), pk=pk), PolicyRevisionShown)


class AgreementsToRevision(Door):
    """Agreeing that a revision may be used."""

    scopes: ClassVar = {}

    @extend_schema(request=None, responses={201: AgreementShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Agree to somebody else's revision. With the second agreement it is published."""
        revision = self.find(shown_revisions(self), pk=pk)
        self.sent(StrictSerializer)
        return self.shown(policies.agree(revision, by=request.user), AgreementShown, status=201)


class ActivationsOfRevision(Door):
    """Letting a revision apply to a project."""

    scopes: ClassVar = {}

    @extend_schema(request=NewActivation, responses={201: ActivationShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Activate it. Signatures that were given under another policy lapse."""
        revision = self.find(shown_revisions(self), pk=pk)
        row = policies.activate(revision, **self.sent(NewActivation), by=request.user)
        return self.shown(row, ActivationShown, status=201)


class ActivationsOfProject(Door):
    """Which policy applied to a project, and when."""

    ordering = ("-id",)

    @extend_schema(responses=ActivationShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the activated policies of a project; the newest applies."""
        project = self.find(self.seen(Project), pk=pk)
        rows = PolicyActivation.objects.filter(project=project)
        return self.listed(rows.select_related("revision__policy__team", "activated_by"), ActivationShown)


def shown_policies(door: Door) -> Any:
    """The policies that are seen through a door."""
    return door.seen(Policy).select_related("team", "created_by")


def shown_revisions(door: Door) -> Any:
    """The revisions that are seen through a door."""
    rows = door.seen(PolicyRevision).select_related("policy__team", "written_by")
    return rows.prefetch_related("publications__agreed_by")
