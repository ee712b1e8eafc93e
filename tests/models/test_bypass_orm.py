"""The ORM, fixtures, the shell and a superuser's account: none moves a stage that the gate keeps."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, IntegrityError, ProgrammingError, models, transaction
from django.test import Client
from django.urls import reverse

from registry.exceptions import NotPermitted, TransitionRefused
from registry.models import (
    Attestation,
    AuditEvent,
    Authorship,
    Measurement,
    ModelVersion,
    PolicyActivation,
    SignOff,
    StageEdge,
    Threshold,
    Transition,
    User,
    Verdict,
    Waiver,
)
from registry.services import lifecycle, people, verdicts
from tests import make
from tests.models.scene import Act, Scene, scene, stage_of, staged

__all__ = ["scene", "staged"]


class PlainVersion(models.Model):
    """The table of versions, mapped without the columns being the database's."""

    id = models.UUIDField(primary_key=True)
    stage = models.TextField()
    standing = models.TextField()

    class Meta:
        managed = False
        app_label = "registry"
        db_table = "model_version"

    def __str__(self) -> str:
        return str(self.pk)


def assign_and_save(scene: Scene) -> None:
    scene.version.stage = "inference"
    scene.version.save()


def plain_save(scene: Scene) -> None:
    row = PlainVersion.objects.get(pk=scene.version.pk)
    row.stage = "inference"
    row.save(update_fields=["stage"])


def any_move(scene: Scene, **more: Any) -> Transition:
    reviewed = verdicts.review(scene.version, to_stage="inference")
    return Transition(
        version=scene.version, to_stage="inference", moved_by=scene.cast.ada, verdict=verdicts.store(reviewed), **more
    )


def backdoor_verdict(scene: Scene) -> None:
    """A verdict that says yes, made up for the occasion."""
    reviewed = verdicts.review(scene.version, to_stage="inference")
    verdict = Verdict.objects.create(
        version=scene.version,
        to_stage="inference",
        outcome="passed",
        body={"waived": [], "requirements": [], "to_stage": "inference", "outcome": "passed"},
        policy_revision=reviewed.revision,
        snapshot=verdicts.take_snapshot(reviewed),
    )
    Transition.objects.create(version=scene.version, to_stage="inference", moved_by=scene.cast.ada, verdict=verdict)


DENIED = (ProgrammingError,)
ATTEMPTS: list[tuple[str, Act, tuple[type[Error], ...]]] = [
    ("assigning and saving", assign_and_save, DENIED),
    ("a model of one's own", plain_save, DENIED),
    (
        "a bulk update",
        lambda s: PlainVersion.objects.bulk_update([PlainVersion(pk=s.version.pk, stage="inference")], ["stage"]),
        DENIED,
    ),
    ("a move past the service", lambda s: any_move(s).save(force_insert=True), (IntegrityError,)),
    ("a bulk of moves", lambda s: Transition.objects.bulk_create([any_move(s)]), (IntegrityError,)),
    (
        "a move that says it is from elsewhere",
        lambda s: any_move(s, from_stage="inference", kind="ordinary").save(),
        (IntegrityError,),
    ),
    ("a verdict of one's own", backdoor_verdict, (IntegrityError,)),
    ("a better measurement", lambda s: Measurement.objects.update(low=0.99), DENIED),
    ("a measurement less", lambda s: Measurement.objects.filter(version=s.version).delete(), DENIED),
    ("a softer limit", lambda s: Threshold.objects.update(limit=0), DENIED),
    ("an author less", lambda s: Authorship.objects.filter(version=s.version).delete(), DENIED),
    ("a signature in another's name", lambda s: SignOff.objects.update(signed_by=s.cast.grace), DENIED),
    (
        "an edge more",
        lambda s: StageEdge.objects.create(from_stage="scoping", to_stage="inference", guarded=False),
        DENIED,
    ),
    ("an unguarded edge", lambda s: StageEdge.objects.update(guarded=False), DENIED),
    ("an activation less", lambda s: PolicyActivation.objects.all().delete(), DENIED),
    ("a longer waiver", lambda s: Waiver.objects.update(expires_at="2099-01-01T00:00Z"), DENIED),
    ("an event less", lambda s: AuditEvent.objects.all().delete(), DENIED),
    ("an event changed", lambda s: AuditEvent.objects.update(body="{}"), DENIED),
]


@pytest.mark.parametrize(("name", "act", "refusal"), ATTEMPTS, ids=[name for name, _, _ in ATTEMPTS])
def test_the_orm_as_the_applications_user_is_refused(
    scene: Scene, name: str, act: Act, refusal: tuple[type[Error], ...]
) -> None:
    with pytest.raises(refusal), transaction.atomic():
        act(scene)
    assert stage_of(scene.version) == "training"


def test_what_is_the_databases_is_not_even_named_in_an_update(scene: Scene) -> None:
    verdicts.refresh(scene.version)
    assert ModelVersion.objects.update(stage="inference", standing="withdrawn", evidence_rev=0) == 0
    assert Attestation.objects.update(passed=True) == 0
    assert stage_of(scene.version) == "training"
    assert not Attestation.objects.filter(passed=True).exists()


def test_the_same_move_with_signatures_is_let_in(scene: Scene) -> None:
    scene.sign()
    any_move(scene).save(force_insert=True)
    assert stage_of(scene.version) == "inference"


@pytest.mark.parametrize("which", ["its own", "another"])
def test_a_fixture_brings_no_version_and_moves_none(scene: Scene, tmp_path: Path, which: str) -> None:
    pk = scene.version.pk if which == "its own" else uuid.uuid4()
    fields = {"model": str(scene.version.model_id), "team": scene.cast.lending.pk, "label": "9", "stage": "inference"}
    row = {"model": "registry.modelversion", "pk": str(pk), "fields": fields | {"registered_by": scene.cast.ada.pk}}
    (tmp_path / "approved.json").write_text(json.dumps([row]))
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        call_command("loaddata", tmp_path / "approved.json", verbosity=0)
    assert stage_of(scene.version) == "training"
    assert not ModelVersion.objects.filter(label="9").exists()


def test_a_superusers_account_opens_nothing(scene: Scene) -> None:
    root = User.objects.create(username="root", is_superuser=True, is_staff=True)
    with pytest.raises(NotPermitted):
        lifecycle.transition(scene.version, to_stage="inference", by=root)
    with pytest.raises(NotPermitted):
        make.signed(scene.version, by=root, expertise="fairness")
    people.add_member(scene.cast.lending, person=root, role="contributor", by=scene.cast.joan)
    with pytest.raises(TransitionRefused) as caught:
        lifecycle.transition(scene.version, to_stage="inference", by=root)
    assert all(name.startswith("sign_off") for name in caught.value.requirements)
    assert stage_of(scene.version) == "training"
    refused = AuditEvent.objects.filter(actor=root, verb__endswith=".refused").values_list("verb", flat=True)
    assert sorted(refused) == [
        "model_version.signed_off.refused",
        "model_version.transitioned.refused",
        "model_version.transitioned.refused",
    ]


def test_an_administrator_is_not_thereby_a_reviewer_or_a_contributor(scene: Scene) -> None:
    with pytest.raises(NotPermitted):
        lifecycle.transition(scene.version, to_stage="inference", by=scene.cast.joan)
    with pytest.raises(NotPermitted):
        make.signed(scene.version, by=scene.cast.joan, expertise="fairness")


@pytest.mark.parametrize("noun", ["modelversion", "transition", "measurement", "signoff", "stageedge", "threshold"])
def test_the_operators_site_shows_and_never_writes(scene: Scene, client: Client, noun: str) -> None:
    root = User.objects.create(username="root", is_superuser=True, is_staff=True)
    client.force_login(root)
    pk = scene.version.pk if noun == "modelversion" else 1
    sent = {"stage": "inference", "to_stage": "inference", "low": "0.99", "guarded": "", "_save": "Save"}
    for name, arguments in (("change", [pk]), ("delete", [pk]), ("add", [])):
        answer = client.post(reverse(f"admin:registry_{noun}_{name}", args=arguments), sent)
        assert answer.status_code in {302, 403}, answer.content[:300]
    assert stage_of(scene.version) == "training"
    assert StageEdge.objects.filter(guarded=True).count() == 2
