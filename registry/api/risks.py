"""The risks of a version."""

from typing import Any, ClassVar

from django_filters import BooleanFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import FILTERED, READ, WRITE, Door
from registry.api.idempotency import once
from registry.api.names import ColleagueField
from registry.api.strict import Prose, StrictSerializer
from registry.models import ModelVersion, Risk
from registry.models.choices import Aspect, Priority, Stage, Treatment
from registry.services import risks


class RiskShown(serializers.ModelSerializer):
    """What may go wrong, how much it matters, and what is done about it."""

    version_name = serializers.CharField(source="version")
    stage = serializers.CharField(source="assessment.stage")
    owner = serializers.CharField(source="owner.username", default=None, allow_null=True)
    recorded_by = serializers.CharField(source="recorded_by.username")
    updated_by = serializers.CharField(source="updated_by.username")

    class Meta:
        model = Risk
        fields = (
            "id", "version", "version_name", "stage", "carried_from", "issue", "aspect", "likelihood", "severity",
            "priority", "treatment", "owner", "step_taken", "is_resolved", "resolution", "recorded_by", "updated_by",
            "recorded_at",
        )  # fmt: skip


class RatedRisk(StrictSerializer):
    """What can change about a risk."""

    likelihood = serializers.IntegerField(min_value=1, max_value=5)
    severity = serializers.IntegerField(min_value=1, max_value=5)
    priority = serializers.ChoiceField(choices=Priority.choices)
    treatment = serializers.ChoiceField(choices=Treatment.choices, required=False, allow_blank=True)
    owner = ColleagueField(required=False, allow_null=True)
    step_taken = Prose(required=False, allow_blank=True)


class NewRisk(RatedRisk):
    """A risk that was found."""

    issue = Prose()
    aspect = serializers.ChoiceField(choices=Aspect.choices)


class ChangedRisk(RatedRisk):
    """What changed about a risk. Resolving it takes the resolution."""

    is_resolved = serializers.BooleanField(required=False)
    resolution = Prose(required=False, allow_blank=True)


class RiskFilter(FilterSet):
    """Which risks."""

    resolved = BooleanFilter(field_name="is_resolved")
    stage = ChoiceFilter(field_name="assessment__stage", choices=Stage.choices)
    aspect = ChoiceFilter(choices=Aspect.choices)
    priority = ChoiceFilter(choices=Priority.choices)


class RisksOfVersion(Door):
    """The risks of a version, stage by stage."""

    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE,)}
    ordering = ("-id",)
    filter_backends = FILTERED
    filterset_class = RiskFilter
    queryset = Risk.objects.none()

    @extend_schema(responses=RiskShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the risks of a version."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return self.listed(shown_risks(self).filter(version=version), RiskShown)

    @extend_schema(request=NewRisk, responses={201: RiskShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Add one at the present stage."""
        version = self.find(self.seen(ModelVersion).select_related("model__team", "team"), pk=pk)
        return self.shown(risks.record_risk(version, **self.sent(NewRisk), by=request.user), RiskShown, status=201)


class OneRisk(Door):
    """A risk."""

    scopes: ClassVar = {"GET": (READ,), "PATCH": (WRITE,)}

    @extend_schema(responses=RiskShown)
    def get(self, request: Request, pk: int) -> Response:
        """Read a risk."""
        return self.shown(self.find(shown_risks(self), pk=pk), RiskShown)

    @extend_schema(request=ChangedRisk, responses=RiskShown)
    def patch(self, request: Request, pk: int) -> Response:
        """Rate it again, treat it, or resolve it."""
        risk = self.find(shown_risks(self), pk=pk)
        changes = self.sent(ChangedRisk, partial=True)
        return self.shown(risks.update_risk(risk, changes=changes, by=request.user), RiskShown)


def shown_risks(door: Door) -> Any:
    """The risks that are seen through a door."""
    people = ("owner", "recorded_by", "updated_by")
    return door.seen(Risk).select_related("assessment", "version__model__team", "version__team", *people)
