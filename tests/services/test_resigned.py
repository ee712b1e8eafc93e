"""A yes that is renewed says what was signed before, with new dates, whatever today's code makes of its rows."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from registry.exchange.dsse import load_signer, public_key_pem, verify_envelope
from registry.models import Attestation, AuditEvent
from registry.services.attestations import renew
from tests import make
from tests.databases import speaking_as
from tests.models.past import past_the_triggers
from tests.models.scene import Scene, by_python, scene, staged

__all__ = ["scene", "staged"]
DATES = {"timeVerified", "assayExpiresAt"}


def notarize() -> None:
    with speaking_as("assay_notary"):
        call_command("notary", once=True)


def approve(scene: Scene, *, under_a_waiver: bool = False) -> Attestation:
    """The version is in use, its yes was signed three weeks ago."""
    if under_a_waiver:
        make.measured(scene.version, by=scene.cast.ada, low=0.6, high=0.7)
        (unmet,) = (name for name in by_python(scene.version) if name.startswith("threshold"))
        make.waived(scene.version, unmet, cast=scene.cast)
    scene.sign()
    make.moved(scene.version, to_stage="inference", by=scene.cast.ada)
    change = "created_at = created_at - interval '21 days', expires_at = clock_timestamp() + interval '100 days'"
    past_the_triggers("attestation", f"update attestation set {change} where passed")
    notarize()
    return Attestation.objects.get(version=scene.version, passed=True)


def forget(scene: Scene) -> None:
    """The snapshot is one that an earlier release wrote."""
    past_the_triggers(
        "evidence_snapshot",
        "update evidence_snapshot set body = '{}', digest = encode(sha256('{}'), 'hex') where version_id = %s",
        scene.version.pk,
    )


def newest(scene: Scene) -> Attestation:
    return Attestation.objects.filter(version=scene.version, passed=True).latest("seq")


def said(row: Attestation) -> tuple[dict[str, Any], dict[str, Any]]:
    """The statement as `verify.py` would read it, and the answer around it."""
    key = public_key_pem(load_signer(settings.KEY_FOLDER))
    body = json.loads(bytes(row.body))
    assert body["attestation"] == json.loads(bytes(row.envelope))
    return verify_envelope(body.pop("attestation"), key), body


@pytest.mark.parametrize("under_a_waiver", [False, True])
def test_what_was_signed_is_signed_again_with_new_dates(scene: Scene, under_a_waiver: bool) -> None:
    first = approve(scene, under_a_waiver=under_a_waiver)
    forget(scene)
    notarize()
    second = newest(scene)
    assert second.pk != first.pk
    (before, told), (after, told_again) = said(first), said(second)
    assert after["subject"] == before["subject"]
    changed = {name for name, value in after["predicate"].items() if before["predicate"][name] != value}
    assert changed == DATES
    end = (second.created_at + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert after["predicate"]["assayExpiresAt"] == end
    assert {name for name, value in told_again.items() if told[name] != value} == {"signed_at", "summary"}
    assert ("under a waiver" in told_again["summary"]) is under_a_waiver


def test_a_new_key_signs_in_its_own_name(scene: Scene, settings: Any, tmp_path: Path) -> None:
    approve(scene)
    settings.KEY_FOLDER = tmp_path / "another"
    notarize()
    second = newest(scene)
    assert said(second)[0]["predicate"]["verifier"]["id"].endswith(f"/notary/{second.key_id}")


def other(predicate: dict[str, Any]) -> None:
    predicate["resourceUri"] = "assay:lending/other@1"


def no_answer(predicate: dict[str, Any]) -> None:
    predicate["verificationResult"] = "FAILED"


def another_level(predicate: dict[str, Any]) -> None:
    predicate["verifiedLevels"] = ["ASSAY_STAGE_INFERENCE_WAIVED"]


@pytest.mark.parametrize("forge", [other, no_answer, another_level, dict.clear])
def test_an_earlier_statement_that_says_something_else_is_not_signed_again(scene: Scene, forge: Any) -> None:
    first = approve(scene)
    envelope = json.loads(bytes(first.envelope))
    statement = json.loads(base64.b64decode(envelope["payload"]))
    forge(statement["predicate"])
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    refused(scene, "envelope = %s", json.dumps(envelope).encode())


def test_an_earlier_answer_about_other_files_is_not_signed_again(scene: Scene) -> None:
    approve(scene)
    refused(scene, "root_digest = %s", "0" * 64)


def refused(scene: Scene, change: str, value: Any) -> None:
    past_the_triggers("attestation", f"update attestation set {change} where passed", value)
    notarize()
    assert newest(scene).envelope is None
    assert AuditEvent.objects.get(verb="attestation.signed.refused").subject_id == str(newest(scene).pk)


def test_what_was_suspended_meanwhile_is_not_signed_again(scene: Scene) -> None:
    approve(scene)
    with speaking_as("assay_notary"):
        asked = renew()
    past_the_triggers(
        "model_version", "update model_version set standing = 'suspended' where id = %s", scene.version.pk
    )
    notarize()
    assert asked == 1
    assert newest(scene).envelope is None
