"""The notary's work: deriving each pending statement again from what the judge let through, and storing it signed."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction

from registry.cards.statements import VerdictFacts, verdict_statement
from registry.exceptions import NotNow
from registry.models import Attestation, AuditEvent, SigningKey
from registry.services import audit
from registry.services.judged import Judged, decide_again
from registry.services.resigned import signed_before, statement_again
from registry.services.seen import Contradiction
from registry.services.told import LONGEST_NO, answer, dated

Sign = Callable[[Mapping[str, Any]], dict[str, Any]]
# Whatever the content of rows can make of reading it. That the database or the key can't be reached is none of it.
MADE_BY_CONTENT = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, ValidationError, DataError,
)  # fmt: skip

logger = logging.getLogger(__name__)


class UnsignableAnswer(ValueError):
    """The rows behind an answer don't make a statement."""

    def __init__(self, pk: UUID) -> None:
        super().__init__(f"answer {pk}")
        self.pk = pk


def register_key(*, key_id: str, public_pem: str) -> SigningKey:
    """Make the public half of the notary's key known."""
    if known := SigningKey.objects.filter(key_id=key_id).first():
        return known
    try:
        with transaction.atomic():
            key = SigningKey.objects.create(key_id=key_id, public_pem=public_pem)
            audit.record("signing_key.registered", subject=key, actor=None)
    except IntegrityError:  # another notary was first
        return SigningKey.objects.get(key_id=key_id)
    return key


def renew() -> int:
    """Ask the database for new rows of approvals that outlast their signed statements; how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select renew_attestations()")
        return int(cursor.fetchone()[0])


def sign_pending(sign: Sign, *, key_id: str, unsignable: set[UUID], most: int = 100) -> int:
    """Let `sign` put its envelope around up to `most` pending answers, oldest first; how many. Two may run at once.

    An answer of which no statement can be made stays pending, is named in the log and put into `unsignable`, which the
    caller keeps between calls: it never holds up the others.
    """
    signed = 0
    while signed < most:
        try:
            row = _sign_oldest(sign, key_id=key_id, unsignable=unsignable)
        except UnsignableAnswer as error:
            logger.exception("no statement can be made of %s", error.pk)
            unsignable.add(error.pk)
            report(error)
            continue
        if row is None:
            break
        signed += 1
    return signed


def report(error: UnsignableAnswer) -> None:
    """Put on record, once for each answer, that it was not signed, and why."""
    row = Attestation.objects.get(pk=error.pk)
    told = AuditEvent.objects.filter(verb="attestation.signed.refused", subject_id=str(row.pk))
    if not told.exists():
        with suppress(NotNow), audit.acting("attestation.signed", by=None, on=row):
            raise NotNow(f"The notary does not sign it: {_in_words(error.__cause__)}.")


def _in_words(cause: BaseException | None) -> str:
    # Other errors repeat what they stumbled over, which may be no text at all.
    return str(cause) if isinstance(cause, Contradiction) else f"its rows can't be read ({type(cause).__name__})"


def _sign_oldest(sign: Sign, *, key_id: str, unsignable: set[UUID]) -> Attestation | None:
    with transaction.atomic():
        pending = Attestation.objects.filter(envelope=None, root_digest__isnull=False).exclude(pk__in=unsignable)
        row = pending.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("seq").first()
        if row is None:
            return None
        try:
            statement, told = _made(row, key_id)
        except MADE_BY_CONTENT as error:
            raise UnsignableAnswer(row.pk) from error
        _store(row, told, sign(statement), key_id)
    return row


def _made(row: Attestation, key_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The statement to sign and the answer to put it in."""
    earlier = signed_before(row)
    if earlier is not None:
        statement = statement_again(row, earlier, verifier_uri=_verifier(key_id))
        told = json.loads(bytes(earlier.body or b""))
        return statement, told | dated(row)
    judged = decide_again(row)
    return verdict_statement(_facts(row, judged, key_id)), answer(row, {}, said=judged.decision.as_dict())


def _verifier(key_id: str) -> str:
    return f"{settings.PUBLIC_URL}/notary/{key_id}"


def _store(row: Attestation, told: dict[str, Any], envelope: dict[str, Any], key_id: str) -> None:
    body = json.dumps(told | {"attestation": envelope}, sort_keys=True, separators=(",", ":")).encode()
    sealed = json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode()
    with connection.cursor() as cursor:
        # The columns are marked as the database's own, so the framework would leave them out of an update of its own.
        cursor.execute(
            "update attestation set envelope = %s, body = %s, etag = %s, key_id = %s where id = %s",
            [sealed, body, hashlib.sha256(body).hexdigest()[:32], key_id, row.pk],
        )


def _facts(row: Attestation, judged: Judged, key_id: str) -> VerdictFacts:
    """The statement's content, from rows. A yes rests on a transition, which stands only if it was judged."""
    verdict, version = row.verdict, row.version
    revision, artifact = verdict.policy_revision, version.artifact
    approved = row.passed and row.transition is not None
    decided_at = row.created_at
    assert row.root_digest is not None  # noqa: S101 - only rows with a digest are signed
    assert artifact is not None  # noqa: S101 - a digest comes from an artifact
    waived = [(item.id, item.waived_until) for item in judged.decision.waived]
    return VerdictFacts(
        name=str(version),
        root_digest=row.root_digest,
        manifest_digest=artifact.manifest_digest,
        evidence_digest=verdict.snapshot.digest,
        stage=row.stage,
        outcome="passed" if approved else ("failed" if judged.decision.outcome == "failed" else "undecided"),
        decided_at=decided_at,
        expires_at=row.expires_at or decided_at + LONGEST_NO,
        approved_until=row.expires_at,
        verifier_uri=_verifier(key_id),
        policy_uri=f"assay:policy/{revision.policy}/{revision.number}" if revision else "assay:policy/none",
        policy_digest=revision.digest if revision else hashlib.sha256(b"").hexdigest(),
        inputs=judged.inputs,
        waivers=[{"requirement": name, "until": until.isoformat()} for name, until in waived if until],
    )
