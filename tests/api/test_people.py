"""Who administers a team may name anybody; everybody else learns from no answer who has an account."""

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
