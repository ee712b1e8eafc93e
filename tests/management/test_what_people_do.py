"""Whatever people do by the verbs there are, nothing that must always hold is broken."""

from collections.abc import Callable

import pytest

from registry.management.commands.check_invariants import CHECKS
from registry.models import AuditEvent, Membership, ReviewerExpertise, Transition
from registry.services import attestations, catalog, evaluations, lifecycle, people, policy, risks, runs
from tests import make
from tests.databases import speaking_as
from tests.management.checking import violations
from tests.models.scene import Scene, by_python, scene, staged

__all__ = ["scene", "staged"]
Act = Callable[[Scene], object]


def claim(scene: Scene) -> None:
    run = make.requested(scene.version, by=scene.cast.ada)
    with speaking_as("assay_worker"):
        assert runs.claim(run.pk, worker="test")


def finish(scene: Scene) -> None:
    make.measured(scene.version, by=scene.cast.ada)


def fail(scene: Scene) -> None:
    run = make.requested(scene.version, by=scene.cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed is not None
        assert runs.fail(claimed, failure="x")


def cancel(scene: Scene) -> None:
    evaluations.cancel_evaluation(make.requested(scene.version, by=scene.cast.ada), by=scene.cast.ada)


def retry(scene: Scene) -> None:
    run = make.requested(scene.version, by=scene.cast.ada)
    evaluations.cancel_evaluation(run, by=scene.cast.ada)
    evaluations.retry_evaluation(run, by=scene.cast.ada)


def report(scene: Scene) -> None:
    evaluations.report_readings(
        scene.version, evaluator="fairness.group", readings=[make.reading()], reads=make.READS, by=scene.cast.ada
    )


def approve(scene: Scene) -> None:
    scene.sign()
    make.moved(scene.version, to_stage="inference", by=scene.cast.ada)


def renew(scene: Scene) -> None:
    approve(scene)
    approve(scene)


def retire(scene: Scene) -> None:
    approve(scene)
    make.moved(scene.version, to_stage="retired", by=scene.cast.ada)


def withdraw(scene: Scene) -> None:
    scene.sign()
    lifecycle.withdraw_sign_off(scene.version.sign_offs.get(expertise="fairness"), reason="x", by=scene.cast.grace)


def waive(scene: Scene, *, grants: int) -> None:
    make.measured(scene.version, by=scene.cast.ada, low=0.75, high=0.85)
    (requirement,) = {name for name in by_python(scene.version) if name.startswith("threshold")}
    make.waived(scene.version, requirement, cast=scene.cast, grants=grants)


def move_under_a_waiver(scene: Scene) -> None:
    waive(scene, grants=2)
    approve(scene)
    assert Transition.objects.get(to_stage="inference").kind == "waived"


def give_and_end_a_role(scene: Scene) -> None:
    joan, eve = scene.cast.joan, scene.cast.eve
    given = people.add_member(scene.cast.lending, person=eve, role="reviewer", by=joan)
    assert people.add_member(scene.cast.lending, person=eve, role="reviewer", by=joan) == given
    people.end_membership(given, by=joan)
    people.add_member(scene.cast.lending, person=eve, role="reviewer", by=joan)


def hand_over(scene: Scene) -> None:
    """The first administrator was given the role by nobody, and ends it."""
    people.add_member(scene.cast.lending, person=scene.cast.olga, role="administrator", by=scene.cast.joan)
    first = Membership.objects.get(team=scene.cast.lending, person=scene.cast.joan)
    people.end_membership(first, by=scene.cast.joan)


def end_an_expertise(scene: Scene) -> None:
    row = ReviewerExpertise.objects.get(person=scene.cast.grace)
    people.end_expertise(row, by=scene.cast.joan)
    people.grant_expertise(scene.cast.lending, person=scene.cast.grace, expertise="fairness", by=scene.cast.joan)


def revise_a_policy(scene: Scene) -> None:
    make.policy_revision(scene.cast, body=make.a_policy(validity_days=30))
    policy.agree(make.policy_revision(scene.cast), by=scene.cast.grace)


def attach_files(scene: Scene) -> None:
    version = make.model_version(scene.cast, label="2", has_files=False)
    files = make.held(scene.cast.lending, files={"model.skops": b"2"}, by=scene.cast.ada)
    catalog.attach_artifact(version, artifact=files, by=scene.cast.ada)


def register_a_child(scene: Scene) -> None:
    parents = [
        catalog.Parent(relation="trained_on", version=scene.data),
        catalog.Parent(relation="evaluated_on", version=scene.data),
        catalog.Parent(relation="derived_from", version=scene.version),
    ]
    catalog.register_model_version(scene.version.model, label="2", parents=parents, by=scene.cast.ada)


def carry_risks(scene: Scene) -> None:
    version = make.at_stage(make.model_version(scene.cast, label="2"), "data", by=scene.cast.ada)
    risk = make.risk(version, by=scene.cast.ada)
    risks.update_risk(risk, changes={"likelihood": 5}, by=scene.cast.ada)
    make.at_stage(version, "preprocessing", by=scene.cast.ada)


def make_a_key_known(scene: Scene) -> None:
    with speaking_as("assay_notary"):
        first = attestations.register_key(key_id="k", public_pem="x")
        assert attestations.register_key(key_id="k", public_pem="x") == first
    assert AuditEvent.objects.filter(verb="signing_key.registered").count() == 1


def work_with_a_token(scene: Scene) -> None:
    token, secret = people.create_token(
        scene.cast.lending, name="x", acts_as=scene.cast.pipeline, scopes=["catalog:read"], by=scene.cast.joan
    )
    people.find_token(secret)
    people.revoke_token(token, team=scene.cast.lending, by=scene.cast.joan)


ACTS: dict[str, Act] = {
    "an evaluation is asked for": lambda scene: make.requested(scene.version, by=scene.cast.ada),
    "a run is claimed": claim,
    "a run is finished": finish,
    "a run fails": fail,
    "a run is cancelled": cancel,
    "a run is repeated": retry,
    "measurements are reported": report,
    "a version is approved": approve,
    "an approval is renewed": renew,
    "a version is retired": retire,
    "a signature is withdrawn": withdraw,
    "a waiver is asked for": lambda scene: waive(scene, grants=0),
    "a waiver is granted": lambda scene: waive(scene, grants=2),
    "a version moves under a waiver": move_under_a_waiver,
    "a role ends and is given again": give_and_end_a_role,
    "the first administrator leaves": hand_over,
    "an expertise ends and is given again": end_an_expertise,
    "a policy is published and activated": lambda scene: scene.rules(),
    "a policy is revised": revise_a_policy,
    "files are attached": attach_files,
    "a child is registered": register_a_child,
    "risks are carried along": carry_risks,
    "a key is made known": make_a_key_known,
    "a token is made and revoked": work_with_a_token,
    "a need is raised": lambda scene: catalog.set_trust_need(
        scene.project, aspect="privacy", level="high", reason="x", by=scene.cast.ada
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_people_did_violates_nothing(scene: Scene, act: Act) -> None:
    act(scene)
    assert {name: found for name in CHECKS if (found := violations(name))} == {}
