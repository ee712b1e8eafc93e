"""Who is in a team, what they may sign for, and the tokens of its pipelines. People do this; a token never does."""

from datetime import timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.doors import Door
from registry.api.idempotency import once
from registry.api.names import PersonField
from registry.api.strict import Line, StrictSerializer
from registry.models import Membership, ReviewerExpertise, Team, Token
from registry.models.choices import Expertise, Role
from registry.services import people


class MembershipShown(serializers.ModelSerializer):
    """A person's role in a team."""

    person = serializers.CharField(source="person.username")
    name = serializers.CharField(source="person")
    is_service = serializers.BooleanField(source="person.is_service")
    granted_by = serializers.CharField(source="granted_by.username", default=None, allow_null=True)

    class Meta:
        model = Membership
        fields = ("id", "person", "name", "is_service", "role", "granted_by", "granted_at")


class NewMembership(StrictSerializer):
    """Who is given which role."""

    person = PersonField()
    role = serializers.ChoiceField(choices=Role.choices)


class ExpertiseShown(serializers.ModelSerializer):
    """What a person may sign for."""

    person = serializers.CharField(source="person.username")
    granted_by = serializers.CharField(source="granted_by.username")

    class Meta:
        model = ReviewerExpertise
        fields = ("id", "person", "expertise", "granted_by", "granted_at")


class NewExpertise(StrictSerializer):
    """Who may sign for what."""

    person = PersonField()
    expertise = serializers.ChoiceField(choices=Expertise.choices)


class TokenShown(serializers.ModelSerializer):
    """A pipeline's token, without its text."""

    acts_as = serializers.CharField(source="acts_as.username")
    created_by = serializers.CharField(source="created_by.username")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Token.SCOPES))

    class Meta:
        model = Token
        fields = (
            "id", "name", "prefix", "acts_as", "scopes", "created_by", "created_at", "expires_at", "last_used_at",
            "revoked_at",
        )  # fmt: skip


class IssuedToken(TokenShown):
    """A new token, with its text: shown once and stored nowhere."""

    token = serializers.CharField()

    class Meta:
        model = Token
        fields = (*TokenShown.Meta.fields, "token")


class NewToken(StrictSerializer):
    """Which service account a token acts as, how far it reaches and how long."""

    name = Line(max_length=100)
    acts_as = PersonField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Token.SCOPES), min_length=1, max_length=10)
    days = serializers.IntegerField(min_value=1, max_value=365, required=False, default=90)


class TeamDoor(Door):
    """What belongs to one team."""

    def administered(self, slug: str, *, verb: str) -> Team:
        """The team, for its administrators alone. Others are refused before a name in the body is looked up."""
        team = self.find(self.seen(Team), slug=slug)
        people.ask_for_administrator(team, verb=verb, by=self.request.user)
        return team


class MembersOfTeam(TeamDoor):
    """Who does what in a team."""

    ordering = ("-granted_at", "-id")

    @extend_schema(responses=MembershipShown(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the running memberships."""
        rows = Membership.objects.filter(team=self.find(self.seen(Team), slug=slug), ended_at=None)
        return self.listed(rows.select_related("person", "granted_by"), MembershipShown)

    @extend_schema(request=NewMembership, responses={201: MembershipShown})
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Give somebody else a role."""
        team = self.administered(slug, verb="membership.granted")
        row = people.add_member(team, **self.sent(NewMembership), by=request.user)
        return self.shown(row, MembershipShown, status=201)


class OneMembership(TeamDoor):
    """A person's role in a team."""

    scopes: ClassVar = {}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """End it: your own, or as an administrator anybody's. What was signed in it stays, and no longer counts."""
        rows = Membership.objects.filter(team=self.find(self.seen(Team), slug=slug), ended_at=None)
        people.end_membership(self.find(rows.select_related("person", "team"), pk=pk), by=request.user)
        return Response(status=204)


class ExpertiseOfTeam(TeamDoor):
    """Who may sign for what in a team."""

    ordering = ("-granted_at", "-id")

    @extend_schema(responses=ExpertiseShown(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List it."""
        rows = ReviewerExpertise.objects.filter(team=self.find(self.seen(Team), slug=slug), ended_at=None)
        return self.listed(rows.select_related("person", "granted_by"), ExpertiseShown)

    @extend_schema(request=NewExpertise, responses={201: ExpertiseShown})
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Say what somebody else may sign for."""
        team = self.administered(slug, verb="expertise.granted")
        row = people.grant_expertise(team, **self.sent(NewExpertise), by=request.user)
        return self.shown(row, ExpertiseShown, status=201)


class OneExpertise(TeamDoor):
    """What a person may sign for in a team."""

    scopes: ClassVar = {}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """End it: your own, or as an administrator anybody's. Signatures given for it no longer count."""
        rows = ReviewerExpertise.objects.filter(team=self.find(self.seen(Team), slug=slug), ended_at=None)
        people.end_expertise(self.find(rows.select_related("person", "team"), pk=pk), by=request.user)
        return Response(status=204)


class TokensOfTeam(TeamDoor):
    """The tokens of a team's pipelines."""

    scopes: ClassVar = {}
    ordering = ("-created_at", "-id")

    @extend_schema(responses=TokenShown(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the tokens of a team, without their texts."""
        team = self.find(self.seen(Team), slug=slug)
        return self.listed(shown_tokens(team), TokenShown)

    @extend_schema(request=NewToken, responses={201: IssuedToken})
    def post(self, request: Request, slug: str) -> Response:
        """Make a token. Its text is in this answer alone, which is therefore not kept for an Idempotency-Key."""
        team = self.administered(slug, verb="token.created")
        wanted = self.sent(NewToken)
        token, secret = people.create_token(
            team, lasts=timedelta(days=wanted.pop("days")), **wanted, by=request.user
        )  # fmt: skip
        token.refresh_from_db()
        token.token = secret  # type: ignore[attr-defined]  # shown once, and not a column
        return self.shown(token, IssuedToken, status=201)


class OneToken(Door):
    """A pipeline's token."""

    scopes: ClassVar = {}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, pk: str) -> Response:
        """Revoke it: the next request with it is refused."""
        team = self.find(self.seen(Team), slug=slug)
        people.revoke_token(self.find(shown_tokens(team), pk=pk), team=team, by=request.user)
        return Response(status=204)


def shown_tokens(team: Team) -> Any:
    """The tokens that reach a team."""
    return Token.objects.filter(team_ids__contains=[team.pk]).select_related("acts_as", "created_by")
