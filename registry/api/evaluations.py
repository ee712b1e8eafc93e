"""Evaluations: asked for, followed, cancelled, repeated, and self-reported."""

from typing import Any, ClassVar

from django_filters import CharFilter, ChoiceFilter, FilterSet, UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import EVALUATE, FILTERED, READ, Door
from registry.api.idempotency import once
from registry.api.names import ArtifactField, DatasetVersionField, ModelVersionField
from registry.api.readings import Reads, Reported
from registry.api.strict import Plain, StrictSerializer
from registry.exceptions import InvalidInput
from registry.models import Evaluation, ModelVersion, RequiredEvaluation
from registry.models.choices import Assurance, RunState
from registry.models.gate_inputs import active_revision
from registry.services import evaluations


class EvaluationShown(serializers.ModelSerializer):
    """One run of an evaluator on one version."""

    version_name = serializers.CharField(source="version")
    error = serializers.CharField(source="failure", help_text="Why it ended without a result.")
    requested_by = serializers.CharField(source="requested_by.username")

    class Meta:
        model = Evaluation
        fields = (
            "id", "version", "version_name", "evaluator", "evaluator_version", "parameters", "level", "spec_digest",
            "subject", "table", "reference", "baseline", "dataset_version", "queue", "assurance", "requested_by",
            "requested_at", "state", "attempt", "max_attempts", "progress", "progress_note", "started_at",
            "finished_at", "error", "environment",
        )  # fmt: skip


class Brought(StrictSerializer):
    """What a run is given to measure on."""

    table = ArtifactField(required=False, allow_null=True, default=None)
    reference = ArtifactField(required=False, allow_null=True, default=None, help_text="A second table.")
    baseline = ModelVersionField(required=False, allow_null=True, default=None, help_text="A model to compare with.")
    dataset_version = DatasetVersionField(required=False, allow_null=True, default=None)


class NewEvaluation(Reads, Brought):
    """What is to be measured, and how."""

    evaluator = serializers.CharField(max_length=80)
    parameters = Plain(required=False, default=dict)
    level = serializers.FloatField(required=False, default=0.95, min_value=0.5, max_value=0.9999)


class NewRequiredEvaluation(Brought):
    """A run exactly as the policy prescribes it."""

    required = serializers.IntegerField(min_value=1, max_value=2**53 - 1, help_text="The number after `evaluation:`.")


class EvaluationFilter(FilterSet):
    """Which runs."""

    team = CharFilter(field_name="version__team__slug")
    model = CharFilter(field_name="version__model__slug")
    version = UUIDFilter(field_name="version_id")
    evaluator = CharFilter()
    state = ChoiceFilter(choices=RunState.choices)
    assurance = ChoiceFilter(choices=Assurance.choices)


class Evaluations(Door):
    """The runs on everything you may see."""

    ordering = ("-requested_at", "-id")
    filter_backends = FILTERED
    filterset_class = EvaluationFilter
    queryset = Evaluation.objects.none()

    @extend_schema(responses=EvaluationShown(many=True))
    def get(self, request: Request) -> Response:
        """List evaluations."""
        return self.listed(shown_runs(self), EvaluationShown)


class EvaluationsOfVersion(Door):
    """The runs on one version."""

    scopes: ClassVar = {"GET": (READ,), "POST": (EVALUATE,)}
    ordering = ("-requested_at", "-id")
    filter_backends = FILTERED
    filterset_class = EvaluationFilter
    queryset = Evaluation.objects.none()

    @extend_schema(responses=EvaluationShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the evaluations of a version."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return self.listed(shown_runs(self).filter(version=version), EvaluationShown)

    @extend_schema(request=NewEvaluation, responses={202: EvaluationShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Ask for one. What is queued or running already is answered instead of a second."""
        version = version_for(self, pk)
        wanted = self.sent(NewEvaluation)
        wanted["reads"] = reads_of(wanted)
        run = evaluations.request_evaluation(version, **wanted, by=request.user)
        return self.shown(run, EvaluationShown, status=202)


class RequiredEvaluationsOfVersion(Door):
    """The runs that the version's policy prescribes."""

    scopes: ClassVar = {"POST": (EVALUATE,)}

    @extend_schema(request=NewRequiredEvaluation, responses={202: EvaluationShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Ask for one of them, by the number that its requirement has in a review."""
        version = version_for(self, pk)
        wanted = self.sent(NewRequiredEvaluation)
        rules = RequiredEvaluation.objects.filter(revision=active_revision(version), pk=wanted.pop("required"))
        if (rule := rules.first()) is None:
            raise InvalidInput("The policy asks for no such run.", errors={"required": ["not in the active policy"]})
        run = evaluations.request_required(version, rule, **wanted, by=request.user)
        return self.shown(run, EvaluationShown, status=202)


class ReadingsOfVersion(Door):
    """Results that were measured elsewhere."""

    scopes: ClassVar = {"POST": (EVALUATE,)}

    @extend_schema(request=Reported, responses={201: EvaluationShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Send them. They are marked self-reported, and never meet a rule that asks for more."""
        version = version_for(self, pk)
        wanted = self.sent(Reported)
        wanted["reads"] = reads_of(wanted)
        run = evaluations.report_readings(version, **wanted, by=request.user)
        return self.shown(run, EvaluationShown, status=201)


class OneEvaluation(Door):
    """A run."""

    @extend_schema(responses=EvaluationShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read how far it is."""
        return self.shown(self.find(shown_runs(self), pk=pk), EvaluationShown)


class CancelledEvaluation(Door):
    """The end of a run before its result."""

    scopes: ClassVar = {"POST": (EVALUATE,)}

    @extend_schema(request=None, responses=EvaluationShown)
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Cancel it."""
        run = self.find(shown_runs(self), pk=pk)
        self.sent(StrictSerializer)
        return self.shown(evaluations.cancel_evaluation(run, by=request.user), EvaluationShown)


class RepeatedEvaluation(Door):
    """The same run once more."""

    scopes: ClassVar = {"POST": (EVALUATE,)}

    @extend_schema(request=None, responses={202: EvaluationShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Ask for it again, as a new run. The old one stays as it ended."""
        run = self.find(shown_runs(self), pk=pk)
        self.sent(StrictSerializer)
        return self.shown(evaluations.retry_evaluation(run, by=request.user), EvaluationShown, status=202)


def shown_runs(door: Door) -> Any:
    """The runs that are seen through a door."""
    related = ("version__model__team", "version__team", "version__artifact", "requested_by")
    related += ("table", "reference", "baseline__artifact", "dataset_version")
    return door.seen(Evaluation).select_related(*related)


def version_for(door: Door, pk: str) -> ModelVersion:
    """A version with what the services look at."""
    return door.find(door.seen(ModelVersion).select_related("model__team", "team", "artifact"), pk=pk)


def reads_of(wanted: dict[str, Any]) -> dict[str, Any]:
    """What is read of a table, taken out of what was sent."""
    return {name: wanted.pop(name) for name in ("columns", "favourable", "score_kind") if name in wanted}
