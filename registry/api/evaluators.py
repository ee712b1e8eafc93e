"""What can be measured, and how: the evaluators and the method page of each metric."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from evaluators.catalog import EVALUATORS, describe, method_page
from evaluators.contract import EvaluatorError
from registry.api.doors import Door


class MetricShown(serializers.Serializer):
    """A metric that an evaluator yields."""

    id = serializers.CharField()
    title = serializers.CharField()
    direction = serializers.CharField()
    unit = serializers.CharField()
    kind = serializers.CharField(help_text="A test may fail a limit and never meet one, so none can be set on it.")


class EvaluatorShown(serializers.Serializer):
    """An evaluator: what it takes, and what it yields."""

    id = serializers.CharField()
    version = serializers.CharField()
    title = serializers.CharField()
    input_kind = serializers.CharField()
    cost_class = serializers.CharField()
    queue = serializers.CharField()
    needs = serializers.JSONField()
    params = serializers.JSONField(help_text="JSON schema of its parameters.")
    metrics = MetricShown(many=True)


class MethodShown(serializers.Serializer):
    """How a metric is computed."""

    metric = serializers.CharField()
    markdown = serializers.CharField()


class Evaluators(Door):
    """Everything that can be measured."""

    pagination_class = None

    @extend_schema(responses=EvaluatorShown(many=True))
    def get(self, request: Request) -> Response:
        """List the evaluators."""
        return Response(EvaluatorShown([describe(name) for name in sorted(EVALUATORS)], many=True).data)


class OneEvaluator(Door):
    """An evaluator."""

    @extend_schema(responses=EvaluatorShown)
    def get(self, request: Request, name: str) -> Response:
        """Read an evaluator."""
        if name not in EVALUATORS:
            raise NotFound
        return self.shown(describe(name), EvaluatorShown)


class OneMethod(Door):
    """The method page of a metric."""

    @extend_schema(responses=MethodShown)
    def get(self, request: Request, metric: str) -> Response:
        """Read the method of a metric, as Markdown."""
        try:
            page = method_page(metric)
        except EvaluatorError as error:
            raise NotFound from error
        return self.shown({"metric": metric, "markdown": page}, MethodShown)
