"""The signed answer to "may this be used": an in-toto Statement with a SLSA verification summary, as plain dicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
LONGEST_VALIDITY = timedelta(days=30)
MAX_STATEMENT_BYTES = 1024 * 1024


class InvalidStatement(ValueError):
    """The bytes hold no statement of ours that could be read in one way only."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """Something the verdict rests on, such as an evaluation: where it is and its SHA-256."""

    uri: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class VerdictFacts:
    """What is attested about one version at one stage. Times are aware; digests are lower-case hex.

    `approved_until` is when the approval itself ends, where it does; the statement may end before and be signed anew.
    `waivers` are JSON objects of the accepted exceptions. `standing` matters to a no: a version that passed and was
    then suspended or withdrawn is attested with that standing, and fails.
    """

    name: str
    root_digest: str
    manifest_digest: str
    evidence_digest: str
    stage: str
    outcome: Literal["passed", "failed", "undecided"]
    decided_at: datetime
    expires_at: datetime
    verifier_uri: str
    policy_uri: str
    policy_digest: str
    approved_until: datetime | None = None
    standing: str = "good"
    inputs: Sequence[Input] = ()
    waivers: Sequence[Mapping[str, Any]] = ()
    checkpoint: str = ""

    @property
    def is_approval(self) -> bool:
        """Only a passed verdict on a version in good standing approves."""
        return self.outcome == "passed" and self.standing == "good"


def stage_level(stage: str, *, waived: bool = False) -> str:
    """The verified level that says a stage was reached; a waived approval has a level of its own."""
    return f"ASSAY_STAGE_{stage.upper()}" + ("_WAIVED" if waived else "")


def valid_until(facts: VerdictFacts) -> datetime:
    """When the attestation ends: with the approval, but no later than thirty days after the decision."""
    return min(facts.expires_at, facts.decided_at + LONGEST_VALIDITY)


def verdict_statement(facts: VerdictFacts) -> dict[str, Any]:
    """Build the statement: PASSED for an approval, FAILED for every other answer.

    What restricts an approval stands in the fields that every consumer reads (result and level); the fields that begin
    with `assay` only add to them. ValueError for a time without a zone.
    """
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": facts.name, "digest": {"sha256": facts.root_digest}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": _common_fields(facts) | (_approval(facts) if facts.is_approval else _refusal(facts)),
    }


def timestamp(moment: datetime) -> str:
    """Write an aware time in UTC to the second, ending in Z."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone can't be attested")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed, with the lengths that keep type and payload apart."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_statement(payload: bytes) -> dict[str, Any]:
    """Read a statement from verified bytes; InvalidStatement for repeated keys, NaN, another type or version."""
    if len(payload) > MAX_STATEMENT_BYTES:
        raise InvalidStatement(f"the statement is over {MAX_STATEMENT_BYTES} bytes")
    try:
        statement = json.loads(payload.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidStatement(f"the statement can't be read: {error}") from error
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:
        raise InvalidStatement(f"this is no {STATEMENT_TYPE}")
    if statement.get("predicateType") != PREDICATE_TYPE:
        raise InvalidStatement(f"the predicate is no {PREDICATE_TYPE}")
    return statement


def _common_fields(facts: VerdictFacts) -> dict[str, Any]:
    return {
        "verifier": {"id": facts.verifier_uri},
        "timeVerified": timestamp(facts.decided_at),
        "resourceUri": f"assay:{facts.name}",
        "policy": {"uri": facts.policy_uri, "digest": {"sha256": facts.policy_digest}},
        "inputAttestations": [{"uri": item.uri, "digest": {"sha256": item.sha256}} for item in facts.inputs],
        "assayExpiresAt": timestamp(valid_until(facts)),
        "assayManifest": {"sha256": facts.manifest_digest},
        "assayEvidence": {"sha256": facts.evidence_digest},
        "assayWaivers": [dict(waiver) for waiver in facts.waivers],
        "assayCheckpoint": facts.checkpoint,
    }


def _approval(facts: VerdictFacts) -> dict[str, Any]:
    level = stage_level(facts.stage, waived=bool(facts.waivers))
    until = {"assayApprovedUntil": timestamp(facts.approved_until)} if facts.approved_until else {}
    return {"verificationResult": "PASSED", "verifiedLevels": [level], **until}


def _refusal(facts: VerdictFacts) -> dict[str, Any]:
    return {
        "verificationResult": "FAILED",
        "verifiedLevels": ["FAILED"],
        "assayStage": facts.stage,
        "assayOutcome": facts.outcome,
        "assayStanding": facts.standing,
    }


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
