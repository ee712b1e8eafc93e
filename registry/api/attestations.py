"""Signed statements, raw, and the keys to check them with."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.answers import why_not
from registry.api.doors import Door
from registry.api.lifecycle import STAGE, stage_asked
from registry.models import Attestation, ModelVersion, SigningKey
from registry.services.answers import newest

ENVELOPE = "application/vnd.dsse.envelope.v1+json"


class AttestationShown(serializers.ModelSerializer):
    """An answer that was or will be signed."""

    verdict = serializers.JSONField(source="verdict.body")

    class Meta:
        model = Attestation
        fields = (
            "id", "version", "stage", "passed", "root_digest", "created_at", "expires_at", "signed_at", "key_id",
            "verdict",
        )  # fmt: skip


class KeyShown(serializers.ModelSerializer):
    """The public half of a notary's key."""

    class Meta:
        model = SigningKey
        fields = ("key_id", "public_pem", "not_before", "ended_at")


class AttestationsOfVersion(Door):
    """Every answer about a version, newest first."""

    ordering = ("-seq",)

    @extend_schema(responses=AttestationShown(many=True))
    def get(self, request: Request, pk: str) -> Response:
        """List the attestations of a version."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        return self.listed(Attestation.objects.filter(version=version).select_related("verdict"), AttestationShown)


class AttestationOfVersion(Door):
    """The newest signed statement about a version, as a DSSE envelope."""

    @extend_schema(responses={(200, ENVELOPE): OpenApiTypes.OBJECT}, parameters=[STAGE])
    def get(self, request: Request, pk: str) -> HttpResponse:
        """Read the bytes of a version's attestation. A yes that is over is not served, and one that is not
        yet signed comes later."""
        version = self.find(self.seen(ModelVersion), pk=pk)
        answer = newest(Attestation.objects.filter(version=version, stage=stage_asked(request)))
        if answer is None or answer.root_digest is None:
            raise NotFound
        if barred := why_not(request, answer):
            return barred
        row = Attestation.objects.get(pk=answer.pk)
        return HttpResponse(bytes(row.envelope or b""), content_type=ENVELOPE, headers={"ETag": f'"{row.etag}"'})


class Keys(Door):
    """The notary's public keys. Anybody may read them: they are what a statement is checked with."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    ordering = ("-not_before", "-key_id")

    @extend_schema(responses=KeyShown(many=True), auth=[])
    def get(self, request: Request) -> Response:
        """List keys."""
        return self.listed(SigningKey.objects.all(), KeyShown)
