"""Every verb with what it takes, and who may use it. Nobody else may, and that is recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry.models import Evaluation, Project, User
from registry.services import (
    catalog,
    evaluations,
    lifecycle,
    people,
    policy,
    risks,
    verdicts,
)
from tests import make
from tests.models.scene import Scene

Use = Callable[[Scene, User], Any]


@dataclass(frozen=True)
class Verb:
    """A verb's name in the log, how a person uses it, who may, and the event that then stands in the log."""

    name: str
    use: Use
    may: frozenset[str]
    event: str = ""

    @property
    def recorded(self) -> str:
        return self.event or self.name


def by(*names: str) -> frozenset[str]:
    return frozenset(names)


CONTRIBUTORS = by("ada", "pipeline")
REVIEWERS = by("grace", "alan")


def sign(scene: Scene, person: User) -> Any:
    shown = verdicts.review(scene.version, to_stage="inference")
    return lifecycle.sign_off(
        scene.version,
        to_stage="inference",
        expertise="fairness",
        meaning="approve",
        comment="",
        evidence_rev=shown.version.evidence_rev,
        evidence_digest=shown.evidence_digest,
        proof=make.proof(scene.cast.grace if person.is_service else person),
        by=person,
    )


def a_waiver(scene: Scene, asker: User) -> Any:
    make.measured(scene.version, by=scene.cast.ada, low=0.75, high=0.85)
    unmet = {item.id: item.found for item in verdicts.review(scene.version, to_stage="inference").decision.unmet}
    requirement = next(name for name in unmet if name.startswith("threshold"))
    return lifecycle.request_waiver(
        scene.version,
        to_stage="inference",
        requirement=requirement,
        found=unmet[requirement],
        reason="More rows arrive.",
        expires_at=timezone.now() + timedelta(hours=5),
        by=asker,
    )


def grant(scene: Scene, person: User) -> Any:
    waiver = scene.version.waivers.first() or a_waiver(scene, scene.cast.ada)
    proof = make.proof(scene.cast.grace if person.is_service else person)
    return lifecycle.grant_waiver(waiver, proof=proof, by=person)


def withdraw(scene: Scene, person: User) -> Any:
    signature = scene.version.sign_offs.first() or make.signed(scene.version, by=scene.cast.grace, expertise="fairness")
    return lifecycle.withdraw_sign_off(signature, reason="Looked again.", by=person)


def cancel(scene: Scene, person: User) -> Any:
    run = Evaluation.objects.filter(state="queued").first() or make.requested(scene.version, by=scene.cast.ada)
    return evaluations.cancel_evaluation(run, by=person)


def other_project(scene: Scene) -> Project:
    return Project.objects.filter(slug="other").first() or make.project(scene.cast, slug="other")


def update_risk(scene: Scene, person: User) -> Any:
    risk = scene.version.risks.first() or make.risk(scene.version, by=scene.cast.ada)
    return risks.update_risk(risk, changes={"likelihood": 4}, by=person)


def need(scene: Scene, person: User, *, level: str) -> Any:
    return catalog.set_trust_need(scene.project, aspect="privacy", level=level, reason="It changed.", by=person)


def lower(scene: Scene, person: User) -> Any:
    if not scene.project.trust_needs.filter(aspect="privacy").exists():
        need(scene, scene.cast.pipeline if person == scene.cast.ada else scene.cast.ada, level="high")
    return need(scene, person, level="low")


def agree(scene: Scene, person: User) -> Any:
    return policy.agree(make.policy_revision(scene.cast, slug="draft"), by=person)


def activate(scene: Scene, person: User) -> Any:
    revision = scene.version.model.project.activations.first().revision
    return policy.activate(revision, project=scene.project, by=person)


def report(scene: Scene, person: User) -> Any:
    told = [make.reading()]
    return evaluations.report_readings(
        scene.version, evaluator="fairness.group", readings=told, reads=make.READS, by=person
    )


VERBS = [
    Verb(
        "project.created",
        lambda s, p: catalog.create_project(s.cast.lending, slug="new", name="New", by=p),
        CONTRIBUTORS,
    ),
    Verb("dataset.created", lambda s, p: catalog.create_dataset(s.cast.lending, slug="new", by=p), CONTRIBUTORS),
    Verb(
        "dataset_version.registered",
        lambda s, p: catalog.register_dataset_version(s.data.dataset, label="2", by=p),
        CONTRIBUTORS,
    ),
    Verb("model.created", lambda s, p: catalog.create_model(s.project, slug="new", by=p), CONTRIBUTORS),
    Verb(
        "model_version.registered",
        lambda s, p: catalog.register_model_version(s.version.model, label="2", by=p),
        CONTRIBUTORS,
    ),
    Verb("trust_need.set", lambda s, p: need(s, p, level="high"), CONTRIBUTORS),
    Verb("trust_need.set", lower, REVIEWERS),
    Verb(
        "artifact.stored",
        lambda s, p: make.held(s.cast.lending, files={"a": b"new"}, by=p),
        CONTRIBUTORS | REVIEWERS,
        "artifact.registered",
    ),
    Verb(
        "artifact.declared",
        lambda s, p: make.declared(s.cast.lending, files={"a": "0" * 64}, by=p),
        CONTRIBUTORS | REVIEWERS,
        "artifact.registered",
    ),
    Verb("document.revised", lambda s, p: make.card(s.version, by=p), CONTRIBUTORS),
    Verb("risk.recorded", lambda s, p: make.risk(s.version, by=p), CONTRIBUTORS),
    Verb("risk.updated", update_risk, CONTRIBUTORS),
    Verb(
        "evaluation.requested",
        lambda s, p: evaluations.request_required(
            s.version,
            make.prescription(s.version),
            table=make.held(s.cast.lending, files={"t.csv": make.table()}, by=s.cast.ada),
            by=p,
        ),
        CONTRIBUTORS | REVIEWERS,
    ),
    Verb("evaluation.cancelled", cancel, CONTRIBUTORS | REVIEWERS),
    Verb("evaluation.reported", report, CONTRIBUTORS),
    Verb(
        "policy.revised",
        lambda s, p: policy.write_revision(s.cast.lending, slug="new", body=make.a_policy(), by=p),
        CONTRIBUTORS | by("joan"),
    ),
    Verb("policy.agreed", agree, REVIEWERS | by("joan")),
    Verb("policy.activated", activate, REVIEWERS | by("joan")),
    Verb("model_version.signed_off", sign, by("grace")),
    Verb("sign_off.withdrawn", withdraw, by("grace")),
    Verb("waiver.requested", a_waiver, CONTRIBUTORS),
    Verb("waiver.granted", grant, REVIEWERS),
    Verb(
        "model_version.transitioned",
        lambda s, p: lifecycle.transition(s.version, to_stage="retired", by=p),
        CONTRIBUTORS,
    ),
    Verb(
        "membership.granted",
        lambda s, p: people.add_member(s.cast.lending, person=s.cast.eve, role="auditor", by=p),
        by("joan"),
    ),
    Verb(
        "expertise.granted",
        lambda s, p: people.grant_expertise(s.cast.lending, person=s.cast.mary, expertise="legal", by=p),
        by("joan"),
    ),
    Verb(
        "membership.ended",
        lambda s, p: people.end_membership(s.cast.lending.memberships.get(person=s.cast.mary), by=p),
        by("joan", "mary"),
    ),
    Verb(
        "expertise.ended",
        lambda s, p: people.end_expertise(s.cast.lending.expertise.get(person=s.cast.grace), by=p),
        by("joan", "grace"),
    ),
    Verb(
        "token.created",
        lambda s, p: people.create_token(
            s.cast.lending, name="t", acts_as=s.cast.pipeline, scopes=["verdict:read"], by=p
        ),
        by("joan"),
    ),
    Verb("token.revoked", lambda s, p: people.revoke_token(s.cast.token, team=s.cast.lending, by=p), by("joan")),
]
