"""The cast: who appears in the tests, and what each may do.

ada contributes, grace reviews (fairness), alan reviews (security, domain), mary audits, eve belongs to another team,
joan administers, and the pipeline is a service account that contributes with a token.
"""

from dataclasses import dataclass

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, make_password

from registry.models import Team, Token, User
from registry.models.choices import Role
from registry.services import people

PASSWORD = "seven quiet herons"
QUICK_HASH = "django.contrib.auth.hashers.MD5PasswordHasher"
NAMES = {
    "ada": "Ada Lovelace",
    "grace": "Grace Hopper",
    "alan": "Alan Turing",
    "mary": "Mary Shelley",
    "eve": "Eve Market",
    "joan": "Joan Clarke",
    "olga": "Olga Market",
}


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Everybody, the two teams, and the text of the pipeline's token."""

    ada: User
    grace: User
    alan: User
    mary: User
    eve: User
    joan: User
    olga: User
    pipeline: User
    lending: Team
    marketing: Team
    token: Token
    secret: str

    def everybody(self) -> dict[str, User]:
        """By name, the pipeline included."""
        return {name: getattr(self, name) for name in (*NAMES, "pipeline")}


def person(username: str, *, full_name: str = "", is_service: bool = False) -> User:
    """An account. Everybody's password is PASSWORD; a service account has none."""
    first, _, last = (full_name or username.title()).partition(" ")
    password = make_password(None) if is_service else MD5PasswordHasher().encode(PASSWORD, "salt")
    return User.objects.create(
        username=username,
        first_name=first,
        last_name=last,
        email=f"{username}@example.org",
        password=password,
        is_service=is_service,
    )


def gather() -> Cast:
    """Make the cast, by the verbs an administrator uses."""
    everybody = {username: person(username, full_name=name) for username, name in NAMES.items()}
    pipeline = person("pipeline", full_name="Lending pipeline", is_service=True)
    joan, olga = everybody["joan"], everybody["olga"]
    lending = people.create_team(slug="lending", name="Lending", administrator=joan)
    marketing = people.create_team(slug="marketing", name="Marketing", administrator=olga)
    for member, role in (
        (everybody["ada"], Role.CONTRIBUTOR),
        (everybody["grace"], Role.REVIEWER),
        (everybody["alan"], Role.REVIEWER),
        (everybody["mary"], Role.AUDITOR),
        (pipeline, Role.CONTRIBUTOR),
    ):
        people.add_member(lending, person=member, role=role, by=joan)
    for reviewer, expertise in (("grace", "fairness"), ("alan", "security"), ("alan", "domain")):
        people.grant_expertise(lending, person=everybody[reviewer], expertise=expertise, by=joan)
    people.add_member(marketing, person=everybody["eve"], role=Role.CONTRIBUTOR, by=olga)
    scopes = ["verdict:read", "catalog:read", "catalog:write", "evaluations:write", "lifecycle:write"]
    token, secret = people.create_token(lending, name="nightly", acts_as=pipeline, scopes=scopes, by=joan)
    return Cast(**everybody, pipeline=pipeline, lending=lending, marketing=marketing, token=token, secret=secret)


@pytest.fixture(autouse=True)
def quick_passwords(settings: pytest.FixtureRequest) -> None:
    """A password hash that costs nothing: these passwords guard nothing."""
    settings.PASSWORD_HASHERS = [QUICK_HASH]


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast in the transaction that is rolled back."""
    return gather()


@pytest.fixture
def committed_cast(committed_db: object) -> Cast:
    """The cast in a database of this test alone, seen by every process."""
    return gather()
