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
from registry.services import attestations, lifecycle, people, verdicts
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


def moved_on(
    scene: Scene, *, verdict: Forge | None = None, snapshot: Forge | None = None, text: str | None = None
) -> Attestation:
    """The move as a captured application makes it: with a verdict and a snapshot of its own wording."""
    reviewed = verdicts.review(scene.version, to_stage=make.INFERENCE)
    said, seen = reviewed.decision.as_dict(), json.loads(reviewed.evidence_body)
    for forge, told in ((verdict, said), (snapshot, seen)):
        if forge is not None:
            forge(told)
    body = json.dumps(seen, sort_keys=True) if text is None else text
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


def waive_the_limit(scene: Scene, *, grants: int = 2) -> str:
    make.measured(scene.version, by=scene.cast.ada, low=0.6, high=0.7)
    (requirement,) = {name for name in by_python(scene.version) if name.startswith("threshold")}
    make.waived(scene.version, requirement, cast=scene.cast, grants=grants)
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


def test_a_waiver_is_signed_for_no_longer_than_the_judge_took_it(scene: Scene, notary: Any) -> None:
    """A later end was granted by two as well, of whom one had become an author since: the judge took the sooner one."""
    cast = scene.cast
    requirement = waive_the_limit(scene, grants=0)
    sooner = scene.version.waivers.get()
    later = make.waived(scene.version, requirement, cast=cast, hours=48, grants=0)
    third = people.add_member(cast.lending, person=cast.eve, role="reviewer", by=cast.joan).person
    for waiver, granting in ((sooner, cast.grace), (sooner, cast.alan), (later, cast.alan), (later, third)):
        lifecycle.grant_waiver(waiver, proof=make.proof(granting), by=granting)
    past_the_triggers(
        "authorship",
        "insert into authorship (version_id, person_id, why) values (%s, %s, 'rated a risk')",
        scene.version.pk, third.pk,
    )  # fmt: skip
    scene.sign()
    row = moved_on(scene)
    assert row.expires_at == sooner.expires_at
    assert notary() == set()
    predicate, _ = signed(row)
    assert predicate["assayWaivers"] == [{"requirement": requirement, "until": sooner.expires_at.isoformat()}]


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
    "names no policy": lambda body: body.update(policy=None),
    "has a word for a policy": lambda body: body.update(policy="policy"),
    "has a run without a proper name": lambda body: body["runs"].append({"id": "x", "state": "done", "failure": ""}),
    "has a run in a state of its own": lambda body: body["runs"][0].update(state="won"),
    "says that a run failed for a number": lambda body: body["runs"][0].update(failure=1),
    "has a list for a run": lambda body: body["runs"].append([]),
    "has an object for the runs": lambda body: body.update(runs={}),
    "has more runs than can be looked up": lambda body: body.update(runs=body["runs"] * 50_001),
    "has a list for a measurement": lambda body: body["measurements"].append({"id": [1]}),
    "has a measurement beyond every number": lambda body: body["measurements"].append({"id": 10**30}),
    "has a measurement below every number": lambda body: body["measurements"].append({"id": -(10**30)}),
    "has a yes for a measurement": lambda body: body["measurements"].append({"id": True}),
    "has a word for a document's revision": lambda body: body["documents"][0].update(revision="1"),
    "has no text for a document's name": lambda body: body["documents"][0].update(subject=None),
    "has a level for no aspect": lambda body: body.update(needs=["high"]),
    "has a number for a need": lambda body: body.update(needs={"fairness": 1}),
    "has a word for a yes": lambda body: body.update(has_assessment="yes"),
    "begins at a stage that is none": lambda body: body["version"].update(stage="a\x00b"),
    "has a risk of nothing it knows": lambda body: body["risks"].append({"a\x00b": 1}),
    "has a risk of a priority of its own": lambda body: body["risks"].append(
        {"id": 1, "issue": "", "priority": "none", "has_treatment": True, "has_owner": True}
    ),
    "has half a character": lambda body: body["version"].update(id="\ud800"),
}
NO_SNAPSHOTS = {
    "a list": "[]",
    "nothing": "",
    "a number that is too long": "1" * 5_000,
    "a list in a list in a list": '{"version": ' + "[" * 100_000 + "]" * 100_000 + "}",
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


@pytest.mark.parametrize("text", NO_SNAPSHOTS.values(), ids=NO_SNAPSHOTS)
def test_a_text_that_is_no_snapshot_is_never_signed(scene: Scene, notary: Any, text: str) -> None:
    scene.sign()
    assert moved_on(scene, text=text).pk in notary()


def test_a_failure_that_nobody_thought_of_stops_neither_the_notary_nor_the_others(scene: Scene, notary: Any) -> None:
    """As a text that the application let in where the database has no rule for it."""
    scene.sign()
    row = moved_on(scene)
    past_the_triggers(
        "measurement", "update measurement set assurance = 'unheard-of' where version_id = %s", scene.version.pk
    )
    assert row.pk in notary()
    event = AuditEvent.objects.get(verb="attestation.signed.refused", subject_id=str(row.pk))
    assert "its rows can't be read (KeyError)" in event.body


def test_a_snapshot_that_names_an_older_measurement_is_never_signed(scene: Scene, notary: Any) -> None:
    """Whenever its verdict was stored: here at the beginning of the transaction, before both were measured."""
    older = scene.measurement
    make.measured(scene.version, by=scene.cast.ada, low=0.81, high=0.9)
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
