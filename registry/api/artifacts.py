"""Artifacts: files sent whole, or only their names, sizes and digests where they stay elsewhere."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import EVALUATE, READ, WRITE, Door
from registry.api.parsers import StrictJSONParser
from registry.api.strict import StrictSerializer
from registry.api.uploads import UploadParser
from registry.cards.artifacts import FileEntry
from registry.exceptions import InvalidInput
from registry.models import Artifact, ArtifactFile, Team
from registry.services import artifacts


class FileShown(serializers.ModelSerializer):
    """One file of an artifact."""

    class Meta:
        model = ArtifactFile
        fields = ("name", "size", "sha256")


class ArtifactShown(serializers.ModelSerializer):
    """A set of files under one digest."""

    team = serializers.CharField(source="team.slug")
    files = FileShown(many=True)
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = Artifact
        fields = ("id", "team", "root_digest", "manifest_digest", "is_held", "files", "created_by", "created_at")


class DeclaredFile(StrictSerializer):
    """A file that stays where it is."""

    name = serializers.CharField(max_length=400, trim_whitespace=False)
    size = serializers.IntegerField(min_value=0, max_value=2**53 - 1)
    sha256 = serializers.CharField(max_length=64)


class DeclaredArtifact(StrictSerializer):
    """Files by their digests. `team` may be left out by whoever is in one team alone."""

    team = serializers.CharField(required=False, allow_null=True, default=None)
    files = DeclaredFile(many=True, allow_empty=False)


@extend_schema_field({"type": "string", "format": "binary"})
class SentFile(serializers.FileField):
    """The bytes of a file; only ever sent."""


class UploadedArtifact(StrictSerializer):
    """Files sent whole, each as a part named `files` with the file's name."""

    team = serializers.CharField(required=False)
    files = serializers.ListField(child=SentFile())


class Artifacts(Door):
    """Files in, digests out. The same files are the same artifact, so sending them twice makes no second one."""

    parser_classes = (StrictJSONParser, UploadParser)
    scopes: ClassVar = {"GET": (READ,), "POST": (WRITE, EVALUATE)}

    @extend_schema(responses=ArtifactShown(many=True))
    def get(self, request: Request) -> Response:
        """List artifacts."""
        rows = self.seen(Artifact).select_related("team", "created_by").prefetch_related("files")
        return self.listed(rows, ArtifactShown)

    @extend_schema(
        request={"multipart/form-data": UploadedArtifact, "application/json": DeclaredArtifact},
        responses={201: ArtifactShown},
    )
    def post(self, request: Request) -> Response:
        """Send files, or declare them by their digests."""
        store = self.upload if is_multipart(request) else self.declare
        return self.shown(store(request), ArtifactShown, status=201)

    def upload(self, request: Request) -> Artifact:
        """Keep the files that were sent."""
        form, files = request.data, request.FILES.getlist("files")
        unknown = sorted((set(form) - {"team", "files"}) | (set(request.FILES) - {"files"}))
        if unknown or not files:
            errors = {name: ["unknown field"] for name in unknown} or {"files": ["send at least one file"]}
            raise InvalidInput("Send each file as a part named files.", errors=errors)
        named = [(file.sent_as, file) for file in files]
        return artifacts.store_artifact(own_team(self, form.get("team")), files=named, by=request.user)

    def declare(self, request: Request) -> Artifact:
        """Register the digests that were sent."""
        wanted = self.sent(DeclaredArtifact)
        files = [FileEntry(**entry) for entry in wanted["files"]]
        return artifacts.declare_artifact(own_team(self, wanted["team"]), files=files, by=request.user)


class OneArtifact(Door):
    """A set of files under one digest."""

    @extend_schema(responses=ArtifactShown)
    def get(self, request: Request, pk: str) -> Response:
        """Read an artifact."""
        rows = self.seen(Artifact).select_related("team", "created_by").prefetch_related("files")
        return self.shown(self.find(rows, pk=pk), ArtifactShown)


def is_multipart(request: Request) -> bool:
    """Whether files are being sent."""
    return (request.content_type or "").startswith("multipart/")


def own_team(door: Door, slug: str | None) -> Team:
    """The team that was named, or the only one that whoever asks is in."""
    rows = list(door.seen(Team).filter(**{"slug": slug} if slug else {})[:2])
    if len(rows) != 1:
        said = "you are in no such team" if slug else "say for which of your teams"
        raise InvalidInput("Files belong to a team.", errors={"team": [said]})
    return rows[0]
