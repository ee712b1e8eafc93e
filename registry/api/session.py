"""A person's session: logging in and out, and proving again who they are before they sign."""

from datetime import timedelta
from typing import Any, ClassVar

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from registry.api.authentication import TokenAuthentication, token_of
from registry.api.doors import Door
from registry.api.limits import address_of, count, is_over, seconds_left
from registry.api.strict import StrictSerializer
from registry.models import Membership, ReviewerExpertise, Team, Token, User
from registry.services import people

PROOF_LASTS = timedelta(minutes=5)


class Credentials(StrictSerializer):
    """Who somebody says they are."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=500, trim_whitespace=False)


class Password(StrictSerializer):
    """The password of whoever is logged in."""

    password = serializers.CharField(max_length=500, trim_whitespace=False)


class TeamRoles(serializers.Serializer):
    """What somebody does in a team."""

    team = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    expertise = serializers.ListField(child=serializers.CharField())


class SessionShown(serializers.Serializer):
    """Who is asking. The CSRF token goes into the header X-CSRFToken of whatever changes anything."""

    username = serializers.CharField()
    name = serializers.CharField()
    csrf_token = serializers.CharField(allow_null=True)
    token = serializers.UUIDField(allow_null=True, help_text="The id of the token that came with the request.")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="The token's; empty for a session.")
    teams = TeamRoles(many=True)


class ProofShown(serializers.Serializer):
    """A proof of presence, good for one signature."""

    proof = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class Session(Door):
    """Your session."""

    scopes: ClassVar = {"GET": Token.SCOPES, "DELETE": ()}

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Logging in starts from nothing: an older session is neither needed nor in the way."""
        starting = self.request is not None and self.request.method == "POST"
        return [TokenAuthentication()] if starting else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        """Anybody may try to log in."""
        return [AllowAny()] if self.request.method == "POST" else [*super().get_permissions()]

    @extend_schema(responses=SessionShown)
    def get(self, request: Request) -> Response:
        """Who am I?"""
        return Response(describe(self, request))

    @extend_schema(request=Credentials, responses=SessionShown)
    def post(self, request: Request) -> Response:
        """Log in. An account with a second factor logs in through the pages, whose session serves here too."""
        person = person_proving(request, **self.sent(Credentials))
        if is_mfa_enabled(person):
            raise PermissionDenied("This account has a second factor: log in through the pages.")
        login(request._request, person)
        request.user, request.auth = person, None
        return Response(describe(self, request))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Log out."""
        logout(request._request)
        return Response(status=204)


class Proof(Door):
    """A proof that you are there."""

    scopes: ClassVar = {}

    @extend_schema(request=Password, responses={201: ProofShown})
    def post(self, request: Request) -> Response:
        """Prove it by your password. The proof serves one signature within five minutes."""
        who = str(request.user.pk)
        if is_over("presence", who):
            raise Throttled(wait=seconds_left(), detail="Too many wrong passwords.")
        if not request.user.check_password(self.sent(Password)["password"]):
            count("presence", who)
            raise PermissionDenied("The password is wrong. Nothing was proved.")
        # Checking a password may renew its hash, which would end the session that depends on it.
        update_session_auth_hash(request._request, request.user)
        proof = people.prove_presence(request.user, method="password")
        shown = {"proof": proof.pk, "expires_at": proof.at + PROOF_LASTS}
        return Response(ProofShown(shown).data, status=201)


def person_proving(request: Request, *, username: str, password: str) -> User:
    """The person behind a name and a password. Failures are counted for the address and the name together."""
    who = f"{address_of(request)} {username.lower()}"
    if is_over("login", who):
        raise Throttled(wait=seconds_left(), detail="Too many wrong passwords.")
    person = authenticate(request._request, username=username, password=password)
    if not isinstance(person, User) or person.is_service:
        count("login", who)
        raise AuthenticationFailed("The name or the password is wrong.")
    return person


def describe(door: Door, request: Any) -> dict[str, Any]:
    """Who is asking, and what they do where."""
    person, token = request.user, token_of(request)
    rows = {team.pk: {"team": team.slug, "roles": [], "expertise": []} for team in door.seen(Team)}
    for member in Membership.objects.filter(person=person, ended_at=None, team__in=rows).order_by("id"):
        rows[member.team_id]["roles"].append(member.role)
    for skill in ReviewerExpertise.objects.filter(person=person, ended_at=None, team__in=rows).order_by("id"):
        rows[skill.team_id]["expertise"].append(skill.expertise)
    shown = {
        "username": person.username,
        "name": str(person),
        "csrf_token": None if token else get_token(request._request),
        "token": token.pk if token else None,
        "scopes": token.scopes if token else [],
        "teams": list(rows.values()),
    }
    return dict(SessionShown(shown).data)
