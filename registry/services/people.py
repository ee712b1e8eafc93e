"""Teams, memberships, expertise, tokens and proofs of presence."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from registry import policies
from registry.exceptions import InvalidInput, NotNow, NotPermitted
from registry.models import Membership, Reauthentication, ReviewerExpertise, Team, Token, User
from registry.models.choices import Expertise, Role
from registry.services import audit

TOKEN_PREFIX = "assay_"  # noqa: S105 - the public beginning of every token, so that scanners know it
LONGEST_TOKEN = timedelta(days=365)
NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_team(*, slug: str, name: str, administrator: User) -> Team:
    """Make a team with its first administrator, who by that alone can register nothing and sign nothing."""
    if Team.objects.filter(slug=slug).exists():
        raise InvalidInput(f"There is a team {slug} already.", errors={"slug": ["it is taken"]})
    team = Team.objects.create(slug=slug, name=name)
    Membership.objects.create(team=team, person=administrator, role=Role.ADMINISTRATOR)
    audit.record("team.created", subject=team, actor=administrator, team=team)
    return team


def ask_for_administrator(team: Team, *, verb: str, by: User) -> None:
    """Refuse whoever doesn't administer the team, before anything they sent is looked up: it tells them of nobody."""
    with audit.acting(verb, by=by, on=team):
        if not policies.may_administer(by, team):
            raise NotPermitted(f"This takes an administrator of {team}.")


def add_member(team: Team, *, person: User, role: str, by: User) -> Membership:
    """Give a person a role. Nobody gives themselves one."""
    with audit.acting("membership.granted", by=by, on=team):
        if not policies.may_administer(by, team) or person == by:
            raise NotPermitted(f"{by} may not give {person} a role in {team}.")
        wanted = {"team": team, "person": person, "role": Role(role)}
        if running := Membership.objects.filter(**wanted, ended_at=None).first():
            return running
        membership = Membership.objects.create(**wanted, granted_by=by)
        audit.record("membership.granted", subject=membership, actor=by, team=team)
    return membership


def grant_expertise(team: Team, *, person: User, expertise: str, by: User) -> ReviewerExpertise:
    """Say what a reviewer may sign for. Nobody says it of themselves."""
    with audit.acting("expertise.granted", by=by, on=team):
        if not policies.may_administer(by, team) or person == by or person.is_service:
            raise NotPermitted(f"{by} may not give {person} an expertise in {team}.")
        wanted = {"team": team, "person": person, "expertise": Expertise(expertise)}
        if running := ReviewerExpertise.objects.filter(**wanted, ended_at=None).first():
            return running
        row = ReviewerExpertise.objects.create(**wanted, granted_by=by)
        audit.record("expertise.granted", subject=row, actor=by, team=team)
    return row


def end_membership(membership: Membership, *, by: User) -> Membership:
    """End a role: what was signed in it stays on record and no longer counts. A team keeps one administrator."""
    team = membership.team
    with audit.acting("membership.ended", by=by, on=team):
        if not policies.may_administer(by, team) and by != membership.person:
            raise NotPermitted(f"{by} may not end {membership.person}'s role in {team}.")
        running = Membership.objects.select_for_update().filter(team=team, role=Role.ADMINISTRATOR, ended_at=None)
        if membership.role == Role.ADMINISTRATOR and not running.exclude(pk=membership.pk):
            raise NotNow(f"{team} would be left without an administrator. Give somebody else that role first.")
        _end(membership)
        audit.record("membership.ended", subject=membership, actor=by, team=team)
    return membership


def end_expertise(row: ReviewerExpertise, *, by: User) -> ReviewerExpertise:
    """End what a reviewer may sign for; signatures given for it no longer count where the gate has yet to open."""
    with audit.acting("expertise.ended", by=by, on=row.team):
        if not policies.may_administer(by, row.team) and by != row.person:
            raise NotPermitted(f"{by} may not end {row.person}'s expertise in {row.team}.")
        _end(row)
        audit.record("expertise.ended", subject=row, actor=by, team=row.team)
    return row


def _end(row: Membership | ReviewerExpertise) -> None:
    won = type(row)._base_manager.filter(pk=row.pk, ended_at=None).update(ended_at=timezone.now())
    if not won:
        raise NotNow("It has ended already.")
    row.refresh_from_db()


def create_token(
    team: Team, *, name: str, acts_as: User, scopes: Sequence[str], by: User, lasts: timedelta = timedelta(days=90)
) -> tuple[Token, str]:
    """Make a pipeline's token; its text is returned once and never stored. `acts_as` is the team's service account."""
    with audit.acting("token.created", by=by, on=team):
        if not policies.may_administer(by, team):
            raise NotPermitted(f"{by} may not make tokens for {team}.")
        if unknown := set(scopes) - set(Token.SCOPES):
            raise InvalidInput(f"No such scope: {', '.join(sorted(unknown))}.", errors={"scopes": ["unknown scope"]})
        if not acts_as.is_service:
            raise InvalidInput("A token acts as a service account.", errors={"acts_as": ["it is a person"]})
        if not policies.may_see(acts_as, team):
            raise InvalidInput(f"{acts_as} is not in {team}.", errors={"acts_as": ["it has no role in this team"]})
        if not timedelta(0) < lasts <= LONGEST_TOKEN:
            raise InvalidInput("A token lasts a year at most.", errors={"lasts": ["too long"]})
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        token = Token.objects.create(
            name=name,
            prefix=secret[: len(TOKEN_PREFIX) + 4],
            digest=token_digest(secret),
            acts_as=acts_as,
            team_ids=[team.pk],
            scopes=sorted(scopes),
            created_by=by,
            expires_at=timezone.now() + lasts,
        )
        audit.record("token.created", subject=token, actor=by, team=team, detail={"scopes": sorted(scopes)})
    return token, secret


def revoke_token(token: Token, *, team: Team, by: User) -> None:
    """End a token; the next request with it is refused."""
    with audit.acting("token.revoked", by=by, on=team):
        if not policies.may_administer(by, team) or team.pk not in token.team_ids:
            raise NotPermitted(f"{by} may not end this token.")
        if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            raise NotNow("It was revoked already.")
        audit.record("token.revoked", subject=token, actor=by, team=team)


def find_token(secret: str) -> Token | None:
    """The running token with this text, as of now; its use is noted."""
    running = Token.objects.filter(revoked_at=None, expires_at__gt=Now(), acts_as__is_active=True)
    token = running.select_related("acts_as").filter(digest=token_digest(secret)).first()
    if token is not None and (token.last_used_at is None or timezone.now() - token.last_used_at > NOTED_EVERY):
        note_token_use(token.pk)
    return token


def note_token_use(pk: UUID) -> None:
    """Remember that a token was used now: once a minute at most, so that reading costs no write."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - NOTED_EVERY)
    Token.objects.filter(stale, pk=pk).update(last_used_at=Now())


def token_digest(secret: str) -> bytes:
    """What is stored of a token. It has 256 random bits, so a slow hash would only slow the service."""
    return hashlib.sha256(secret.encode()).digest()


def prove_presence(person: User, *, method: str) -> Reauthentication:
    """Record that `person` has just proved who they are; it serves one signature within five minutes."""
    if person.is_service or not person.is_active:
        raise NotPermitted("Only a person signs.")
    with transaction.atomic():
        proof = Reauthentication.objects.create(person=person, method=method, nonce=secrets.token_urlsafe(32))
        audit.record("person.reauthenticated", subject=person, actor=person, detail={"method": method})
    return proof
