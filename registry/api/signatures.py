"""Sign-offs and waivers: a person signs, with a fresh proof of who they are. A token never does."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import MOVE, READ, Door
from registry.api.idempotency import once
from registry.api.names import ProofField
from registry.api.strict import Line, Prose, StrictSerializer
from registry.models import ModelVersion, SignOff, SignOffWithdrawal, Waiver, WaiverGrant
from registry.models.choices import Expertise, Meaning, Stage
from registry.services import lifecycle


class SignOffShown(serializers.ModelSerializer):
    """A person's signature over the evidence of a version for a stage."""

    signed_by = serializers.CharField(source="signed_by.username")
    evidence_digest = serializers.CharField(source="snapshot.digest")
    counts_until_change = serializers.SerializerMethodField(
        help_text="Whether it covers the evidence as it is now and was not withdrawn."
    )
    withdrawn_at = serializers.DateTimeField(source="withdrawal.withdrawn_at", default=None, allow_null=True)

    class Meta:
        model = SignOff
        fields = (
            "id", "version", "to_stage", "signed_by", "signed_name", "expertise", "meaning", "comment", "evidence_rev",
            "evidence_digest", "signed_at", "withdrawn_at", "counts_until_change",
        )  # fmt: skip

    def get_counts_until_change(self, signature: SignOff) -> bool:
        """On the present evidence, and not withdrawn."""
        return signature.evidence_rev == signature.version.evidence_rev and not hasattr(signature, "withdrawal")


class NewSignOff(StrictSerializer):
    """What is signed: the evidence that a review showed, in one capacity."""

    to_stage = serializers.ChoiceField(choices=Stage.choices)
    expertise = serializers.ChoiceField(choices=Expertise.choices)
    meaning = serializers.ChoiceField(choices=Meaning.choices)
    comment = Prose(required=False, allow_blank=True, default="")
    evidence_rev = serializers.IntegerField(min_value=0, max_value=2**53 - 1)
    evidence_digest = serializers.CharField(max_length=64)
    proof = ProofField()


class NewWithdrawal(StrictSerializer):
    """Why a signature is taken back."""

    reason = Prose()


class WithdrawalShown(serializers.ModelSerializer):
    """A signature was taken back."""

    withdrawn_by = serializers.CharField(source="withdrawn_by.username")

    class Meta:
        model = SignOffWithdrawal
        fields = ("id", "sign_off", "withdrawn_by", "reason", "withdrawn_at")


class GrantShown(serializers.ModelSerializer):
    """A person granted a waiver."""

    granted_by = serializers.CharField(source="granted_by.username")

    class Meta:
        model = WaiverGrant
        fields = ("id", "waiver", "granted_by", "granted_at")


class WaiverShown(serializers.ModelSerializer):
    """A request to accept one finding for a while. It holds once two others granted it."""

    requested_by = serializers.CharField(source="requested_by.username")
    grants = GrantShown(many=True)

    class Meta:
        model = Waiver
        fields = (
            "id", "version", "to_stage", "requirement", "found", "reason", "expires_at", "requested_by",
            "requested_at", "grants",
        )  # fmt: skip


class NewWaiver(StrictSerializer):
    """The finding, by the `id` and `found_id` that a review showed."""

    to_stage = serializers.ChoiceField(choices=Stage.choices)
    requirement = Line(max_length=60)
    found = Line(max_length=400)
    reason = Prose()
    expires_at = serializers.DateTimeField()


class NewGrant(StrictSerializer):
    """Who grants, proved afresh."""

    proof = ProofField()


class SignOffsOfVersion(Door):
    """The signatures on a version."""

    scopes: ClassVar = {"GET": (READ,)}
    ordering = ("-seq",)

    @extend_schema(responses=SignOffShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the signatures of a version."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return self.listed(shown_signatures(self).filter(version=version), SignOffShown)

    @extend_schema(request=NewSignOff, responses={201: SignOffShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Sign."""
        version = self.find(self.seen(ModelVersion).select_related("model__team", "team"), pk=pk)
        signature = lifecycle.sign_off(version, **self.sent(NewSignOff), by=request.user)
        return self.shown(shown_signatures(self).get(pk=signature.pk), SignOffShown, status=201)


class WithdrawalOfSignOff(Door):
    """Taking a signature back."""

    @extend_schema(request=NewWithdrawal, responses={201: WithdrawalShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Withdraw your own signature."""
        signature = self.find(shown_signatures(self), pk=pk)
        row = lifecycle.withdraw_sign_off(signature, **self.sent(NewWithdrawal), by=request.user)
        return self.shown(row, WithdrawalShown, status=201)


class WaiversOfVersion(Door):
    """Findings that were or may be accepted for a while."""

    scopes: ClassVar = {"GET": (READ,), "POST": (MOVE,)}
    ordering = ("-requested_at", "-id")

    @extend_schema(responses=WaiverShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the waivers of a version."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return self.listed(shown_waivers(self).filter(version=version), WaiverShown)

    @extend_schema(request=NewWaiver, responses={201: WaiverShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Ask for one."""
        version = self.find(self.seen(ModelVersion).select_related("model__team", "team"), pk=pk)
        waiver = lifecycle.request_waiver(version, **self.sent(NewWaiver), by=request.user)
        return self.shown(waiver, WaiverShown, status=201)


class GrantsOfWaiver(Door):
    """Granting what somebody else asked for."""

    @extend_schema(request=NewGrant, responses={201: GrantShown})
    @once
    def post(self, request: Request, pk: str) -> Response:
        """Grant it."""
        waiver = self.find(shown_waivers(self), pk=pk)
        return self.shown(
            lifecycle.grant_waiver(waiver, **self.sent(NewGrant), by=request.user), GrantShown, status=201
        )


def shown_signatures(door: Door) -> Any:
    """The signatures that are seen through a door."""
    related = ("signed_by", "snapshot", "withdrawal", "version__model__team", "version__team")
    return door.seen(SignOff).select_related(*related)


def shown_waivers(door: Door) -> Any:
    """The waivers that are seen through a door."""
    rows = door.seen(Waiver).select_related("requested_by", "version__model__team", "version__team")
    return rows.prefetch_related("grants__granted_by")
