"""People log in, prove that they are there, and sign."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from registry.models import AuditEvent, Reauthentication, SignOff
from tests import make
from tests.api.clients import Caller, made, refused
from tests.people import PASSWORD, Cast


def test_a_person_logs_in_sees_who_they_are_and_logs_out(cast: Cast) -> None:
    caller = Caller(enforce_csrf_checks=True)
    shown = made(caller.post("session/", {"username": "grace", "password": PASSWORD}), 200)
    assert shown["teams"] == [{"team": "lending", "roles": ["reviewer"], "expertise": ["fairness"]}]
    assert (shown["username"], shown["token"], shown["scopes"]) == ("grace", None, [])
    refused(caller.ask("DELETE", "session/"), 403)
    caller.headers["X-CSRFToken"] = shown["csrf_token"]
    assert caller.ask("DELETE", "session/").status_code == 204
    refused(caller.get("session/"), 401)


def test_a_token_sees_who_it_acts_as(pipeline: Caller, cast: Cast) -> None:
    shown = made(pipeline.get("session/"), 200)
    assert (shown["username"], shown["token"], shown["csrf_token"]) == ("pipeline", str(cast.token.pk), None)
    assert "verdict:read" in shown["scopes"]


def test_a_session_changes_nothing_without_the_token_against_forgery(cast: Cast) -> None:
    caller = Caller(enforce_csrf_checks=True)
    caller.client.force_login(cast.ada, backend="django.contrib.auth.backends.ModelBackend")
    refused(caller.post("datasets/", {"team": "lending", "name": "d"}), 403)
    refused(caller.upload({"a.bin": b"x"}), 403)


def test_a_form_on_another_site_can_not_log_anybody_in(cast: Cast) -> None:
    form = Client().post("/api/v1/session/", {"username": "ada", "password": PASSWORD})
    refused(form, 415)


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}, {"username": "pipeline"}])
def test_a_wrong_name_and_a_wrong_password_look_alike(cast: Cast, nobody: Caller, wrong: dict[str, str]) -> None:
    problem = refused(nobody.post("session/", {"username": "ada", "password": PASSWORD} | wrong), 401)
    assert problem["detail"] == "The name or the password is wrong."


def test_whoever_keeps_guessing_a_password_is_stopped(cast: Cast, nobody: Caller) -> None:
    wrong = {"username": "ada", "password": "wrong"}
    assert [nobody.post("session/", wrong).status_code for _ in range(11)] == [401] * 10 + [429]
    refused(nobody.post("session/", wrong | {"username": "ADA", "password": PASSWORD}), 429)
    made(nobody.post("session/", {"username": "grace", "password": PASSWORD}), 200)


def test_a_second_factor_is_not_walked_around(cast: Cast, nobody: Caller) -> None:
    Authenticator.objects.create(user=cast.grace, type=Authenticator.Type.TOTP, data={"secret": "x"})
    refused(nobody.post("session/", {"username": "grace", "password": PASSWORD}), 403)
    refused(nobody.get("session/"), 401)


def signature(caller: Caller, version: object, **changes: object) -> dict[str, object]:
    shown = made(caller.get(f"versions/{version.pk}/review/?stage=inference"), 200)
    return {
        "to_stage": "inference", "expertise": "fairness", "meaning": "approve", "comment": "Read.",
        "evidence_rev": shown["evidence_rev"], "evidence_digest": shown["evidence_digest"],
    } | changes  # fmt: skip


def test_a_proof_takes_the_right_password_and_serves_once(cast: Cast, person: Callable[[str], Caller]) -> None:
    version, grace = make.ready_version(cast), person("grace")
    refused(grace.post("session/reauthentication/", {"password": "wrong"}), 403)
    proof = made(grace.post("session/reauthentication/", {"password": PASSWORD}))["proof"]
    made(grace.post(f"versions/{version.pk}/sign-offs/", signature(grace, version, proof=proof)))
    refused(grace.post(f"versions/{version.pk}/sign-offs/", signature(grace, version, proof=proof)), 403)
    assert SignOff.objects.count() == 1


def test_whoever_keeps_guessing_their_own_password_is_stopped(cast: Cast, person: Callable[[str], Caller]) -> None:
    grace = person("grace")
    statuses = [grace.post("session/reauthentication/", {"password": "no"}).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    refused(grace.post("session/reauthentication/", {"password": PASSWORD}), 429)


def test_nobody_signs_with_somebody_elses_proof(cast: Cast, person: Callable[[str], Caller]) -> None:
    version, grace = make.ready_version(cast), person("grace")
    body = signature(grace, version, proof=make.proof(cast.alan).pk)
    assert "proof" in refused(grace.post(f"versions/{version.pk}/sign-offs/", body), 400)["errors"]


def test_an_author_and_a_stranger_to_the_field_can_not_sign(cast: Cast, person: Callable[[str], Caller]) -> None:
    version = make.ready_version(cast)
    for name, expertise in (("ada", "fairness"), ("alan", "fairness"), ("mary", "fairness"), ("joan", "fairness")):
        caller = person(name)
        body = signature(caller, version, expertise=expertise, proof=make.proof(getattr(cast, name)).pk)
        refused(caller.post(f"versions/{version.pk}/sign-offs/", body), 403)
    assert not SignOff.objects.exists()
    assert AuditEvent.objects.filter(verb="model_version.signed_off.refused").count() == 4


def test_evidence_that_changed_since_it_was_shown_is_not_signed(cast: Cast, person: Callable[[str], Caller]) -> None:
    version, grace = make.ready_version(cast), person("grace")
    body = signature(grace, version, proof=make.proof(cast.grace).pk)
    make.risk(version, by=cast.ada)
    assert "changed" in refused(grace.post(f"versions/{version.pk}/sign-offs/", body), 409)["detail"]
    assert not SignOff.objects.exists()


def test_a_signature_is_withdrawn_by_who_gave_it(cast: Cast, person: Callable[[str], Caller]) -> None:
    version = make.signed_version(cast)
    mine = version.sign_offs.get(signed_by=cast.grace)
    refused(person("alan").post(f"sign-offs/{mine.pk}/withdrawal/", {"reason": "Not mine."}), 403)
    made(person("grace").post(f"sign-offs/{mine.pk}/withdrawal/", {"reason": "I overlooked a group."}))
    refused(person("grace").post(f"sign-offs/{mine.pk}/withdrawal/", {"reason": "Again."}), 409)
    listed = made(person("mary").get(f"versions/{version.pk}/sign-offs/"), 200)["results"]
    assert {row["signed_by"]: row["counts_until_change"] for row in listed} == {"grace": False, "alan": True}


def test_a_waiver_takes_who_asks_and_two_others(cast: Cast, person: Callable[[str], Caller]) -> None:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.5, high=0.6)
    ada = person("ada")
    shown = made(ada.get(f"versions/{version.pk}/review/"), 200)
    failing = next(item for item in shown["requirements"] if item["kind"] == "threshold")
    until = (make.timezone.now() + make.timedelta(hours=20)).isoformat()
    body = {"to_stage": "inference", "requirement": failing["id"], "found": failing["found_id"], "reason": "Friday."}
    waiver = made(ada.post(f"versions/{version.pk}/waivers/", body | {"expires_at": until}))
    for name in ("grace", "alan"):
        caller = person(name)
        proof = made(caller.post("session/reauthentication/", {"password": PASSWORD}))["proof"]
        made(caller.post(f"waivers/{waiver['id']}/grants/", {"proof": proof}))
    proof = make.proof(cast.ada).pk
    refused(ada.post(f"waivers/{waiver['id']}/grants/", {"proof": proof}), 403)
    shown = made(ada.get(f"versions/{version.pk}/review/"), 200)
    assert shown["waived"] == [failing["id"]]
    assert Reauthentication.objects.filter(waiver_grant__isnull=False).count() == 2
