"""The newest answer about a version, and whether it may be served at this moment."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from registry.models import Attestation, AuditEvent
from registry.models.choices import Standing

# A yes that is being signed anew for a longer time doesn't hide the signed one, which still runs.
NOT_A_RENEWAL = """not (attestation.passed and attestation.body is null and exists (
  select from attestation b where b.version_id = attestation.version_id and b.stage = attestation.stage
     and b.seq < attestation.seq and b.passed and b.body is not null and b.expires_at > clock_timestamp()))"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The newest answer about a version and a stage, with what decides at this moment whether it may be served."""

    pk: UUID
    passed: bool
    root_digest: str | None
    body: bytes | None
    etag: str | None
    standing: str
    is_running: bool

    @property
    def is_pending(self) -> bool:
        """Whether the notary has still to sign it."""
        return self.root_digest is not None and self.body is None


def newest(rows: QuerySet[Attestation]) -> Answer | None:
    """The newest of some answers, with whether it still runs by the database's clock."""
    rows = rows.extra(where=[NOT_A_RENEWAL])  # noqa: S610 - a constant
    row = rows.select_related("version").order_by("-seq").first()
    if row is None:
        return None
    running = Attestation.objects.extra(where=["expires_at > clock_timestamp()"])
    return Answer(
        pk=row.pk,
        passed=row.passed,
        root_digest=row.root_digest,
        body=row.body,
        etag=row.etag,
        standing=row.version.standing,
        is_running=running.filter(pk=row.pk).exists(),
    )


def why_over(answer: Answer) -> tuple[str, str] | None:
    """One word and one sentence about why an answer holds no longer; None for one that does."""
    if answer.passed and not answer.is_running and answer.standing != Standing.WITHDRAWN:
        return "expired", "It may not be used: its approval has expired."
    if answer.standing != Standing.GOOD:
        return answer.standing, f"It may not be used: its standing is {answer.standing}."
    return None


def why_unsigned(answer: Answer) -> tuple[str, str] | None:
    """The same about an answer that the notary did not sign, yet or at all; None for one that it did."""
    if not answer.is_pending:
        return None
    refused = {"verb": "attestation.signed.refused", "subject_kind": "attestation", "subject_id": str(answer.pk)}
    event = AuditEvent.objects.filter(**refused).order_by("-id").first()
    if event is None:
        return "pending", "The answer is being signed. Ask again in a few seconds."
    return "unsignable", str(json.loads(event.body)["detail"]["why"])
