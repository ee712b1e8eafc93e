"""The notary signs what the rows say: a verdict whose text was forged yields the truth, or nothing at all."""

import base64
import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from registry.exchange.dsse import load_or_create_signer, sign_statement
from registry.models import Attestation, AuditEvent, EvidenceSnapshot, Transition, Verdict
from registry.services import attestations, verdicts
from tests import make
from tests.databases import speaking_as
from tests.models.clauses import become_author
from tests.models.past import past_the_triggers
from tests.models.scene import Scene, by_python, scene, staged

__all__ = ["scene", "staged"]
Forge = Callable[[dict[str, Any]], None]


@pytest.fixture
def notary(tmp_path: Path) -> Callable[[], set[Any]]:
    """Signs what is pending; which answers could not be signed."""
    signer = load_or_create_signer(tmp_path / "notary")

    def sign() -> set[Any]:
        unsignable: set[Any] = set()
        with speaking_as("assay_notary"):
            key_id = signer.public_key.keyid
            attestations.sign_pending(partial(sign_statement, signer=signer), key_id=key_id, unsignable=unsignable)
        return unsignable

    return sign


def moved_on(scene: Scene, *, verdict: Forge | None = None, snapshot: Forge | None = None) -> Attestation:
    """The move as a captured application makes it: with a verdict and a snapshot of its own wording."""
    reviewed = verdicts.review(scene.version, to_stage=make.INFERENCE)
    said, seen = reviewed.decision.as_dict(), json.loads(reviewed.evidence_body)
    for forge, text in ((verdict, said), (snapshot, seen)):
        if forge is not None:
            forge(text)
    body = json.dumps(seen, sort_keys=True)
    version = reviewed.version
    kept = EvidenceSnapshot.objects.create(
        version=version,
        to_stage=make.INFERENCE,
        evidence_rev=version.evidence_rev,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
    )
    row = Verdict.objects.create(
        version=version, to_stage=make.INFERENCE, outcome="passed", body=said,
        policy_revision=reviewed.revision, snapshot=kept,
    )  # fmt: skip
    Transition.objects.create(version=version, to_stage=make.INFERENCE, moved_by=scene.cast.ada, verdict=row)
    return Attestation.objects.get(version=version, passed=True)


def signed(row: Attestation) -> tuple[dict[str, Any], dict[str, Any]]:
    """The predicate that was signed, and the answer around it."""
    row.refresh_from_db()
    statement = json.loads(base64.b64decode(json.loads(bytes(row.envelope))["payload"]))
    return statement["predicate"], json.loads(bytes(row.body))


def waive_the_limit(scene: Scene) -> str:
    make.measured(scene.version, by=scene.cast.ada, low=0.6, high=0.7)
    (requirement,) = {name for name in by_python(scene.version) if name.startswith("threshold")}
    make.waived(scene.version, requirement, cast=scene.cast)
    return requirement


def test_an_honest_yes_says_what_the_verdict_said(scene: Scene, notary: Any) -> None:
    scene.sign()
    row = moved_on(scene)
    assert notary() == set()
    predicate, answer = signed(row)
    assert predicate["verifiedLevels"] == ["ASSAY_STAGE_INFERENCE"]
    run = scene.version.evaluations.get()
    assert predicate["inputAttestations"] == [
        {"uri": f"assay:evaluation/{run.pk}", "digest": {"sha256": run.spec_digest}}
    ]
    told = {reason.pop("requirement"): reason for reason in answer["reasons"]}
    assert told.keys() == {item["id"] for item in row.verdict.body["requirements"]}
    assert [told[item["id"]]["found"] for item in row.verdict.body["requirements"]] == [
        item["found"] for item in row.verdict.body["requirements"]
    ]


def test_forged_reasons_are_not_told(scene: Scene, notary: Any) -> None:
    def forge(body: dict[str, Any]) -> None:
        for item in body["requirements"]:
            item |= {"asked": "Nothing", "found": "All is well", "detail": {"low": 1.0}}
        body["outcome"] = "failed"

    scene.sign()
    row = moved_on(scene, verdict=forge)
    assert notary() == set()
    _, answer = signed(row)
    assert answer["outcome"] == "passed"
    assert "All is well" not in str(answer)
    assert any("0.8" in reason["asked"] for reason in answer["reasons"])


def test_a_waiver_is_signed_with_the_end_that_was_granted(scene: Scene, notary: Any) -> None:
    def forge(body: dict[str, Any]) -> None:
        for item in body["requirements"]:
            item["waived_until"] = None
            item["outcome"] = "passed"

    requirement = waive_the_limit(scene)
    scene.sign()
    row = moved_on(scene, verdict=forge, snapshot=lambda body: body.update(waivers=[]))
    assert notary() == set()
    predicate, answer = signed(row)
    granted = scene.version.waivers.get()
    assert predicate["assayWaivers"] == [{"requirement": requirement, "until": granted.expires_at.isoformat()}]
    assert predicate["verifiedLevels"] == ["ASSAY_STAGE_INFERENCE_WAIVED"]
    assert answer["waived"] is True


def invent(body: dict[str, Any]) -> None:
    for one in body["measurements"]:
        one |= {"low": 0.99, "high": 1.0}


def test_numbers_come_from_the_measurements_and_not_from_the_snapshot(scene: Scene, notary: Any) -> None:
    scene.sign()
    row = moved_on(scene, snapshot=invent)
    assert notary() == set()
    _, answer = signed(row)
    (limit,) = [reason for reason in answer["reasons"] if reason["kind"] == "threshold"]
    assert limit["detail"]["low"] == scene.measurement.low


FORGED: dict[str, Forge] = {
    "leaves the runs out": lambda body: body.update(runs=[]),
    "leaves the measurements out": lambda body: body.update(measurements=[]),
    "leaves the documents out": lambda body: body.update(documents=[]),
    "names another policy": lambda body: body["policy"].update(digest="0" * 64),
    "is about other files": lambda body: body["version"].update(root_digest="0" * 64),
    "is about another version": lambda body: body["version"].update(id="x"),
    "is about another stage": lambda body: body.update(to_stage="data"),
    "is empty": lambda body: body.clear(),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_snapshot_that_the_rows_contradict_is_never_signed_and_that_is_on_record(
    scene: Scene, notary: Any, forge: Forge
) -> None:
    scene.sign()
    row = moved_on(scene, snapshot=forge)
    assert notary() == notary() == {row.pk}
    row.refresh_from_db()
    assert row.envelope is None
    event = AuditEvent.objects.get(verb="attestation.signed.refused")
    assert (event.subject_id, event.actor) == (str(row.pk), None)


def test_a_snapshot_that_names_an_older_measurement_is_never_signed(scene: Scene, notary: Any) -> None:
    older = scene.measurement
    make.measured(scene.version, by=scene.cast.ada, low=0.81, high=0.9)
    past_the_triggers(
        "measurement", "update measurement set measured_at = measured_at - interval '1 minute' where version_id = %s",
        scene.version.pk,
    )  # fmt: skip
    scene.sign()
    row = moved_on(scene, snapshot=lambda body: body["measurements"][0].update(id=older.pk))
    assert notary() == {row.pk}


def test_a_policy_whose_text_was_exchanged_is_not_signed(scene: Scene, notary: Any) -> None:
    scene.sign()
    row = moved_on(scene)
    past_the_triggers(
        "policy_revision", "update policy_revision set body = '{}' where id = %s", row.verdict.policy_revision_id
    )
    assert row.pk in notary()


def test_what_happens_after_the_move_changes_nothing_that_is_signed(scene: Scene, notary: Any) -> None:
    scene.sign()
    row = moved_on(scene)
    make.measured(scene.version, by=scene.cast.ada, low=0.1, high=0.2)
    make.risk(scene.version, by=scene.cast.ada, priority="critical")
    become_author(scene)
    make.card(scene.version, by=scene.cast.ada)
    assert row.pk not in notary()
    assert signed(row)[0]["verificationResult"] == "PASSED"


def test_a_forged_no_tells_the_real_one(scene: Scene, notary: Any) -> None:
    reviewed = verdicts.review(scene.version, to_stage=make.INFERENCE)
    assert notary() == set()
    row = Verdict.objects.create(
        version=reviewed.version, to_stage=make.INFERENCE, outcome="failed",
        body={"requirements": [], "waived": [], "outcome": "failed"},
        policy_revision=reviewed.revision, snapshot=verdicts.take_snapshot(reviewed),
    )  # fmt: skip
    no = Attestation.objects.create(version=reviewed.version, stage=make.INFERENCE, verdict=row)
    assert notary() == set()
    predicate, answer = signed(no)
    assert (predicate["verificationResult"], predicate["assayOutcome"]) == ("FAILED", "undecided")
    assert {reason["requirement"] for reason in answer["reasons"]} == by_python(scene.version)
