"""Who may do what: "may I" for a verb, "which ones" through `visible`.

A right comes from a running membership in the team that owns the thing. Being a superuser gives none.
"""

from collections.abc import Collection
from typing import Any

from django.db.models import Model, Q, QuerySet

from registry.models import (
    Authorship,
    DatasetVersion,
    Document,
    Evaluation,
    Membership,
    ModelVersion,
    Policy,
    PolicyRevision,
    ReviewerExpertise,
    Risk,
    SignOff,
    Team,
    User,
    Verdict,
    Waiver,
)
from registry.models.choices import Role

# Rows without a team of their own, by the links that lead to one.
OWNERS: dict[type[Model], dict[str, Any]] = {
    Document: {"model_version": ModelVersion, "dataset_version": DatasetVersion},
    Evaluation: {"version": ModelVersion},
    PolicyRevision: {"policy": Policy},
    Risk: {"version": ModelVersion},
    SignOff: {"version": ModelVersion},
    Verdict: {"version": ModelVersion},
    Waiver: {"version": ModelVersion},
}


def visible(model: type[Model], person: Any, *, within: Collection[int] | None = None) -> QuerySet[Any]:
    """The rows of a table that `person` may see: those of their teams, and of these only the teams in `within`."""
    if model in OWNERS:
        allowed = Q()
        for link, owner in OWNERS[model].items():
            allowed |= Q(**{f"{link}__in": visible(owner, person, within=within).values("pk")})
        return model._default_manager.filter(allowed)
    rows: Any = model._default_manager
    mine = rows.visible_to(person)
    found: QuerySet[Any] = mine if within is None else mine.of_teams(within)
    return found


def roles_in(person: User, team: Team) -> frozenset[str]:
    """The roles a person has in a team now; none for an inactive or anonymous one."""
    if not person.is_authenticated or not person.is_active:
        return frozenset()
    return frozenset(Membership.objects.filter(team=team, person=person, ended_at=None).values_list("role", flat=True))


def may_see(person: User, team: Team) -> bool:
    """Every member sees what the team has."""
    return bool(roles_in(person, team))


def may_contribute(person: User, team: Team) -> bool:
    """Register, write documents, ask for evaluations, rate risks, ask for transitions and waivers."""
    return Role.CONTRIBUTOR in roles_in(person, team)


def may_administer(person: User, team: Team) -> bool:
    """Invite people, give roles and expertise, make tokens. It opens no gate."""
    return Role.ADMINISTRATOR in roles_in(person, team)


def may_write_policy(person: User, team: Team) -> bool:
    """Draft a policy revision: administrators and contributors."""
    return bool(roles_in(person, team) & {Role.ADMINISTRATOR, Role.CONTRIBUTOR})


def may_publish_policy(person: User, team: Team) -> bool:
    """Agree to somebody else's policy revision, and activate it: reviewers and administrators, never a service."""
    return not person.is_service and bool(roles_in(person, team) & {Role.ADMINISTRATOR, Role.REVIEWER})


def may_evaluate(person: User, team: Team) -> bool:
    """Ask for an evaluation: contributors and reviewers."""
    return bool(roles_in(person, team) & {Role.CONTRIBUTOR, Role.REVIEWER})


def expertise_of(person: User, team: Team) -> frozenset[str]:
    """What a person may sign for in a team now."""
    rows = ReviewerExpertise.objects.filter(team=team, person=person, ended_at=None)
    return frozenset(rows.values_list("expertise", flat=True))


def is_author(person: User, version: ModelVersion) -> bool:
    """Whether a person had a hand in what this version is or rests on."""
    return Authorship.objects.filter(version=version, person=person).exists()


def may_review(person: User, version: ModelVersion) -> bool:
    """Review and grant waivers: a reviewer of the team, a person, and not an author of this version."""
    return not person.is_service and Role.REVIEWER in roles_in(person, version.team) and not is_author(person, version)


def may_sign_off(person: User, version: ModelVersion, *, expertise: str) -> bool:
    """Sign in a capacity: may review, and has that expertise."""
    return may_review(person, version) and expertise in expertise_of(person, version.team)
