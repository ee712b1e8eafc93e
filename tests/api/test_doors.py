"""Who comes in where: every address, every method, every kind of caller. The addresses are read off the resolver."""

from collections.abc import Callable

import pytest

from registry.models import AuditEvent, Token
from registry.services import people
from tests.api.addresses import OPEN, Address, every, of_things, things_of
from tests.api.clients import Caller, refused
from tests.people import Cast

FILLER = "00000000-0000-4000-8000-000000000000"
CLOSED = [address for address in every() if (address.route, address.method) not in OPEN]
# Descriptions of what can be measured and asked belong to no team.
NOBODYS = {"document-schemas/<slug:kind>/", "evaluators/<str:name>/", "methods/<str:metric>/"}


def anywhere(address: Address) -> str:
    """The address of something that may not exist."""
    if address.route == "verdict/":
        return "verdict/?name=lending/nothing@1"
    return address.filled({"<uuid:pk>": FILLER, "<slug:slug>": "x", "<int:pk>": 1, "<slug:kind>": "x",
                           "<str:name>": "x", "<str:metric>": "x"})  # fmt: skip


def test_the_resolver_has_the_addresses_that_are_tested() -> None:
    assert len(CLOSED) > 70
    assert len(of_things()) > 50


@pytest.mark.django_db
@pytest.mark.parametrize("address", CLOSED, ids=str)
def test_whoever_is_nobody_is_asked_who_they_are(address: Address, nobody: Caller) -> None:
    response = nobody.ask(address.method, anywhere(address), {})
    problem = refused(response, 401)
    assert response["WWW-Authenticate"] == 'Bearer realm="assay"'
    assert problem["instance"].startswith("/api/v1/")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["nothing/", "models", "versions/1/", "../", "models//"])
def test_addresses_that_do_not_exist_tell_nobody_so(path: str, nobody: Caller) -> None:
    refused(nobody.ask("GET", path), 401)


def test_an_address_that_does_not_exist_is_a_problem_too(person: Callable[[str], Caller]) -> None:
    refused(person("ada").get("nothing/"), 404)


def test_a_method_that_an_address_lacks_is_a_problem_too(person: Callable[[str], Caller]) -> None:
    response = person("ada").ask("DELETE", "models/")
    refused(response, 405)
    assert response["Allow"] == "GET, HEAD, POST"
    refused(person("ada").ask("OPTIONS", "models/"), 405)


def test_another_teams_things_do_not_exist(cast: Cast, person: Callable[[str], Caller]) -> None:
    things = things_of(cast)
    before = AuditEvent.objects.count()
    eve = person("eve")
    for address in of_things():
        if address.route not in NOBODYS:
            tagged = {"If_Match": '"1"'} if address.method == "PUT" else {}
            response = eve.ask(address.method, address.filled(things), {}, **tagged)
            assert response.status_code == 404, (str(address), response.status_code, response.content)
            refused(response, 404)
    assert AuditEvent.objects.count() == before


def test_members_of_the_team_see_all_of_them(cast: Cast, person: Callable[[str], Caller]) -> None:
    things = things_of(cast)
    for name in ("ada", "grace", "mary", "joan"):
        member = person(name)
        for address in of_things():
            if address.method == "GET" and not address.route.endswith("attestation/"):
                response = member.get(address.filled(things))
                assert response.status_code == 200, (name, str(address), response.content)


def test_a_foreign_name_inside_a_body_is_as_unknown_as_one_that_does_not_exist(
    cast: Cast, person: Callable[[str], Caller]
) -> None:
    things = things_of(cast)
    eve = person("eve")
    known = eve.post("projects/", {"team": "lending", "slug": "mine", "title": "Mine"})
    unknown = eve.post("projects/", {"team": "nowhere", "slug": "mine", "title": "Mine"})
    assert refused(known, 400)["errors"] == refused(unknown, 400)["errors"]
    made = eve.post("datasets/", {"team": "marketing", "name": "clicks"}).json()
    for body in (
        {"label": "1", "artifact": str(things["artifacts/<uuid:pk>"])},
        {"label": "1", "lineage": [{"relation": "derived_from", "model_version": "lending/mortgage-approval@1"}]},
        {"label": "1", "lineage": [{"relation": "trained_on", "dataset_version": "lending/loans@1"}]},
    ):
        refused(eve.post(f"datasets/{made['id']}/versions/", body), 400)


@pytest.mark.parametrize("scope", Token.SCOPES)
def test_a_token_opens_what_its_scope_names_and_nothing_else(cast: Cast, scope: str) -> None:
    _, secret = people.create_token(cast.lending, name="narrow", acts_as=cast.pipeline, scopes=[scope], by=cast.joan)
    narrow = Caller(secret=secret)
    for address in CLOSED:
        status = narrow.ask(address.method, anywhere(address), {}).status_code
        if scope in address.scopes:
            assert status not in (401, 403), str(address)
        else:
            assert status == 403, str(address)


def test_no_scope_lets_a_token_sign_grant_publish_or_administer() -> None:
    signing = ("sign-offs/", "withdrawal/", "grants/", "agreements/", "activations/", "reauthentication/", "tokens/",
               "members/", "expertise/", "policies/")  # fmt: skip
    written = [address for address in every() if address.method != "GET"]
    for address in written:
        if address.route.endswith(signing) and (address.route, address.method) not in OPEN:
            assert address.scopes == set(), str(address)


def test_only_the_roles_that_may_do_write(cast: Cast, person: Callable[[str], Caller]) -> None:
    things = things_of(cast)
    version = f"versions/{things['versions/<uuid:pk>']}"
    rated = {"issue": "x", "aspect": "fairness", "likelihood": 1, "severity": 1, "priority": "low"}
    table = {
        ("POST", "projects/", ("ada",)): {"team": "lending", "slug": "p{}", "title": "P"},
        ("POST", "datasets/", ("ada",)): {"team": "lending", "name": "d{}"},
        ("POST", f"{version}/risks/", ("ada",)): rated,
        ("POST", f"{version}/evaluations/", ("ada", "grace")): {"evaluator": "nothing"},
        ("POST", "teams/lending/members/", ("joan",)): {"person": "eve", "role": "auditor"},
        ("POST", "teams/lending/tokens/", ("joan",)): {"name": "t", "acts_as": "pipeline", "scopes": ["catalog:read"]},
        ("POST", "policies/", ("ada", "joan")): {"team": "lending", "slug": "other", "body": {}},
        ("POST", f"{version}/transitions/", ("ada",)): {"to_stage": "data"},
    }
    for (method, path, allowed), body in table.items():
        for name in ("ada", "grace", "mary", "joan"):
            mine = {key: value.format(name) if isinstance(value, str) else value for key, value in body.items()}
            status = person(name).ask(method, path, mine).status_code
            assert (status != 403) == (name in allowed), (path, name, status)
