"""Who takes part in the demo: two teams, their people with one printed password, and a pipeline with a token."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from registry.models import Team, Token, User
from registry.models.choices import Expertise, Role
from registry.services import people

TOKEN_NAME = "demo pipeline"  # noqa: S105 - a name, not a secret
SCOPES = ("verdict:read", "catalog:read", "catalog:write", "evaluations:write", "lifecycle:write")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A person of the demo and what they do in their team."""

    username: str
    name: str
    who: str
    team: str = "lending"
    role: str | None = None
    expertise: tuple[str, ...] = field(default=())


PARTS = (
    Part(
        username="ada",
        name="Ada Lovelace",
        role=Role.CONTRIBUTOR,
        who="contributor of lending: registers, documents, moves",
    ),
    Part(
        username="grace",
        name="Grace Hopper",
        role=Role.REVIEWER,
        expertise=(Expertise.FAIRNESS,),
        who="reviewer of lending: signs for fairness",
    ),
    Part(
        username="alan",
        name="Alan Turing",
        role=Role.REVIEWER,
        expertise=(Expertise.SECURITY, Expertise.DOMAIN),
        who="reviewer of lending: signs for security or domain",
    ),
    Part(username="mary", name="Mary Shelley", role=Role.AUDITOR, who="auditor of lending: reads all, changes nothing"),
    Part(username="joan", name="Joan Clarke", who="administrator of both teams: people, tokens, policies"),
    Part(
        username="eve",
        name="Eve Market",
        team="marketing",
        role=Role.CONTRIBUTOR,
        who="contributor of marketing: sees nothing of lending",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Everybody by user name, the teams, and the pipeline's account."""

    everybody: Mapping[str, User]
    pipeline: User
    lending: Team
    marketing: Team

    def __getitem__(self, username: str) -> User:
        return self.everybody[username]


def password() -> str:
    """The demo's password, which follows from the installation's own secret key: 60 bits, the same at every start."""
    mac = hmac.new(settings.SECRET_KEY.encode(), b"the demo's accounts", hashlib.sha256).digest()
    text = base64.b32encode(mac).decode().lower()[:12]
    return "-".join((text[:4], text[4:8], text[8:]))


def gather() -> Cast:
    """Make whoever is missing. Roles and expertise are given by joan, as an administrator gives them."""
    everybody = {part.username: account(part.username, part.name) for part in PARTS}
    pipeline = account("pipeline", "Lending pipeline", is_service=True)
    joan = everybody["joan"]
    teams = {slug: team(slug, administrator=joan) for slug in ("lending", "marketing")}
    for part in PARTS:
        if part.role:
            people.add_member(teams[part.team], person=everybody[part.username], role=part.role, by=joan)
        for expertise in part.expertise:
            people.grant_expertise(teams[part.team], person=everybody[part.username], expertise=expertise, by=joan)
    people.add_member(teams["lending"], person=pipeline, role=Role.CONTRIBUTOR, by=joan)
    return Cast(everybody=everybody, pipeline=pipeline, **teams)


def account(username: str, name: str, *, is_service: bool = False) -> User:
    """The account of that name. A service account has no password, so nobody logs in as it."""
    first, _, last = name.partition(" ")
    known = User.objects.filter(username=username).first()
    return known or User.objects.create_user(
        username,
        f"{username}@assay.example",
        None if is_service else password(),
        first_name=first,
        last_name=last,
        is_service=is_service,
    )


def team(slug: str, *, administrator: User) -> Team:
    known = Team.objects.filter(slug=slug).first()
    return known or people.create_team(slug=slug, name=slug.title(), administrator=administrator)


def fresh_token(cast: Cast) -> str:
    """A new token for the pipeline. One whose text was lost with an interrupted seeding is ended."""
    for old in Token.objects.filter(name=TOKEN_NAME, revoked_at=None):
        people.revoke_token(old, team=cast.lending, by=cast["joan"])
    _, text = people.create_token(cast.lending, name=TOKEN_NAME, acts_as=cast.pipeline, scopes=SCOPES, by=cast["joan"])
    return text
