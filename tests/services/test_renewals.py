"""An approval ends: what happens then, and how the next one is decided."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from registry.exceptions import NotPermitted, TransitionRefused
from registry.models import Attestation, AuditEvent, ModelVersion, RiskAssessment, SignOff, Transition
from registry.models.gate_inputs import database_now
from registry.services import lifecycle
from registry.services.answers import newest, why_over
from tests import make
from tests.databases import speaking_as
from tests.models.past import past_the_triggers
from tests.models.scene import Scene, by_database, by_python, scene, stage_of, staged

__all__ = ["scene", "staged"]


@pytest.fixture
def used(scene: Scene) -> Scene:
    """The scene's version, approved."""
    scene.sign()
    make.moved(scene.version, to_stage="inference", by=scene.cast.ada)
    return scene


def end(scene: Scene) -> None:
    """Time passes: the approval has ended a second ago."""
    for table in ("transition", "attestation"):
        past_the_triggers(
            table,
            f"update {table} set expires_at = clock_timestamp() - interval '1 second' where version_id = %s",
            scene.version.pk,
        )


def standing_of(scene: Scene) -> str:
    return ModelVersion.objects.values_list("standing", flat=True).get(pk=scene.version.pk)


def reap() -> None:
    with speaking_as("assay_worker"):
        call_command("reap", once=True)


def test_a_version_whose_approval_ended_is_suspended_once_and_that_is_on_record(used: Scene) -> None:
    reap()
    assert standing_of(used) == "good"
    end(used)
    reap()
    reap()
    assert (standing_of(used), stage_of(used.version)) == ("suspended", "inference")
    event = AuditEvent.objects.get(verb="model_version.suspended")
    assert (event.actor, event.team, event.subject_id) == (None, used.version.team, str(used.version.pk))
    assert '"because":"its approval has ended"' in event.body
    assert why_over(newest(Attestation.objects.filter(version=used.version))) == (
        "expired",
        "It may not be used: its approval has expired.",
    )


def test_a_version_whose_waiver_lapsed_is_suspended(scene: Scene) -> None:
    make.measured(scene.version, by=scene.cast.ada, low=0.6, high=0.7)
    (unmet,) = (name for name in by_python(scene.version) if name.startswith("threshold"))
    make.waived(scene.version, unmet, cast=scene.cast)
    scene.sign()
    assert make.moved(scene.version, to_stage="inference", by=scene.cast.ada).kind == "waived"
    end(scene)
    reap()
    assert standing_of(scene) == "suspended"
    assert "the waiver it rested on has ended" in AuditEvent.objects.get(verb="model_version.suspended").body


def test_who_takes_a_signature_back_stops_what_was_approved_on_it(used: Scene) -> None:
    mine = SignOff.objects.get(version=used.version, signed_by=used.cast.alan)
    lifecycle.withdraw_sign_off(mine, reason="I saw an error.", by=used.cast.alan)
    assert (standing_of(used), stage_of(used.version)) == ("suspended", "inference")
    event = AuditEvent.objects.get(verb="model_version.suspended")
    assert "a signature that its approval rested on was withdrawn" in event.body
    used.sign()
    make.moved(used.version, to_stage="inference", by=used.cast.ada)
    assert standing_of(used) == "good"


def test_a_signature_that_no_approval_rests_on_is_taken_back_without_harm(used: Scene) -> None:
    used.sign()
    later = SignOff.objects.filter(version=used.version, signed_by=used.cast.alan).latest("seq")
    lifecycle.withdraw_sign_off(later, reason="Too early.", by=used.cast.alan)
    assert standing_of(used) == "good"
    make.moved(used.version, to_stage="retired", by=used.cast.ada)
    first = SignOff.objects.filter(version=used.version, signed_by=used.cast.grace).earliest("seq")
    lifecycle.withdraw_sign_off(first, reason="Late.", by=used.cast.grace)
    assert standing_of(used) == "withdrawn"
    assert not AuditEvent.objects.filter(verb="model_version.suspended").exists()


def test_nobody_but_the_reaper_suspends_and_it_suspends_nothing_that_lasts(used: Scene) -> None:
    with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("select suspend_lapsed(%s)", [used.version.pk])


@pytest.mark.parametrize("has_ended", [False, True])
def test_the_signatures_of_an_approval_do_not_renew_it(used: Scene, has_ended: bool) -> None:
    if has_ended:
        end(used)
        reap()
    lacking = by_python(used.version)
    assert {name.split(":")[0] for name in lacking} == {"sign_off"}
    assert by_database(used.version) == lacking
    with pytest.raises(TransitionRefused):
        make.moved(used.version, to_stage="inference", by=used.cast.ada)


@pytest.mark.parametrize("has_ended", [False, True])
def test_new_signatures_renew_an_approval_and_bring_the_version_back(used: Scene, has_ended: bool) -> None:
    first = Transition.objects.get(version=used.version, to_stage="inference")
    if has_ended:
        end(used)
        reap()
    used.sign()
    assert by_python(used.version) == set()
    moved = make.moved(used.version, to_stage="inference", by=used.cast.ada)
    assert (moved.from_stage, moved.to_stage, standing_of(used)) == ("inference", "inference", "good")
    assert moved.expires_at > database_now() + timedelta(days=364)
    assert moved.evidence_rev > first.evidence_rev
    answers = Attestation.objects.filter(version=used.version, passed=True)
    assert [answer.transition_id for answer in answers.order_by("seq")] == [first.pk, moved.pk]
    assert SignOff.objects.filter(version=used.version, evidence_rev=moved.evidence_rev).count() == 2
    assert {name.split(":")[0] for name in by_python(used.version)} == {"sign_off"}
    assert RiskAssessment.objects.filter(version=used.version, stage="inference").count() == 1


def test_a_renewal_asks_for_everything_anew(used: Scene) -> None:
    make.risk(used.version, by=used.cast.ada, priority="critical", treatment="", owner=None)
    make.measured(used.version, by=used.cast.ada, low=0.5, high=0.6)
    used.sign()
    lacking = by_python(used.version)
    assert {name.split(":")[0] for name in lacking} == {"risk", "treatment", "threshold"}
    assert by_database(used.version) == lacking


def test_a_withdrawn_version_stays_withdrawn(used: Scene) -> None:
    make.moved(used.version, to_stage="retired", by=used.cast.ada)
    for stage in ("inference", "retired"):
        assert "edge:0" in by_python(used.version, to_stage=stage)
        assert "edge:0" in by_database(used.version, to_stage=stage)
    end(used)
    reap()
    assert standing_of(used) == "withdrawn"


def test_a_signed_yes_is_served_while_the_renewed_one_waits_for_its_signature(used: Scene) -> None:
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    signed = newest(Attestation.objects.filter(version=used.version))
    used.sign()
    make.moved(used.version, to_stage="inference", by=used.cast.ada)
    assert newest(Attestation.objects.filter(version=used.version)) == signed
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    renewed = newest(Attestation.objects.filter(version=used.version))
    assert renewed.body is not None
    assert renewed.pk != signed.pk


def test_a_stranger_renews_nothing(used: Scene) -> None:
    used.sign()
    with pytest.raises(NotPermitted):
        make.moved(used.version, to_stage="inference", by=used.cast.eve)
