"""The newest answer about a version, and whether it may be served at this moment."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from registry.api.problems import MEDIA_TYPE, details
from registry.models import Attestation
from registry.models.choices import Standing

# A yes that is being signed anew for a longer time doesn't hide the signed one, which still runs.
NOT_A_RENEWAL = """not (attestation.passed and attestation.body is null and exists (
  select from attestation b where b.transition_id = attestation.transition_id and b.body is not null
     and b.expires_at > clock_timestamp()))"""


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


def newest(rows: QuerySet[Attestation]) -> Answer | None:
    """The newest of some answers, with whether it still runs by the database's clock."""
    rows = rows.extra(where=[NOT_A_RENEWAL])  # noqa: S610 - a constant
    row = rows.select_related("version").order_by("-seq").first()
    if row is None:
        return None
    running = Attestation.objects.extra(where=["expires_at > clock_timestamp()"])
    return Answer(
        pk=row.pk, passed=row.passed, root_digest=row.root_digest, body=row.body, etag=row.etag,
        standing=row.version.standing, is_running=running.filter(pk=row.pk).exists(),
    )  # fmt: skip


def why_not(request: HttpRequest, answer: Answer) -> HttpResponse | None:
    """The problem that keeps an answer from being served now; None if nothing does."""
    if answer.standing != Standing.GOOD:
        said = f"It may not be used: its standing is {answer.standing}."
        return refusal(request, 409, answer.standing, "Not approved", said, approved=False, standing=answer.standing)
    if answer.passed and not answer.is_running:
        said = "It may not be used: its approval has expired."
        return refusal(request, 409, "expired", "Not approved", said, approved=False, standing=answer.standing)
    if answer.root_digest is not None and answer.body is None:
        said = "The answer is being signed. Ask again in a few seconds."
        return refusal(request, 503, "pending", "Not yet signed", said, Retry_After="5")
    return None


def refusal(request: HttpRequest, status: int, kind: str, title: str, said: str, **more: Any) -> HttpResponse:
    """Problem details. What begins with a capital letter is a header."""
    headers = {name.replace("_", "-"): more.pop(name) for name in list(more) if name[0].isupper()}
    body = details(status, kind=kind, title=title, detail=said, instance=request.path, **more)
    return HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE, headers=headers)
