"""May this model be used, and why? One row, answered as the bytes that were signed.

A plain view: a token asks in one statement, which joins it to the newest answer and to the version's standing at this
moment. A yes is never served past its expiry, nor once the standing is not good.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from registry.api.answers import refusal, why_not
from registry.api.authentication import bearer_secret
from registry.api.limits import address_of, count, is_over, seconds_left
from registry.api.names import split_version
from registry.api.problems import UNKNOWN
from registry.models import Attestation, ModelVersion
from registry.models.choices import Stage
from registry.services import people
from registry.services.answers import NOT_A_RENEWAL, Answer, newest
from registry.services.told import answer as told

DIGEST = re.compile(r"[0-9a-f]{64}")
CHALLENGE = 'Bearer realm="assay"'
BY_NAME = """join registered_model m on m.id = v.model_id join team g on g.id = v.team_id
     where g.slug = %s and m.slug = %s and v.label = %s"""
BY_DIGEST = "where attestation.root_digest = %s"
ASK = """
select t.id, p.is_active and t.revoked_at is null and t.expires_at > now(), 'verdict:read' = any(t.scopes),
       coalesce(t.last_used_at < now() - interval '1 minute', true), x.*
  from token t join person p on p.id = t.acts_as_id
  left join lateral (
    select attestation.id, attestation.passed, attestation.root_digest, attestation.body, attestation.etag, v.standing,
           coalesce(attestation.expires_at > clock_timestamp(), false)
      from attestation join model_version v on v.id = attestation.version_id {which}
       and attestation.stage = %s and v.team_id = any(t.team_ids) and exists (
       select from membership s where s.team_id = v.team_id and s.person_id = t.acts_as_id and s.ended_at is null)
       and {not_a_renewal}
     order by attestation.seq desc limit 1) x on true
 where t.digest = %s"""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: a version by its name or its files' digest, and a stage."""

    name: str
    digest: str
    stage: str

    @property
    def which(self) -> tuple[str, tuple[str, ...]]:
        """The condition and its values."""
        parts = split_version(self.name)
        return (BY_NAME, parts) if parts else (BY_DIGEST, (self.digest,))


class Stop(Exception):
    """The question ends here, with this response."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


@csrf_exempt
def verdict(request: HttpRequest) -> HttpResponse:
    """`?name=team/model@version` or `?digest=`, and `&stage=`; for a token with verdict:read, or a person's session."""
    try:
        if request.method not in ("GET", "HEAD"):
            said = "Ask with GET."
            raise Stop(refusal(request, 405, "method-not-allowed", "Method not allowed", said, Allow="GET, HEAD"))
        answer = find(request)
        barred = why_not(request, answer)
        response = barred or (unsigned(answer) if answer.root_digest is None else signed(request, answer))
    except Stop as stop:
        response = stop.response
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization, Cookie"
    return response


def find(request: HttpRequest) -> Answer:
    """The newest answer to the question, for whoever asks."""
    secret = bearer_secret(request.headers.get("Authorization", "").encode("latin-1", errors="replace"))
    if secret is None and not request.user.is_authenticated:
        raise Stop(unknown_caller(request, "Send a token, or log in."))
    question = read_question(request)
    answer = asked_by_person(request, question) if secret is None else asked_by_token(request, secret, question)
    if answer is None:
        raise Stop(refusal(request, 404, "not-found", "Not found", UNKNOWN))
    return answer


def read_question(request: HttpRequest) -> Question:
    """What the query says; exactly one of name and digest."""
    query = {key: request.GET.get(key, "") for key in ("name", "digest", "stage")}
    errors = {key: ["unknown parameter"] for key in request.GET if key not in query}
    question = Question(**(query | {"stage": query["stage"] or Stage.INFERENCE}))
    if bool(question.name) == bool(question.digest):
        errors["name"] = ["give exactly one of name and digest"]
    elif question.name and (split_version(question.name) is None or "\x00" in question.name):
        errors["name"] = ["written as team/model@version"]
    elif question.digest and not DIGEST.fullmatch(question.digest):
        errors["digest"] = ["64 lower-case hex digits"]
    if question.stage not in Stage.values:
        errors["stage"] = [f"one of {', '.join(Stage.values)}"]
    if errors:
        said = "; ".join(f"{key}: {reasons[0]}" for key, reasons in errors.items())
        raise Stop(refusal(request, 400, "invalid-input", "What was sent can't be used", said, errors=errors))
    return question


def asked_by_token(request: HttpRequest, secret: str, question: Question) -> Answer | None:
    """One statement: the token, the answer and the standing."""
    address = address_of(request)
    if is_over("bad_token", address):
        wait = str(seconds_left())
        raise Stop(refusal(request, 429, "throttled", "Too many requests", "Too many wrong tokens.", Retry_After=wait))
    condition, values = question.which
    statement = ASK.format(which=condition, not_a_renewal=NOT_A_RENEWAL)
    row = one_row(statement, [*values, question.stage, people.token_digest(secret)])
    if row is None or not row[1]:
        count("bad_token", address)
        raise Stop(unknown_caller(request, "This token is unknown, has ended or was revoked."))
    if not row[2]:
        raise Stop(
            refusal(
                request, 403, "permission-denied", "You may not do this", "This token lacks the scope verdict:read."
            )
        )
    if row[3]:
        people.note_token_use(row[0])
    if row[4] is None:
        return None
    pk, passed, root_digest, body, etag, standing, is_running = row[4:]
    return Answer(
        pk=pk, passed=passed, root_digest=root_digest, body=body, etag=etag, standing=standing, is_running=is_running
    )


def one_row(statement: str, values: list[object]) -> tuple[Any, ...] | None:
    """Its one row. The statement is planned once for each connection: planning costs more than running it."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(statement, values, prepare=True).fetchone()


def asked_by_person(request: HttpRequest, question: Question) -> Answer | None:
    """The same for a person, of what their teams own."""
    rows = Attestation.objects.filter(version__in=ModelVersion.objects.visible_to(request.user), stage=question.stage)
    parts = split_version(question.name)
    if parts:
        rows = rows.filter(version__team__slug=parts[0], version__model__slug=parts[1], version__label=parts[2])
    else:
        rows = rows.filter(root_digest=question.digest)
    return newest(rows)


def signed(request: HttpRequest, answer: Answer) -> HttpResponse:
    """The stored bytes, or 304 for whoever has them."""
    tag = f'"{answer.etag}"'
    known = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    if known & {tag, "*"}:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(bytes(answer.body or b""), content_type="application/json", headers={"ETag": tag})


def unsigned(answer: Answer) -> HttpResponse:
    """A version without files has no digest that a statement could be about: its stored no, in words alone."""
    row = Attestation.objects.select_related("version__model__team", "verdict__snapshot").get(pk=answer.pk)
    body = told(row, {}) | {"approved": False, "attestation": None, "signed_at": None}
    return HttpResponse(json.dumps(body, sort_keys=True), content_type="application/json")


def unknown_caller(request: HttpRequest, said: str) -> HttpResponse:
    """A 401."""
    return refusal(request, 401, "not-authenticated", "Who is asking?", said, WWW_Authenticate=CHALLENGE)
