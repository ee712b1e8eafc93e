"""Writing, publishing and activating policies."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from registry import policies
from registry.cards.canonical import digest
from registry.exceptions import InvalidInput, NotNow, NotPermitted
from registry.models import (
    Policy,
    PolicyActivation,
    PolicyPublication,
    PolicyRevision,
    Project,
    RequiredDocument,
    RequiredEvaluation,
    SignOffRule,
    StageRule,
    Team,
    Threshold,
    User,
)
from registry.services import audit, verdicts
from registry.services.policy_text import read_policy


def write_revision(team: Team, *, slug: str, body: Mapping[str, Any], by: User) -> PolicyRevision:
    """Store a policy's next revision from its JSON. Nothing applies until two others agree and one activates it."""
    with audit.acting("policy.revised", by=by, on=team):
        if not policies.may_write_policy(by, team):
            raise NotPermitted(f"{by} may not write a policy of {team}.")
        text = read_policy(body)
        policy, _ = Policy.objects.get_or_create(
            team=team, slug=slug, defaults={"title": text["title"], "created_by": by}
        )
        number = policy.revisions.count() + 1
        revision = PolicyRevision.objects.create(
            policy=policy,
            number=number,
            body=text,
            digest=digest(text),
            rationale=text["rationale"],
            max_waiver_hours=text["max_waiver_hours"],
            written_by=by,
        )
        for stage, rules in text["stages"].items():
            _write_rules(revision, stage, rules)
        audit.record("policy.revised", subject=revision, actor=by, team=team, detail={"digest": revision.digest})
    return revision


def _write_rules(revision: PolicyRevision, stage: str, rules: Mapping[str, Any]) -> None:
    StageRule.objects.create(
        revision=revision,
        to_stage=stage,
        validity=timedelta(days=rules["validity_days"]),
        block_from=rules["block_risks_from"],
    )
    for wanted in rules["evaluations"]:
        evaluation = RequiredEvaluation.objects.create(
            revision=revision,
            to_stage=stage,
            evaluator=wanted["evaluator"],
            evaluator_version=wanted["version"],
            parameters=wanted["parameters"],
            reads=wanted["reads"],
            level=wanted["level"],
            spec_digest=wanted["spec_digest"],
            assurance=wanted["assurance"],
            max_age=timedelta(days=wanted["max_age_days"]),
        )
        Threshold.objects.bulk_create(Threshold(evaluation=evaluation, **limit) for limit in wanted["thresholds"])
    RequiredDocument.objects.bulk_create(
        RequiredDocument(revision=revision, to_stage=stage, **d) for d in rules["documents"]
    )
    SignOffRule.objects.bulk_create(SignOffRule(revision=revision, to_stage=stage, **s) for s in rules["sign_offs"])


def agree(revision: PolicyRevision, *, by: User) -> PolicyPublication:
    """Agree to somebody else's revision. With the second agreement it is published."""
    team = revision.policy.team
    with audit.acting("policy.agreed", by=by, on=revision):
        if by.pk == revision.written_by_id or not policies.may_publish_policy(by, team):
            raise NotPermitted(
                f"{by} may not publish {revision}: it takes a reviewer or administrator who did not write it."
            )
        if PolicyPublication.objects.filter(revision=revision, agreed_by=by).exists():
            raise NotNow("You agreed already; it takes two different people.")
        row = PolicyPublication.objects.create(revision=revision, agreed_by=by)
        audit.record("policy.agreed", subject=revision, actor=by, team=team)
    return row


def is_published(revision: PolicyRevision) -> bool:
    """Whether two people agreed to it."""
    return revision.publications.count() >= 2


def activate(revision: PolicyRevision, *, project: Project, by: User) -> PolicyActivation:
    """Let a published revision apply to a project from now on. Signatures given under another one lapse."""
    team = revision.policy.team
    with audit.acting("policy.activated", by=by, on=revision):
        if by.pk == revision.written_by_id or not policies.may_publish_policy(by, team):
            raise NotPermitted(f"{by} may not activate {revision}.")
        if project.team_id != team.pk:
            raise InvalidInput("A policy applies to projects of its own team.", errors={"project": ["of another team"]})
        if not is_published(revision):
            raise NotNow("Two people must agree to it first.")
        row = PolicyActivation.objects.create(project=project, revision=revision, activated_by=by)
        audit.record("policy.activated", subject=revision, actor=by, team=team, detail={"project": str(project)})
        verdicts.refresh_project(project)
    return row
