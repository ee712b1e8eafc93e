"""What must always hold is checked by a judge of its own, and every planted violation is found."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from registry.management.invariants.ledger import APART, governed
from registry.models import Membership, Transition
from registry.services import lifecycle, people, risks
from tests import make
from tests.databases import speaking_as
from tests.management.checking import beside_an_event, violations
from tests.models.past import past_the_triggers
from tests.models.scene import Scene, by_python, scene, staged

__all__ = ["scene", "staged"]
Plant = Callable[[Scene], Any]


@pytest.fixture
def approved(scene: Scene) -> Scene:
    """The scene's version signed and moved to inference."""
    scene.sign()
    make.moved(scene.version, to_stage="inference", by=scene.cast.ada)
    scene.version.refresh_from_db()
    return scene


def change(table: str, what: str, where: str = "version_id = %s") -> Plant:
    return lambda scene: past_the_triggers(table, f"update {table} set {what} where {where}", scene.version.pk)


def hidden(table: str, statement: str) -> Plant:
    """A change whose transaction has an event, of something else."""
    return lambda scene: beside_an_event(table, statement, scene.version.pk)


GRACE = "person_id = (select id from person where username = 'grace') and %s is not null"
EDGE = """insert into lineage_edge (relation, child_model_id, parent_dataset_id, recorded_by_id)
          select 'evaluated_on', %s, parent_dataset_id, recorded_by_id from lineage_edge limit 1"""
PLANTED = [
    (
        "N2",
        "a waiver nobody recorded",
        lambda scene: past_the_triggers(
            "waiver",
            """insert into waiver (id, version_id, to_stage, requirement, found, reason, expires_at, requested_by_id,
             requested_at) values (gen_random_uuid(), %s, 'inference', 'threshold:1', '0', 'x', now(), %s, now())""",
            scene.version.pk,
            scene.cast.ada.pk,
        ),
    ),
    ("N2", "a risk rating changed in silence", lambda scene: silent_risk(scene)),
    ("N2", "a stage set in silence", change("model_version", "touched = touched + 1", "id = %s")),
    (
        "N2",
        "a role that nobody gave",
        change("audit_event", "subject_id = '0'", "verb = 'membership.granted' and %s is not null"),
    ),
    (
        "N2",
        "an expertise that nobody gave",
        change("audit_event", "subject_id = '0'", "verb = 'expertise.granted' and %s is not null"),
    ),
    ("N2", "a role made greater in silence", change("membership", "role = 'administrator'", GRACE)),
    ("N2", "a role ended in silence", change("membership", "ended_at = now()", GRACE)),
    (
        "N2",
        "a role ended beside an event",
        hidden("membership", f"update membership set ended_at = now() where {GRACE}"),
    ),
    ("N2", "an ended role undone", lambda scene: undone(scene, past_the_triggers)),
    ("N2", "an ended role undone beside an event", lambda scene: undone(scene, beside_an_event)),
    (
        "N2",
        "an expertise ended beside an event",
        hidden("reviewer_expertise", "update reviewer_expertise set ended_at = now() where %s is not null"),
    ),
    ("N2", "a lineage edge added in silence", lambda scene: past_the_triggers("lineage_edge", EDGE, scene.version.pk)),
    ("N2", "a lineage edge added beside an event", hidden("lineage_edge", EDGE)),
    (
        "N2",
        "a move that no event tells of",
        change("audit_event", "verb = 'x'", "verb = 'model_version.transitioned' and subject_id = %s::text"),
    ),
    ("N3", "a measurement of a dead attempt", change("measurement", "attempt = 7")),
    ("N3", "a run that is done and says nothing", lambda scene: done_without_measurement(scene)),
    ("N3", "a lease that nobody reaped", lambda scene: lapsed(scene)),
    ("N4", "a stage without a move", change("model_version", "stage = 'retired'", "id = %s")),
    (
        "N4",
        "a move out of nowhere",
        change("transition", "from_stage = 'data'", "version_id = %s and to_stage = 'inference'"),
    ),
    ("N4", "a verdict that says no", change("verdict", "outcome = 'failed'")),
    ("N4", "a verdict cut short", change("verdict", "body = '{}'")),
    (
        "L1",
        "a signature taken back before the move",
        lambda scene: past_the_triggers(
            "sign_off_withdrawal",
            """insert into sign_off_withdrawal (sign_off_id, version_id, withdrawn_by_id, reason, withdrawn_at)
           select id, version_id, signed_by_id, 'x', signed_at from sign_off where version_id = %s limit 1""",
            scene.version.pk,
        ),
    ),
    ("L1", "a signature of an older evidence", change("sign_off", "evidence_rev = evidence_rev - 1")),
    (
        "L1",
        "a signature without a fresh proof",
        change("reauthentication", "at = at - interval '6 minutes'", "%s is not null"),
    ),
    (
        "L1",
        "a signature with another's proof",
        lambda scene: past_the_triggers(
            "reauthentication", "update reauthentication set person_id = %s", scene.cast.ada.pk
        ),
    ),
    (
        "L1",
        "a signer who brought the files",
        lambda scene: past_the_triggers("artifact", "update artifact set created_by_id = %s", scene.cast.grace.pk),
    ),
    (
        "L1",
        "a signer who wrote the datasheet",
        lambda scene: past_the_triggers(
            "document_revision", "update document_revision set written_by_id = %s", scene.cast.grace.pk
        ),
    ),
    (
        "L1",
        "a signer who was no reviewer yet",
        change("membership", "granted_at = now() + interval '1 hour'", "%s is not null"),
    ),
    (
        "L1",
        "an expertise that came later",
        change("reviewer_expertise", "granted_at = now() + interval '1 hour'", "%s is not null"),
    ),
    ("L1", "an interval below the limit", change("measurement", "low = 0.5")),
    ("L1", "an error for a measurement", change("measurement", "status = 'error'")),
    ("L1", "a measurement out of date", change("measurement", "measured_at = now() - interval '1 year'")),
    ("L1", "a measurement made elsewhere", change("measurement", "assurance = 'self-reported'")),
    ("L1", "a measurement of other files", change("measurement", "root_digest = repeat('0', 64)")),
    ("L1", "a run that had failed", change("evaluation", "state = 'failed'")),
    ("L1", "a card without its answers", change("document_revision", "answered = 0", "%s is not null")),
    ("L1", "no look at the risks", change("risk_assessment", "opened_at = now() + interval '1 hour'")),
    (
        "L1",
        "a high risk that was open",
        lambda scene: past_the_triggers("risk", RISK, scene.version.pk, *[scene.cast.ada.pk] * 3, scene.version.pk),
    ),
    (
        "L1",
        "no policy in force",
        change("policy_activation", "activated_at = now() + interval '1 hour'", "%s is not null"),
    ),
    (
        "L1",
        "an edge that was taken out",
        lambda scene: past_the_triggers("stage_edge", "delete from stage_edge where guarded"),
    ),
    ("L2", "a yes without its move", change("attestation", "transition_id = null", "version_id = %s and passed")),
    ("L2", "a yes for another stage", change("attestation", "stage = 'training'", "version_id = %s and passed")),
    (
        "L2",
        "a yes that lasts longer",
        change("attestation", "expires_at = expires_at + interval '1 year'", "version_id = %s and passed"),
    ),
]
RISK = """insert into risk (assessment_id, version_id, issue, aspect, likelihood, severity, priority, treatment,
            owner_id, step_taken, is_resolved, resolution, recorded_by_id, updated_by_id, recorded_at)
          select id, %s, 'x', 'fairness', 3, 3, 'high', 'reduce', %s, '', false, '', %s, %s, opened_at
            from risk_assessment where version_id = %s and stage = 'training'"""


def undone(scene: Scene, planted: Callable[..., None]) -> None:
    people.end_membership(Membership.objects.get(person=scene.cast.grace), by=scene.cast.joan)
    assert violations("N2") == []
    planted("membership", "update membership set ended_at = null")


def silent_risk(scene: Scene) -> None:
    make.risk(scene.version, by=scene.cast.ada)
    past_the_triggers("risk", "update risk set priority = 'low'")


def done_without_measurement(scene: Scene) -> None:
    run = make.requested(scene.version, by=scene.cast.ada)
    past_the_triggers("evaluation", "update evaluation set state = 'done' where id = %s", run.pk)


def lapsed(scene: Scene) -> None:
    run = make.requested(scene.version, by=scene.cast.ada)
    past_the_triggers(
        "evaluation",
        "update evaluation set state = 'running', lease_until = clock_timestamp() - interval '3 minutes' where id = %s",
        run.pk,
    )


@pytest.mark.parametrize(("name", "what", "plant"), PLANTED, ids=[what for _, what, _ in PLANTED])
def test_a_planted_violation_is_found(approved: Scene, name: str, what: str, plant: Plant) -> None:
    assert violations(name) == []
    plant(approved)
    assert violations(name) != []


def test_every_table_is_looked_at_for_events_or_left_out_for_a_reason() -> None:
    tables = {model._meta.db_table for model in apps.get_app_config("registry").get_models()}
    assert set(governed()) == tables - set(APART)
    assert set(APART) <= tables
    assert len(governed()) >= 30


def test_a_move_under_a_waiver_is_founded(scene: Scene) -> None:
    make.measured(scene.version, by=scene.cast.ada, low=0.75, high=0.85)
    (requirement,) = {name for name in by_python(scene.version) if name.startswith("threshold")}
    make.waived(scene.version, requirement, cast=scene.cast)
    scene.sign()
    make.moved(scene.version, to_stage="inference", by=scene.cast.ada)
    assert Transition.objects.get(to_stage="inference").kind == "waived"
    assert violations("L1") == []
    past_the_triggers("waiver", "update waiver set expires_at = requested_at")
    assert violations("L1") != []


def test_what_happens_after_a_move_does_not_unfound_it(approved: Scene) -> None:
    cast, version = approved.cast, approved.version
    late = make.risk(version, by=cast.ada, priority="critical", treatment="")
    risks.update_risk(late, changes={"likelihood": 5}, by=cast.ada)
    lifecycle.withdraw_sign_off(version.sign_offs.get(expertise="fairness"), reason="x", by=cast.grace)
    make.card(version, by=cast.ada, answers={"model_details.version": {"text": "2"}})
    assert violations("L1") == []


def test_a_risk_that_was_rated_down_only_later_counts_as_it_was_then(scene: Scene) -> None:
    risk = make.risk(scene.version, by=scene.cast.ada, priority="low")
    scene.sign()
    make.moved(scene.version, to_stage="inference", by=scene.cast.ada)
    assert violations("L1") == []
    past_the_triggers(
        "audit_event",
        """insert into audit_event (at, xid, verb, subject_kind, subject_id, subject_name, body)
           values (clock_timestamp(), 0, 'risk.updated', 'risk', %s, '', %s)""",
        str(risk.pk),
        json.dumps({"detail": {"before": {"priority": "critical"}, "after": {"priority": "low"}}}),
    )
    assert len(violations("L1")) == 1


def check() -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    with speaking_as("assay_auditor"):
        call_command("check_invariants", stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_ends_with_an_error_when_something_is_broken(committed_cast: Any, superuser: Any) -> None:
    make.approved_version(committed_cast)
    said, broken = check()
    assert (said.count("holds"), broken) == (5, "")
    superuser.execute("alter table assay.measurement disable trigger user")
    superuser.execute("update assay.measurement set attempt = 9")
    # It is of no attempt that there was, and nobody is on record for the change.
    with pytest.raises(CommandError, match="2 violations"):
        check()
