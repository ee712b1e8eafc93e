"""Signing and moving: what a signature covers, when it lapses by itself, and what is told of a refusal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry.exceptions import InvalidInput, NotNow, NotPermitted, TransitionRefused
from registry.models import (
    Attestation,
    AuditEvent,
    Dataset,
    DocumentRevision,
    Measurement,
    ModelVersion,
    PolicyRevision,
    Project,
    RegisteredModel,
    SignOff,
    Transition,
)
from registry.services import catalog, documents, lifecycle, people, risks, verdicts
from tests import make
from tests.models.past import past_the_triggers
from tests.models.scene import Act, Scene, by_python, scene, stage_of, staged
from tests.services.verbs import a_waiver, grant, report, sign

__all__ = ["scene", "staged"]


def revision_of(scene: Scene) -> int:
    return ModelVersion.objects.values_list("evidence_rev", flat=True).get(pk=scene.version.pk)


EVIDENCE: dict[str, Act] = {
    "a risk": lambda scene: make.risk(scene.version, by=scene.cast.ada),
    "a card": lambda scene: make.card(scene.version, by=scene.cast.ada),
    "a datasheet it rests on": lambda scene: make.datasheet(scene.data, by=scene.cast.ada),
    "a run that is asked for": lambda scene: make.requested(scene.version, by=scene.cast.ada),
    "a run that finished": lambda scene: make.measured(scene.version, by=scene.cast.ada),
    "reported readings": lambda scene: report(scene, scene.cast.ada),
    "a need": lambda scene: catalog.set_trust_need(
        scene.project, aspect="privacy", level="high", reason="x", by=scene.cast.ada
    ),
    "a policy": lambda scene: scene.rules(validity_days=30),
    "a waiver's grant": lambda scene: grant(scene, scene.cast.grace),
}


@pytest.mark.parametrize("what", EVIDENCE)
def test_new_evidence_raises_the_revision_and_signatures_lapse_by_themselves(scene: Scene, what: str) -> None:
    scene.sign()
    assert not any(name.startswith("sign_off") for name in by_python(scene.version))
    before = revision_of(scene)
    EVIDENCE[what](scene)
    assert revision_of(scene) > before
    assert len([name for name in by_python(scene.version) if name.startswith("sign_off")]) == 2
    with pytest.raises(TransitionRefused):
        make.moved(scene.version, to_stage="inference", by=scene.cast.ada)


def test_a_second_signature_does_not_void_the_first(scene: Scene) -> None:
    before = revision_of(scene)
    scene.sign()
    assert revision_of(scene) == before
    assert by_python(scene.version) == set()


def test_a_signature_over_what_was_shown_before_is_refused_and_recorded(scene: Scene) -> None:
    shown = verdicts.review(scene.version, to_stage="inference")
    make.card(scene.version, by=scene.cast.ada)
    for rev, digest in (
        (shown.version.evidence_rev, shown.evidence_digest),
        (revision_of(scene), shown.evidence_digest),
        (revision_of(scene), "0" * 64),
    ):
        with pytest.raises(NotNow, match="changed"):
            lifecycle.sign_off(
                scene.version,
                to_stage="inference",
                expertise="fairness",
                meaning="approve",
                comment="",
                evidence_rev=rev,
                evidence_digest=digest,
                proof=make.proof(scene.cast.grace),
                by=scene.cast.grace,
            )
    assert not SignOff.objects.filter(version=scene.version).exists()
    assert AuditEvent.objects.filter(verb="model_version.signed_off.refused").count() == 3


def test_a_proof_of_presence_signs_once(scene: Scene) -> None:
    signature = sign(scene, scene.cast.grace)
    shown = verdicts.review(scene.version, to_stage="inference")
    with pytest.raises(NotPermitted, match="served already"):
        lifecycle.sign_off(
            scene.version,
            to_stage="inference",
            expertise="fairness",
            meaning="approve",
            comment="",
            evidence_rev=shown.version.evidence_rev,
            evidence_digest=shown.evidence_digest,
            proof=signature.reauthentication,
            by=scene.cast.grace,
        )


def test_a_proof_that_is_six_minutes_old_signs_nothing(scene: Scene) -> None:
    proof = make.proof(scene.cast.grace)
    past_the_triggers("reauthentication", "update reauthentication set at = at - interval '6 minutes'")
    shown = verdicts.review(scene.version, to_stage="inference")
    with pytest.raises(NotNow, match="fresh proof"):
        lifecycle.sign_off(
            scene.version,
            to_stage="inference",
            expertise="fairness",
            meaning="approve",
            comment="",
            evidence_rev=shown.version.evidence_rev,
            evidence_digest=shown.evidence_digest,
            proof=proof,
            by=scene.cast.grace,
        )


def test_a_service_account_proves_nothing(scene: Scene) -> None:
    with pytest.raises(NotPermitted):
        people.prove_presence(scene.cast.pipeline, method="token")


def test_who_makes_a_token_for_an_account_that_acts_becomes_an_author(scene: Scene) -> None:
    cast = scene.cast
    people.add_member(cast.lending, person=cast.olga, role="administrator", by=cast.joan)
    people.add_member(cast.lending, person=cast.joan, role="reviewer", by=cast.olga)
    people.grant_expertise(cast.lending, person=cast.joan, expertise="fairness", by=cast.olga)
    make.risk(scene.version, by=cast.pipeline)
    with pytest.raises(NotPermitted, match="had a hand"):
        make.signed(scene.version, by=cast.joan, expertise="fairness")


def test_a_renamed_person_keeps_the_name_as_signed(scene: Scene) -> None:
    signature = sign(scene, scene.cast.grace)
    scene.cast.grace.__class__.objects.filter(pk=scene.cast.grace.pk).update(last_name="Murray")
    signature.refresh_from_db()
    assert signature.signed_name == "Grace Hopper"


def test_a_refused_move_tells_every_requirement_and_is_recorded(scene: Scene) -> None:
    with pytest.raises(TransitionRefused) as caught:
        lifecycle.transition(scene.version, to_stage="inference", by=scene.cast.ada)
    assert set(caught.value.requirements) == by_python(scene.version)
    assert caught.value.detail["verdict"]["outcome"] == "undecided"
    event = AuditEvent.objects.get(verb="model_version.transitioned.refused")
    assert caught.value.requirements[0] in event.body
    assert stage_of(scene.version) == "training"


def test_a_move_stores_the_whole_verdict_and_asks_for_its_signature(scene: Scene) -> None:
    scene.sign()
    moved = lifecycle.transition(scene.version, to_stage="inference", by=scene.cast.ada)
    assert {item["outcome"] for item in moved.verdict.body["requirements"]} == {"passed"}
    answer = Attestation.objects.get(transition=moved)
    assert (answer.passed, answer.envelope, answer.root_digest) == (True, None, scene.version.root_digest)
    assert timezone.now() + timedelta(days=364) < moved.expires_at < timezone.now() + timedelta(days=366)


def test_a_waived_move_ends_with_its_waiver(scene: Scene) -> None:
    waiver = a_waiver(scene, scene.cast.ada)
    for person in (scene.cast.grace, scene.cast.alan):
        lifecycle.grant_waiver(waiver, proof=make.proof(person), by=person)
    scene.sign()
    moved = lifecycle.transition(scene.version, to_stage="inference", by=scene.cast.ada)
    assert (moved.kind, moved.expires_at) == ("waived", waiver.expires_at)
    assert moved.verdict.body["waived"] == [waiver.requirement]


def test_open_risks_are_carried_to_the_next_stage(scene: Scene) -> None:
    risk = make.risk(scene.version, by=scene.cast.ada)
    scene.sign()
    make.moved(scene.version, to_stage="inference", by=scene.cast.ada)
    carried = scene.version.risks.get(carried_from=risk)
    assert carried.assessment.stage == "inference"
    with pytest.raises(NotNow, match="carried forward"):
        risks.update_risk(risk, changes={"likelihood": 1}, by=scene.cast.ada)


def test_two_writers_of_a_card_do_not_overwrite_one_another(scene: Scene) -> None:
    card = scene.version.documents.get()
    answers = make.complete_answers("model_card")
    documents.write_revision(card, answers=answers, by=scene.cast.ada, expected=1)
    with pytest.raises(NotNow, match="meanwhile"):
        documents.write_revision(card, answers=answers, by=scene.cast.ada, expected=1)
    assert card.revisions.count() == 2


@pytest.mark.parametrize(
    "act",
    [
        lambda s: lifecycle.withdraw_sign_off(sign(s, s.cast.grace), reason=" ", by=s.cast.grace),
        lambda s: make.risk(s.version, by=s.cast.ada, priority="huge"),
        lambda s: make.risk(s.version, by=s.cast.ada, likelihood=9),
        lambda s: make.risk(s.version, by=s.cast.ada, issue=" "),
        lambda s: make.risk(s.version, by=s.cast.ada, owner=s.cast.eve),
        lambda s: risks.update_risk(make.risk(s.version, by=s.cast.ada), changes={"version": 1}, by=s.cast.ada),
        lambda s: risks.update_risk(make.risk(s.version, by=s.cast.ada), changes={"is_resolved": True}, by=s.cast.ada),
        lambda s: make.model_version(s.cast, label="a b"),
        lambda s: make.model_version(s.cast, label="1"),
        lambda s: make.model_version(s.cast, slug="no/name"),
        lambda s: make.project(s.cast, slug="mortgages"),
        lambda s: catalog.create_dataset(s.cast.lending, slug="loans", by=s.cast.ada),
        lambda s: make.held(s.cast.lending, files={"../evil": b"x"}, by=s.cast.ada),
        lambda s: make.card(s.version, by=s.cast.ada, answers={"no.such": {"text": "x"}}),
        lambda s: make.card(s.version, by=s.cast.ada, answers={"model_details.date": {"text": "x", "unknown": "y"}}),
        lambda s: catalog.set_trust_need(s.project, aspect="privacy", level="high", reason=" ", by=s.cast.ada),
        lambda s: make.policy_revision(s.cast, body={"title": "x"}),
        lambda s: make.policy_revision(s.cast, body=make.a_policy(sign_offs=[])),
        lambda s: make.policy_revision(s.cast, body=make.a_policy(surprise=1)),
        lambda s: make.measured(s.version, by=s.cast.ada, readings=[make.reading(low=0.9, high=0.1)]),
        lambda s: make.measured(s.version, by=s.cast.ada, readings=[make.reading(low=float("nan"))]),
        lambda s: make.measured(s.version, by=s.cast.ada, readings=[make.reading(), make.reading()]),
        lambda s: make.measured(s.version, by=s.cast.ada, readings=[make.reading(metric="fairness.made_up")]),
    ],
)
def test_bad_input_is_named_and_leaves_nothing_behind(scene: Scene, act: Act) -> None:
    kept = (ModelVersion, Project, Dataset, RegisteredModel, PolicyRevision, DocumentRevision, Measurement, Transition)
    before = [table.objects.count() for table in kept]
    with pytest.raises(InvalidInput) as caught:
        act(scene)
    assert str(caught.value)
    assert [table.objects.count() for table in kept] == before
    assert stage_of(scene.version) == "training"


def test_what_is_said_of_an_open_risk_is_part_of_what_a_signature_covers(scene: Scene) -> None:
    risk = make.risk(scene.version, by=scene.cast.ada)
    before = verdicts.review(scene.version, to_stage="inference").evidence_digest
    risks.update_risk(risk, changes={"step_taken": "Looked at again."}, by=scene.cast.ada)
    assert verdicts.review(scene.version, to_stage="inference").evidence_digest != before
