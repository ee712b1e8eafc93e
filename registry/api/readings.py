"""Measurements: as they are sent, as they are listed, and the small tables beside them."""

from typing import Any

from django_filters import CharFilter, FilterSet, UUIDFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from evaluators.contract import ROLES, SCORE_KINDS
from registry.api.doors import FILTERED, Door
from registry.api.strict import MAX_ITEMS, MAX_LINE, Line, Plain, Prose, StrictSerializer
from registry.models import Evaluation, EvidenceFile, Measurement, ModelVersion

LARGEST = 2**53 - 1
COLUMN_ROLES = ("label", "prediction", "score", "group", *ROLES)


@extend_schema_field(OpenApiTypes.OBJECT)
class Columns(serializers.Field):
    """Which column plays which role: a name for each, or a list of names where several columns play it."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The names by role."""
        if not isinstance(data, dict) or len(data) > 50:
            raise serializers.ValidationError("Must be an object of role and column.")
        wrong = {role: ["must be a column's name, or a list of names"] for role in data if not _is_named(data[role])}
        wrong |= {str(role): ["unknown role"] for role in data if role not in COLUMN_ROLES}
        if wrong:
            raise serializers.ValidationError(wrong)
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        """The same."""
        return value


def _is_named(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return 0 < len(names) <= MAX_ITEMS and all(isinstance(name, str) and 0 < len(name) <= MAX_LINE for name in names)


class Reads(StrictSerializer):
    """What is read of a table."""

    columns = Columns(required=False)
    favourable = Line(required=False, allow_null=True)
    score_kind = serializers.ChoiceField(SCORE_KINDS, required=False, allow_null=True)


class Reading(StrictSerializer):
    """One metric on one slice, with its interval."""

    metric = Line(max_length=120)
    slice = Line()
    status = serializers.ChoiceField(choices=("ok", "insufficient_data", "not_applicable", "error"))
    reason = Prose(required=False, allow_blank=True)
    value = serializers.FloatField(required=False, allow_null=True)
    low = serializers.FloatField(required=False, allow_null=True)
    high = serializers.FloatField(required=False, allow_null=True)
    level = serializers.FloatField(required=False, min_value=0.5, max_value=0.9999)
    method = Line(required=False, allow_blank=True, max_length=120)
    n = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=LARGEST)
    p_value = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)
    seed = Line(required=False, allow_null=True, max_length=40)
    statistics = Plain(required=False)
    detail = Plain(required=False)

    def validate_detail(self, detail: dict[str, Any]) -> dict[str, Any]:
        """`excluded` names slices that were left out."""
        excluded = detail.get("excluded", [])
        if not isinstance(excluded, list) or len(excluded) > MAX_ITEMS or any(len(str(e)) > MAX_LINE for e in excluded):
            raise serializers.ValidationError("excluded is a list of slices.")
        return detail


class Reported(Reads):
    """What a pipeline measured itself."""

    evaluator = serializers.CharField(max_length=80)
    parameters = Plain(required=False, default=dict)
    level = serializers.FloatField(required=False, default=0.95, min_value=0.5, max_value=0.9999)
    readings = Reading(many=True, max_length=MAX_ITEMS)


class MeasurementShown(serializers.ModelSerializer):
    """A stored reading."""

    excluded = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Measurement
        fields = (
            "id", "evaluation", "version", "metric", "slice", "status", "reason", "value", "low", "high", "level",
            "method", "n", "p_value", "excluded", "statistics", "detail", "seed", "assurance", "spec_digest",
            "root_digest", "measured_at",
        )  # fmt: skip


class EvidenceFileShown(serializers.ModelSerializer):
    """A small table that an evaluator left."""

    class Meta:
        model = EvidenceFile
        fields = ("name", "data")


class MeasurementFilter(FilterSet):
    """Which measurements."""

    metric = CharFilter()
    slice = CharFilter()
    status = CharFilter()
    assurance = CharFilter()
    evaluation = UUIDFilter(field_name="evaluation_id")


class MeasurementsOfVersion(Door):
    """What was measured of a version."""

    ordering = ("-id",)
    filter_backends = FILTERED
    filterset_class = MeasurementFilter
    queryset = Measurement.objects.none()

    @extend_schema(responses=MeasurementShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the readings."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return self.listed(Measurement.objects.filter(version=version), MeasurementShown)


class EvidenceOfEvaluation(Door):
    """The small tables beside a run's readings."""

    ordering = ("-id",)

    @extend_schema(responses=EvidenceFileShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the evidence of an evaluation."""
        run = self.find(self.seen(Evaluation), pk=pk)
        return self.listed(EvidenceFile.objects.filter(evaluation=run), EvidenceFileShown)
