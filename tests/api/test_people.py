"""Who administers a team may name anybody and end what was given; nobody else learns who has an account."""

from collections.abc import Callable

import pytest

from registry.models import AuditEvent
from tests.api.clients import Caller, made, refused
from tests.people import Cast

BODIES = {
    "members/": {"person": "{}", "role": "auditor"},
    "expertise/": {"person": "{}", "expertise": "legal"},
    "tokens/": {"name": "t", "acts_as": "{}", "scopes": ["catalog:read"]},
}


def ask(caller: Caller, door: str, name: str) -> dict[str, object]:
    body = {key: value.format(name) if isinstance(value, str) else value for key, value in BODIES[door].items()}
    problem: dict[str, object] = refused(caller.post(f"teams/lending/{door}", body), 403)
    return problem


@pytest.mark.parametrize("door", BODIES)
def test_whoever_may_not_administer_can_not_tell_an_account_from_none(
    cast: Cast, person: Callable[[str], Caller], door: str
) -> None:
    for name in ("ada", "grace", "mary"):
        answers = [ask(person(name), door, whom) for whom in ("eve", "pipeline", "nobody-here", "ada", "")]
        assert all(answer == answers[0] for answer in answers), (name, door)


def test_the_attempt_is_on_record(cast: Cast, person: Callable[[str], Caller]) -> None:
    ask(person("ada"), "members/", "nobody-here")
    assert AuditEvent.objects.filter(verb="membership.granted.refused", actor=cast.ada).count() == 1


def test_an_administrator_is_told_that_there_is_no_such_person(cast: Cast, person: Callable[[str], Caller]) -> None:
    problem = refused(person("joan").post("teams/lending/members/", {"person": "nobody-here", "role": "auditor"}), 400)
    assert "person" in problem["errors"]
    assert made(person("joan").post("teams/lending/members/", {"person": "eve", "role": "auditor"}))["person"] == "eve"


def row_of(caller: Caller, door: str, name: str) -> int:
    rows = made(caller.get(f"teams/lending/{door}"), 200)["results"]
    return next(int(row["id"]) for row in rows if row["person"] == name)


@pytest.mark.parametrize(("door", "verb"), [("members/", "membership.ended"), ("expertise/", "expertise.ended")])
def test_an_administrator_ends_what_was_given_and_others_do_not(
    cast: Cast, person: Callable[[str], Caller], door: str, verb: str
) -> None:
    joan, ada = person("joan"), person("ada")
    address = f"teams/lending/{door}{row_of(joan, door, 'grace')}/"
    refused(ada.ask("DELETE", address), 403)
    assert joan.ask("DELETE", address).status_code == 204
    assert AuditEvent.objects.filter(verb=verb, actor=cast.joan).count() == 1
    refused(joan.ask("DELETE", address), 404)
    assert "grace" not in [row["person"] for row in made(joan.get(f"teams/lending/{door}"), 200)["results"]]


def test_people_end_their_own_roles_and_a_team_keeps_an_administrator(
    cast: Cast, person: Callable[[str], Caller], pipeline: Caller
) -> None:
    mary, joan = person("mary"), person("joan")
    own = f"teams/lending/members/{row_of(joan, 'members/', 'mary')}/"
    refused(pipeline.ask("DELETE", own), 403)
    assert mary.ask("DELETE", own).status_code == 204
    refused(mary.get("teams/lending/members/"), 404)
    refused(joan.ask("DELETE", f"teams/lending/members/{row_of(joan, 'members/', 'joan')}/"), 409)


def test_a_role_is_ended_at_its_own_teams_address_alone(cast: Cast, person: Callable[[str], Caller]) -> None:
    of_marketing = cast.marketing.memberships.get(person=cast.eve).pk
    refused(person("joan").ask("DELETE", f"teams/lending/members/{of_marketing}/"), 404)
