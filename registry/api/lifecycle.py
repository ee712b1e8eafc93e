"""The gate: what a stage still asks for, and moving on."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import MOVE, READ, Door
from registry.api.idempotency import once
from registry.api.strict import Prose, StrictSerializer
from registry.models import ModelVersion, Transition
from registry.models.choices import Stage
from registry.services import lifecycle, verdicts

STAGE = OpenApiParameter("stage", str, enum=Stage.values, description="Which gate; inference unless said otherwise.")


class RequirementShown(serializers.Serializer):
    """One thing the policy asks, what was found, and what would unblock it."""

    id = serializers.CharField()
    kind = serializers.CharField()
    asked = serializers.CharField()
    found = serializers.CharField()
    found_id = serializers.CharField(help_text="What a waiver of this very finding names.")
    outcome = serializers.ChoiceField(choices=("passed", "failed", "undecided"))
    unblock = serializers.CharField()
    waived_until = serializers.CharField(allow_null=True)
    detail = serializers.JSONField()


class ReviewShown(serializers.Serializer):
    """What the gate says now, and the evidence that a signature would cover."""

    version = serializers.UUIDField()
    name = serializers.CharField()
    stage = serializers.CharField(help_text="Where the version is.")
    to_stage = serializers.CharField()
    standing = serializers.CharField()
    outcome = serializers.ChoiceField(choices=("passed", "failed", "undecided"))
    waived = serializers.ListField(child=serializers.CharField())
    requirements = RequirementShown(many=True)
    policy = serializers.CharField(allow_null=True)
    policy_digest = serializers.CharField(allow_null=True)
    evidence_rev = serializers.IntegerField()
    evidence_digest = serializers.CharField()
    decided_at = serializers.DateTimeField()


class TransitionShown(serializers.ModelSerializer):
    """A version moved on. `verdict` is what the gate said, whole."""

    moved_by = serializers.CharField(source="moved_by.username")
    verdict = serializers.JSONField(source="verdict.body")

    class Meta:
        model = Transition
        fields = (
            "id", "version", "from_stage", "to_stage", "kind", "moved_by", "comment", "evidence_rev", "at",
            "expires_at", "verdict",
        )  # fmt: skip


class NewTransition(StrictSerializer):
    """Where to."""

    to_stage = serializers.ChoiceField(choices=Stage.choices)
    comment = Prose(required=False, allow_blank=True, default="")


class ReviewOfVersion(Door):
    """The gate of a version."""

    @extend_schema(responses=ReviewShown, parameters=[STAGE])
    def get(self, request: Request, pk: str) -> Response:
        """Ask it. Nothing is written."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return Response(plain_review(verdicts.review(version, to_stage=stage_asked(request))))


class TransitionsOfVersion(Door):
    """The moves of a version from stage to stage."""

    scopes: ClassVar = {"GET": (READ,), "POST": (MOVE,)}
    ordering = ("-at", "-id")

    @extend_schema(responses=TransitionShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the transitions of a version."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        moves = Transition.objects.filter(version=version).select_related("moved_by", "verdict")
        return self.listed(moves, TransitionShown)

    @extend_schema(request=NewTransition, responses=TransitionShown)
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Move it, if the gate lets it through; otherwise 409 with every requirement that is not met."""
        version = self.find(self.seen(ModelVersion).select_related("model__team", "team"), pk=pk)
        return self.shown(lifecycle.transition(version, **self.sent(NewTransition), by=request.user), TransitionShown)


def stage_asked(request: Any) -> str:
    """The stage in the query."""
    stage = request.GET.get("stage", Stage.INFERENCE)
    if stage not in Stage.values:
        raise ValidationError({"stage": [f"one of {', '.join(Stage.values)}"]})
    return str(stage)


def plain_review(reviewed: verdicts.Review) -> dict[str, Any]:
    """A review as JSON."""
    version, revision = reviewed.version, reviewed.revision
    return ReviewShown(
        {
            **reviewed.decision.as_dict(),
            "version": version.pk,
            "name": str(version),
            "stage": version.stage,
            "standing": version.standing,
            "policy": str(revision) if revision else None,
            "policy_digest": revision.digest if revision else None,
            "evidence_rev": version.evidence_rev,
            "evidence_digest": reviewed.evidence_digest,
            "decided_at": reviewed.now,
        }
    ).data
