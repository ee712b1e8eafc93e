"""The notary's work: deriving each pending statement again from what the judge let through, and storing it signed."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from registry.cards.statements import VerdictFacts, verdict_statement
from registry.exceptions import NotNow
from registry.models import Attestation, AuditEvent, SigningKey
from registry.services import audit
from registry.services.judged import Judged, decide_again

LONGEST_NO = timedelta(days=30)
Sign = Callable[[Mapping[str, Any]], dict[str, Any]]

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
    with connection.cursor() as cursor:
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
            raise NotNow(f"The notary does not sign it: {error.__cause__}.")


def _sign_oldest(sign: Sign, *, key_id: str, unsignable: set[UUID]) -> Attestation | None:
    with transaction.atomic():
        pending = Attestation.objects.filter(envelope=None, root_digest__isnull=False).exclude(pk__in=unsignable)
        row = pending.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("seq").first()
        if row is None:
            return None
        try:
            judged = decide_again(row)
            statement = verdict_statement(_facts(row, judged, key_id))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnsignableAnswer(row.pk) from error
        _store(row, sign(statement), key_id, said=judged.decision.as_dict())
    return row


def _store(row: Attestation, envelope: dict[str, Any], key_id: str, *, said: Mapping[str, Any]) -> None:
    body = json.dumps(answer(row, envelope, said=said), sort_keys=True, separators=(",", ":")).encode()
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
        verifier_uri=f"{settings.PUBLIC_URL}/notary/{key_id}",
        policy_uri=f"assay:policy/{revision.policy}/{revision.number}" if revision else "assay:policy/none",
        policy_digest=revision.digest if revision else hashlib.sha256(b"").hexdigest(),
        inputs=judged.inputs,
        waivers=[{"requirement": name, "until": until.isoformat()} for name, until in waived if until],
    )


def answer(row: Attestation, envelope: dict[str, Any], *, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the verdict's address answers: yes or no, the reasons in words and fields, the signed statement.

    `said` is the decision as the notary came to it; without it the verdict's own text is told.
    """
    verdict, version = row.verdict, row.version
    said = verdict.body if said is None else said
    approved = bool(row.passed)
    unmet = [item for item in said["requirements"] if item["outcome"] != "passed" and not item["waived_until"]]
    return {
        "approved": approved,
        "outcome": said["outcome"],
        "version": str(version),
        "version_id": str(version.pk),
        "stage": row.stage,
        "at_stage": row.stage if approved else json.loads(verdict.snapshot.body)["version"]["stage"],
        "standing": "good",
        "waived": bool(said["waived"]),
        "root_digest": row.root_digest,
        "decided_at": verdict.decided_at.isoformat(),
        "signed_at": timezone.now().isoformat(),
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "summary": summary(row, unmet=len(unmet), waived=bool(said["waived"])),
        "reasons": [_reason(item) for item in (said["requirements"] if approved else unmet)],
        "attestation": envelope,
    }


def summary(row: Attestation, *, unmet: int, waived: bool) -> str:
    """One sentence for people."""
    name, stage = str(row.version), row.stage
    if row.passed:
        return f"{name} may be used for {stage}{' under a waiver' if waived else ''}: {_dates(row)}."
    if not unmet:
        return f"{name} may not be used for {stage} yet: every requirement is met, but nobody has moved it there."
    things = "one requirement is" if unmet == 1 else f"{unmet} requirements are"
    return f"{name} may not be used for {stage}: {things} not met."


def _dates(row: Attestation) -> str:
    """How long a yes lasts, in the words of `verify.py`: the approval, and the signed answer about it."""
    signed = row.created_at + LONGEST_NO
    if row.expires_at is None:
        return f"this signed answer is valid until {_minute(signed)} (renewed while the approval lasts)"
    renewed = " (renewed while the approval lasts)" if signed < row.expires_at else ""
    until = _minute(min(signed, row.expires_at))
    return f"approved until {_minute(row.expires_at)}; this signed answer is valid until {until}{renewed}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _reason(item: dict[str, Any]) -> dict[str, Any]:
    kept = ("kind", "asked", "found", "outcome", "unblock", "waived_until", "detail")
    return {"requirement": item["id"], **{name: item[name] for name in kept}}
