"""May this version be used? Every state a version can be in, for every kind of caller."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry.api import verdict
from registry.models import Attestation, ModelVersion, Token
from registry.services import people
from tests import make
from tests.api.clients import Caller, made, refused
from tests.databases import speaking_as
from tests.models.past import past_the_triggers
from tests.people import Cast


def sign_everything() -> None:
    with speaking_as("assay_notary"):
        call_command("notary", once=True)


def rewrite(pk: int, body: str) -> None:
    """Exchange the text of a snapshot."""
    change = "body = %s, digest = encode(sha256(convert_to(%s, 'UTF8')), 'hex')"
    past_the_triggers("evidence_snapshot", f"update evidence_snapshot set {change} where id = %s", body, body, pk)


def ask(caller: Caller, version: ModelVersion, **headers: str):
    return caller.get(f"verdict/?name={version}&stage=inference", **headers)


@pytest.fixture
def approved(cast: Cast) -> ModelVersion:
    version = make.approved_version(cast)
    sign_everything()
    return version


@pytest.fixture(params=["token", "session"])
def caller(request: pytest.FixtureRequest, pipeline: Caller, person: Callable[[str], Caller]) -> Caller:
    return pipeline if request.param == "token" else person("mary")


def test_a_yes_is_answered_as_the_bytes_that_were_signed(approved: ModelVersion, caller: Caller) -> None:
    stored = Attestation.objects.get(version=approved, passed=True)
    for query in (f"name={approved}", f"digest={approved.root_digest}&stage=inference"):
        response = caller.get(f"verdict/?{query}")
        assert made(response, 200)["approved"] is True
        assert response.content == bytes(stored.body)
        assert response["ETag"] == f'"{stored.etag}"'
        assert response["Cache-Control"] == "private, no-cache"
        assert response["Vary"] == "Authorization, Cookie"


def test_whoever_has_the_answer_is_told_that_it_still_holds(approved: ModelVersion, caller: Caller) -> None:
    tag = ask(caller, approved)["ETag"]
    again = ask(caller, approved, If_None_Match=f'"old", W/{tag}')
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert ask(caller, approved, If_None_Match='"other"').status_code == 200


def test_a_no_is_signed_and_says_why(cast: Cast, caller: Caller) -> None:
    version = make.model_version(cast)
    refused(ask(caller, version), 503)
    sign_everything()
    answer = made(ask(caller, version), 200)
    assert (answer["approved"], answer["standing"]) == (False, "good")
    assert answer["reasons"]
    assert answer["attestation"]["payloadType"] == "application/vnd.in-toto+json"


def test_an_answer_that_is_not_yet_signed_is_asked_for_again(cast: Cast, caller: Caller) -> None:
    version = make.ready_version(cast)
    sign_everything()
    made(ask(caller, version), 200)
    make.risk(version, by=cast.ada, priority="critical")
    response = ask(caller, version)
    assert refused(response, 503)["type"] == "urn:assay:problem:pending"
    assert response["Retry-After"] == "5"


def test_an_answer_that_the_notary_does_not_sign_is_not_told_as_being_signed(cast: Cast, caller: Caller) -> None:
    version = make.approved_version(cast)
    snapshot = Attestation.objects.get(version=version, passed=True).verdict.snapshot
    rewrite(snapshot.pk, "{}")
    sign_everything()
    for response in (ask(caller, version), caller.get(f"versions/{version.pk}/attestation/")):
        problem = refused(response, 409)
        assert (problem["type"], problem["approved"]) == ("urn:assay:problem:unsignable", False)
        assert problem["detail"].startswith("The notary does not sign it: its snapshot")
    rewrite(snapshot.pk, snapshot.body)
    sign_everything()
    assert made(ask(caller, version), 200)["approved"] is True


@pytest.mark.parametrize("standing", ["suspended", "withdrawn"])
def test_a_yes_is_not_served_once_the_standing_is_lost(approved: ModelVersion, caller: Caller, standing: str) -> None:
    tag = ask(caller, approved)["ETag"]
    past_the_triggers("model_version", "update model_version set standing = %s where id = %s", standing, approved.pk)
    for headers in ({}, {"If_None_Match": tag}):
        problem = refused(ask(caller, approved, **headers), 409)
        assert (problem["standing"], problem["approved"]) == (standing, False)
        assert standing in problem["detail"]
    refused(caller.get(f"versions/{approved.pk}/attestation/"), 409)


def test_a_yes_is_not_served_once_it_has_expired(approved: ModelVersion, caller: Caller) -> None:
    past_the_triggers(
        "attestation",
        "update attestation set expires_at = now() - interval '1 second' where version_id = %s",
        approved.pk,
    )
    assert refused(ask(caller, approved), 409)["type"] == "urn:assay:problem:expired"


def test_a_yes_that_is_being_signed_anew_is_still_served(approved: ModelVersion, caller: Caller) -> None:
    past_the_triggers("attestation", "update attestation set created_at = now() - interval '21 days'")
    with speaking_as("assay_notary"), connection.cursor() as cursor:
        cursor.execute("select renew_attestations()")
        assert cursor.fetchone() == (1,)
    assert made(ask(caller, approved), 200)["approved"] is True


def test_a_version_without_files_gets_its_no_in_words_alone(cast: Cast, caller: Caller) -> None:
    version = make.at_stage(make.model_version(cast, has_files=False), "training", by=cast.ada)
    sign_everything()
    answer = made(ask(caller, version), 200)
    assert (answer["approved"], answer["attestation"], answer["root_digest"]) == (False, None, None)
    assert "artifact:0" in {item["requirement"] for item in answer["reasons"]}


def test_what_is_unknown_and_what_belongs_to_others_look_alike(approved: ModelVersion, cast: Cast) -> None:
    theirs = people.add_member(cast.marketing, person=cast.pipeline, role="auditor", by=cast.olga).person
    _, secret = people.create_token(
        cast.marketing, name="t", acts_as=theirs, scopes=["verdict:read", "catalog:read"], by=cast.olga
    )
    stranger = Caller(secret=secret)
    problems = [
        refused(stranger.get(f"verdict/?{query}"), 404)
        for query in (f"name={approved}", f"digest={approved.root_digest}", "name=lending/none@1", f"digest={'0' * 64}")
    ]
    assert all(problem == problems[0] for problem in problems)
    refused(stranger.get(f"versions/{approved.pk}/"), 404)
    assert made(stranger.get("versions/"), 200)["results"] == []
    assert [team["slug"] for team in made(stranger.get("teams/"), 200)["results"]] == ["marketing"]


def test_a_person_of_another_team_finds_nothing(approved: ModelVersion, person: Callable[[str], Caller]) -> None:
    refused(ask(person("eve"), approved), 404)


def test_another_stage_has_no_answer(approved: ModelVersion, caller: Caller) -> None:
    refused(caller.get(f"verdict/?name={approved}&stage=training"), 404)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "name"), ("name=a/b@1&digest=" + "0" * 64, "name"), ("name=mortgage", "name"), ("name=a/b", "name"),
        ("name=a/b/c@1", "name"), ("name=/@", "name"), ("name=a/b@%00", "name"), ("digest=abc", "digest"),
        ("digest=" + "A" * 64, "digest"), ("digest=" + "0" * 65, "digest"), ("name=a/b@1&stage=heaven", "stage"),
        ("name=a/b@1&stages=inference", "stages"),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused_with_its_reason(caller: Caller, query: str, field: str) -> None:
    assert field in refused(caller.get(f"verdict/?{query}"), 400)["errors"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_verdict_is_only_read(approved: ModelVersion, pipeline: Caller, method: str) -> None:
    response = pipeline.ask(method, f"verdict/?name={approved}")
    refused(response, 405)
    assert response["Allow"] == "GET, HEAD"


def test_a_token_asks_in_one_statement(approved: ModelVersion, pipeline: Caller, monkeypatch) -> None:
    made(ask(pipeline, approved), 200)
    asked, one_row = [], verdict.one_row
    monkeypatch.setattr(verdict, "one_row", lambda *said: asked.append(said) or one_row(*said))
    with CaptureQueriesContext(connection) as queries:
        made(ask(pipeline, approved), 200)
    assert (len(asked), len(queries)) == (1, 0), [query["sql"] for query in queries]


def test_the_statement_is_planned_once_for_each_connection(approved: ModelVersion, pipeline: Caller) -> None:
    for _ in range(3):
        made(ask(pipeline, approved), 200)
    with connection.cursor() as cursor:
        cursor.execute(
            "select generic_plans, custom_plans from pg_prepared_statements where statement like '%join lateral%'"
        )
        [(generic, custom)] = cursor.fetchall()
    assert generic >= 3
    assert custom == 0


@pytest.mark.parametrize("header", ["Basic eDp4", "Bearer", "bearer", "Token x", "\u00e9"])
def test_an_identity_of_another_kind_is_no_identity(approved: ModelVersion, nobody: Caller, header: str) -> None:
    refused(ask(nobody, approved, Authorization=header), 401)


def test_a_session_counts_beside_an_identity_of_another_kind(
    approved: ModelVersion, person: Callable[[str], Caller]
) -> None:
    made(ask(person("ada"), approved, Authorization="Basic eDp4"), 200)


def test_a_tokens_use_is_noted_once_a_minute(approved: ModelVersion, pipeline: Caller, cast: Cast) -> None:
    Token.objects.filter(pk=cast.token.pk).update(last_used_at=timezone.now() - timedelta(minutes=2))
    made(ask(pipeline, approved), 200)
    first = Token.objects.get(pk=cast.token.pk).last_used_at
    assert timezone.now() - first < timedelta(minutes=1)
    made(ask(pipeline, approved), 200)
    made(pipeline.get("models/"), 200)
    assert Token.objects.get(pk=cast.token.pk).last_used_at == first


def test_the_raw_envelope_is_served_beside_the_answer(approved: ModelVersion, caller: Caller) -> None:
    response = caller.get(f"versions/{approved.pk}/attestation/")
    assert response["Content-Type"] == "application/vnd.dsse.envelope.v1+json"
    assert json.loads(response.content) == made(ask(caller, approved), 200)["attestation"]
    listed = made(caller.get(f"versions/{approved.pk}/attestations/"), 200)["results"]
    assert listed[0]["passed"] is True
    assert all("envelope" not in row for row in listed)
