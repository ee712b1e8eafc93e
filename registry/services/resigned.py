"""A yes that was signed before and is asked for again: the same statement with new dates, not a new decision.

What was decided then was decided by the code and the rows of then; a later release may read them otherwise.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from registry.cards.statements import LONGEST_VALIDITY, parse_statement, stage_level, timestamp
from registry.models import Attestation
from registry.models.choices import Standing
from registry.services.seen import Contradiction


def signed_before(row: Attestation) -> Attestation | None:
    """The newest signed answer about the same move, if there is one."""
    if row.transition_id is None:
        return None
    earlier = Attestation.objects.filter(transition=row.transition_id, passed=True, seq__lt=row.seq)
    return earlier.exclude(envelope=None).order_by("-seq").first()


def statement_again(row: Attestation, earlier: Attestation, *, verifier_uri: str) -> dict[str, Any]:
    """What was signed before, with the dates of `row`; Contradiction where it says something else.

    Only the notary's login can write an envelope, and only once.
    """
    statement = parse_statement(base64.b64decode(json.loads(bytes(earlier.envelope or b""))["payload"]))
    _check(row, earlier, statement)
    dates = {"timeVerified": timestamp(row.created_at), "assayExpiresAt": timestamp(_end(row))}
    return statement | {"predicate": statement["predicate"] | dates | {"verifier": {"id": verifier_uri}}}


def _end(row: Attestation) -> datetime:
    longest: datetime = row.created_at + LONGEST_VALIDITY
    return longest if row.expires_at is None else min(row.expires_at, longest)


def _check(row: Attestation, earlier: Attestation, statement: Mapping[str, Any]) -> None:
    """Names, kind and standing: it is this version, these files and this stage, under a waiver where the move was."""
    names = ("version_id", "stage", "verdict_id", "root_digest", "expires_at", "passed")
    if any(getattr(row, name) != getattr(earlier, name) for name in names):
        raise Contradiction("its earlier answer is about something else")
    predicate, move = statement["predicate"], row.transition
    subject = [{"name": str(row.version), "digest": {"sha256": row.root_digest}}]
    if statement["subject"] != subject or predicate["resourceUri"] != f"assay:{row.version}":
        raise Contradiction("its earlier statement is about something else")
    level = stage_level(row.stage, waived=move is not None and move.kind == "waived")
    if (predicate["verificationResult"], predicate["verifiedLevels"]) != ("PASSED", [level]):
        raise Contradiction("its earlier statement is another answer")
    if (row.version.standing, row.version.stage) != (Standing.GOOD, row.stage):
        raise Contradiction("its version is no longer in use and in good standing")
