"""A token is worth what it says, for as long as it runs, and nothing afterwards."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from registry.models import AuditEvent, SignOff, Token, User
from tests import make
from tests.api.clients import Caller, made, refused
from tests.people import Cast

ASKED = ("models/", "verdict/?name=lending/mortgage-approval@1")


def revoke(cast: Cast) -> None:
    Token.objects.update(revoked_at=timezone.now())


def expire(cast: Cast) -> None:
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def deactivate(cast: Cast) -> None:
    User.objects.filter(pk=cast.pipeline.pk).update(is_active=False)


@pytest.mark.parametrize("end", [revoke, expire, deactivate])
@pytest.mark.parametrize("path", ASKED)
def test_a_token_that_ended_is_refused_on_the_next_request(
    cast: Cast, pipeline: Caller, end: Callable[[Cast], None], path: str
) -> None:
    assert pipeline.get(path).status_code in (200, 404)
    end(cast)
    response = pipeline.get(path)
    refused(response, 401)
    assert response["WWW-Authenticate"] == 'Bearer realm="assay"'


def test_a_member_that_left_takes_the_tokens_sight_along(cast: Cast, pipeline: Caller) -> None:
    version = make.model_version(cast)
    assert made(pipeline.get("models/"), 200)["results"]
    cast.pipeline.memberships.update(ended_at=timezone.now())
    assert made(pipeline.get("models/"), 200)["results"] == []
    refused(pipeline.get(f"verdict/?name={version}"), 404)


@pytest.mark.parametrize("secret", ["", "assay_nonsense", "a b", "\u00fc", "'; drop table token; --", "x" * 5000])
@pytest.mark.parametrize("path", ASKED)
def test_a_wrong_token_is_refused(db: None, secret: str, path: str) -> None:
    caller = Caller()
    caller.headers["Authorization"] = f"Bearer {secret}"
    refused(caller.get(path), 401)


@pytest.mark.parametrize("path", ASKED)
def test_whoever_keeps_sending_wrong_tokens_is_slowed_down(db: None, settings, path: str) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"bad_token": 3}
    caller = Caller(secret="assay_guess")
    assert [caller.get(path).status_code for _ in range(4)] == [401, 401, 401, 429]
    assert int(caller.get(path)["Retry-After"]) <= 60


def test_a_callers_requests_are_counted(cast: Cast, pipeline: Caller, settings) -> None:
    settings.API_LIMITS = settings.API_LIMITS | {"caller": 2}
    assert [pipeline.get("models/").status_code for _ in range(3)] == [200, 200, 429]


def test_a_token_is_shown_once_and_kept_as_a_digest(cast: Cast, person: Callable[[str], Caller]) -> None:
    joan = person("joan")
    body = {"name": "deploy", "acts_as": "pipeline", "scopes": ["verdict:read"], "days": 30}
    shown = made(joan.post("teams/lending/tokens/", body, Idempotency_Key="k"))
    assert Token.objects.get(pk=shown["id"]).digest == hashlib.sha256(shown["token"].encode()).digest()
    listed = joan.get("teams/lending/tokens/")
    assert shown["token"] not in listed.content.decode()
    assert shown["token"] not in "".join(AuditEvent.objects.values_list("body", flat=True))
    again = made(joan.post("teams/lending/tokens/", body, Idempotency_Key="k"))
    assert again["token"] != shown["token"]
    assert joan.ask("DELETE", f"teams/lending/tokens/{shown['id']}/").status_code == 204
    refused(Caller(secret=shown["token"]).get(ASKED[1]), 401)


def test_only_an_administrator_makes_and_ends_tokens(cast: Cast, person: Callable[[str], Caller]) -> None:
    body = {"name": "deploy", "acts_as": "pipeline", "scopes": ["verdict:read"]}
    refused(person("ada").post("teams/lending/tokens/", body), 403)
    refused(person("ada").ask("DELETE", f"teams/lending/tokens/{cast.token.pk}/"), 403)
    refused(person("olga").ask("DELETE", f"teams/lending/tokens/{cast.token.pk}/"), 404)
    assert Token.objects.filter(revoked_at=None).count() == 1


def test_a_token_never_signs_even_where_a_person_could(cast: Cast, pipeline: Caller) -> None:
    version = make.ready_version(cast)
    proof = make.proof(cast.grace)
    body = {
        "to_stage": "inference", "expertise": "fairness", "meaning": "approve", "evidence_rev": version.evidence_rev,
        "evidence_digest": "0" * 64, "proof": proof.pk,
    }  # fmt: skip
    refused(pipeline.post(f"versions/{version.pk}/sign-offs/", body), 403)
    refused(pipeline.post("session/reauthentication/", {"password": "x"}), 403)
    assert not SignOff.objects.exists()


def test_the_actor_is_who_asks_and_never_who_the_body_names(cast: Cast, pipeline: Caller) -> None:
    refused(pipeline.post("datasets/", {"team": "lending", "name": "d", "created_by": "ada"}), 400)
    assert made(pipeline.post("datasets/", {"team": "lending", "name": "d"}))["created_by"] == "pipeline"
    assert AuditEvent.objects.get(verb="dataset.created").actor == cast.pipeline
