import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cards.canonical import canonical_bytes
from registry.cards.statements import (
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    Input,
    InvalidStatement,
    VerdictFacts,
    pae,
    parse_statement,
    stage_level,
    timestamp,
    valid_until,
    verdict_statement,
)

DECIDED = datetime(2026, 11, 20, 9, 30, 15, 999_999, tzinfo=UTC)
FACTS = VerdictFacts(
    name="lending/mortgage-approval@2",
    root_digest="a" * 64,
    manifest_digest="b" * 64,
    evidence_digest="c" * 64,
    stage="inference",
    outcome="passed",
    decided_at=DECIDED,
    expires_at=DECIDED + timedelta(days=10),
    verifier_uri="https://assay.example/notary/k",
    policy_uri="assay:policy/lending@3",
    policy_digest="d" * 64,
    inputs=(Input(uri="assay:evaluation/1", sha256="e" * 64),),
    checkpoint="12 abc=",
)


def predicate(**changes):
    return verdict_statement(replace(FACTS, **changes))["predicate"]


def test_an_approval_has_exactly_the_fields_of_the_format():
    assert verdict_statement(FACTS) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "lending/mortgage-approval@2", "digest": {"sha256": "a" * 64}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": "https://assay.example/notary/k"},
            "timeVerified": "2026-11-20T09:30:15Z",
            "resourceUri": "assay:lending/mortgage-approval@2",
            "policy": {"uri": "assay:policy/lending@3", "digest": {"sha256": "d" * 64}},
            "inputAttestations": [{"uri": "assay:evaluation/1", "digest": {"sha256": "e" * 64}}],
            "verificationResult": "PASSED",
            "verifiedLevels": ["ASSAY_STAGE_INFERENCE"],
            "assayExpiresAt": "2026-11-30T09:30:15Z",
            "assayManifest": {"sha256": "b" * 64},
            "assayEvidence": {"sha256": "c" * 64},
            "assayWaivers": [],
            "assayCheckpoint": "12 abc=",
        },
    }


def test_a_waived_approval_has_a_level_of_its_own_instead_of_the_plain_one():
    waiver = {"requirement": "threshold:7", "until": "2026-11-25T00:00:00Z"}
    assert predicate(waivers=[waiver])["verifiedLevels"] == ["ASSAY_STAGE_INFERENCE_WAIVED"]
    assert predicate(waivers=[waiver])["assayWaivers"] == [waiver]


@pytest.mark.parametrize("outcome", ["failed", "undecided"])
def test_every_other_outcome_is_a_signed_no(outcome):
    said = predicate(outcome=outcome)
    assert said["verificationResult"] == "FAILED"
    assert said["verifiedLevels"] == ["FAILED"]
    assert (said["assayStage"], said["assayOutcome"], said["assayStanding"]) == ("inference", outcome, "good")


@pytest.mark.parametrize("standing", ["suspended", "withdrawn", "anything else"])
def test_a_version_that_is_not_in_good_standing_is_never_attested_as_passed(standing):
    assert predicate(standing=standing)["verificationResult"] == "FAILED"
    assert predicate(standing=standing)["assayStanding"] == standing


def test_no_level_begins_with_slsa():
    assert stage_level("preprocessing") == "ASSAY_STAGE_PREPROCESSING"
    assert not stage_level("slsa").startswith("SLSA_")


def test_an_attestation_never_outlives_thirty_days():
    assert valid_until(replace(FACTS, expires_at=DECIDED + timedelta(days=400))) == DECIDED + timedelta(days=30)
    assert valid_until(FACTS) == DECIDED + timedelta(days=10)


def test_times_are_written_in_utc_and_need_a_zone():
    assert timestamp(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        timestamp(datetime(2026, 1, 1))


def test_the_signed_bytes_keep_type_and_payload_apart():
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "
    assert pae("a b", b"c") != pae("a", b"b c")


def test_a_statement_reads_back_as_it_was_written():
    statement = verdict_statement(FACTS)
    assert parse_statement(canonical_bytes(statement)) == statement


HEAD = f'"_type":"{STATEMENT_TYPE}","predicateType":"{PREDICATE_TYPE}"'


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{" * 100_000,
        b"[" * 100_000,
        b" " * (1024 * 1024 + 1),
        f"{{{HEAD}}} trailing".encode(),
        f'{{{HEAD},"_type":"{STATEMENT_TYPE}"}}'.encode(),
        f'{{{HEAD},"predicate":{{"a":1,"a":1}}}}'.encode(),
        f'{{{HEAD},"predicate":{{"b":[{{"a":1,"\\u0061":2}}]}}}}'.encode(),
        f'{{{HEAD},"predicate":NaN}}'.encode(),
        f'{{{HEAD},"predicate":-Infinity}}'.encode(),
        f"{{{HEAD}}}".replace("Statement/v1", "Statement/v2").encode(),
        f"{{{HEAD}}}".replace("summary/v1", "summary/v2").encode(),
    ],
)
def test_what_is_no_statement_or_could_be_read_twice_is_refused(payload):
    with pytest.raises(InvalidStatement):
        parse_statement(payload)


def test_a_minimal_statement_is_accepted():
    assert parse_statement(f"{{{HEAD}}}".encode())["_type"] == STATEMENT_TYPE


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: json.dumps({"_type": text}).encode()))
def test_foreign_bytes_are_refused_and_never_crash(payload):
    with pytest.raises(InvalidStatement):
        parse_statement(payload)
