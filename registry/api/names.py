"""Fields that take the names people use, `team/model@version`, and give the rows behind them."""

from typing import Any

from django.db.models import Model, Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from registry.models import Artifact, DatasetVersion, ModelVersion, Project, Reauthentication, Team, User


def split_version(name: str) -> tuple[str, str, str] | None:
    """Team, name and label of `team/name@label`; None if it is not written like that."""
    owner, _, label = name.partition("@")
    team, _, thing = owner.partition("/")
    return (team, thing, label) if team and thing and label and "/" not in thing else None


@extend_schema_field(OpenApiTypes.STR)
class SeenField(serializers.Field):
    """Names a row that whoever asks may see. One that they may not see is as unknown as one that doesn't exist."""

    table: type[Model]

    def to_internal_value(self, data: Any) -> Model:
        """The row."""
        if not isinstance(data, str) or not 0 < len(data) <= 300 or "\x00" in data:
            raise serializers.ValidationError("Must be a name or an id.")
        rows: QuerySet[Any] = self.context["view"].seen(self.table)
        found = rows.filter(self.lookup(data)).first()
        if found is None:
            raise serializers.ValidationError("There is none of this name that you may see.")
        return found

    def to_representation(self, value: Any) -> str:
        """The name."""
        return str(value)

    def lookup(self, text: str) -> Q:
        """Where to look."""
        raise NotImplementedError


def by_id(text: str) -> Q:
    """A lookup by a UUID, which finds nothing for other texts."""
    try:
        return Q(pk=serializers.UUIDField().to_internal_value(text))
    except serializers.ValidationError:
        return Q(pk__in=())


class TeamField(SeenField):
    """A team, by its short name."""

    table = Team

    def lookup(self, text: str) -> Q:
        """By slug."""
        return Q(slug=text)


class ArtifactField(SeenField):
    """An artifact, by its id."""

    table = Artifact

    def lookup(self, text: str) -> Q:
        """By id alone: it has no name."""
        return by_id(text)


class ProjectField(SeenField):
    """A project, by its id or as `team/project`."""

    table = Project

    def lookup(self, text: str) -> Q:
        """By name where there is a slash."""
        team, slash, slug = text.partition("/")
        return Q(team__slug=team, slug=slug) if slash else by_id(text)


class ModelVersionField(SeenField):
    """A model version, by its id or as `team/model@version`."""

    table = ModelVersion

    def lookup(self, text: str) -> Q:
        """By name where it is written as one."""
        parts = split_version(text)
        return Q(team__slug=parts[0], model__slug=parts[1], label=parts[2]) if parts else by_id(text)


class DatasetVersionField(SeenField):
    """A dataset version, by its id or as `team/dataset@version`."""

    table = DatasetVersion

    def lookup(self, text: str) -> Q:
        """By name where it is written as one."""
        parts = split_version(text)
        return Q(dataset__team__slug=parts[0], dataset__slug=parts[1], label=parts[2]) if parts else by_id(text)


@extend_schema_field(OpenApiTypes.STR)
class PersonField(serializers.Field):
    """A person, by their user name. Only an active account is one."""

    def to_internal_value(self, data: Any) -> User:
        """The account."""
        if not isinstance(data, str) or "\x00" in data:
            raise serializers.ValidationError("Must be a user name.")
        found = User.objects.filter(username=data, is_active=True).first()
        if found is None:
            raise serializers.ValidationError("There is no such person.")
        return found

    def to_representation(self, value: User) -> str:
        """The user name."""
        return value.username


class ColleagueField(PersonField):
    """A person of one of the teams that whoever asks is in."""

    def to_internal_value(self, data: Any) -> User:
        """The account, if they share a team."""
        found = super().to_internal_value(data)
        teams = self.context["view"].seen(Team)
        if not teams.filter(memberships__person=found, memberships__ended_at=None).exists():
            raise serializers.ValidationError("There is no such person.")
        return found


@extend_schema_field(OpenApiTypes.INT)
class ProofField(serializers.Field):
    """The id of a proof of presence that whoever signs has just given."""

    def to_internal_value(self, data: Any) -> Reauthentication:
        """The proof, if it is theirs."""
        if not isinstance(data, int) or isinstance(data, bool):
            raise serializers.ValidationError("Must be a whole number.")
        found = Reauthentication.objects.filter(pk=data, person=self.context["request"].user).first()
        if found is None:
            raise serializers.ValidationError("There is no such proof of yours.")
        return found

    def to_representation(self, value: Reauthentication) -> int:
        """Its id."""
        return value.pk
