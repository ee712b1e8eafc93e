"""Every address of the web interface, read off the resolver, against everybody."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import AuditEvent, User
from registry.web.urls import urlpatterns
from tests.people import Cast
from tests.web.world import World

SignedIn = Callable[[User], Client]
OPEN = {"healthz", "notary-key"}
POST_ONLY = {
    "evaluation-cancel",
    "evaluation-retry",
    "policy-agree",
    "token-revoke",
    "membership-end",
    "expertise-end",
}
NAMES = sorted(pattern.name for pattern in urlpatterns)
DETAILS = sorted(
    name for name in NAMES if name not in OPEN and any(p.name == name and "<" in str(p.pattern) for p in urlpatterns)
)
MEMBERS = ("ada", "grace", "alan", "mary", "joan")
# Who gets the page of a form. Whoever is in the team may read everything else.
CONTRIBUTORS, REVIEWERS, ADMINISTRATORS = {"ada"}, {"grace", "alan"}, {"joan"}
ONLY = {
    "project-new": CONTRIBUTORS,
    "dataset-new": CONTRIBUTORS,
    "model-new": CONTRIBUTORS,
    "dataset-version-new": CONTRIBUTORS,
    "version-new": CONTRIBUTORS,
    "version-files": CONTRIBUTORS,
    "document-edit": CONTRIBUTORS,
    "risk-new": CONTRIBUTORS,
    "risk-edit": CONTRIBUTORS,
    "version-waive": CONTRIBUTORS,
    "version-evaluate": CONTRIBUTORS | REVIEWERS,
    "version-evaluate-freely": CONTRIBUTORS | REVIEWERS,
    "version-evaluate-table": CONTRIBUTORS | REVIEWERS,
    "version-sign": REVIEWERS,
    "sign-off-withdraw": {"grace"},
    "policy-revision-new": CONTRIBUTORS | ADMINISTRATORS,
    "policy-activate": REVIEWERS | ADMINISTRATORS,
    "member-new": ADMINISTRATORS,
    "expertise-new": ADMINISTRATORS,
    "token": ADMINISTRATORS,
    "token-new": ADMINISTRATORS,
}
# Answers that are right although they are no page: nothing signed by the notary yet, back to the form's beginning, and
# a version that has its files.
NO_PAGE = {"version-attestation": 503, "version-evaluate-table": 302, "version-files": 409}


def expected(name: str, person: str) -> int:
    if name in POST_ONLY:
        return 405
    if name in ONLY and person not in ONLY[name]:
        return 403
    return NO_PAGE.get(name, 200)


def test_a_stranger_is_sent_to_the_sign_in_page_from_every_address(client: Client, world: World) -> None:
    for name in set(NAMES) - OPEN:
        for method in (client.get, client.post):
            answer = method(world.address(name))
            wrong_method = answer.status_code == 405
            assert wrong_method or answer["Location"].startswith(reverse("account_login")), name


def test_what_checks_an_answer_and_whether_the_site_lives_is_open_to_anybody(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get(reverse("notary-key")).status_code == 404


@pytest.mark.parametrize("name", ["eve", "olga"])
def test_for_another_team_nothing_exists(world: World, signed_in: SignedIn, name: str) -> None:
    client = signed_in(world.cast.everybody()[name])
    before = AuditEvent.objects.count()
    for address in set(DETAILS) - {"method"}:
        assert client.get(world.address(address)).status_code in {404, 405}, address
        assert client.post(world.address(address)).status_code in {404, 405}, address
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("name", ["eve", "olga"])
def test_lists_show_another_team_nothing(world: World, signed_in: SignedIn, name: str) -> None:
    client = signed_in(world.cast.everybody()[name])
    for address in set(NAMES) - set(DETAILS) - OPEN:
        answer = client.get(world.address(address))
        assert b"mortgage-approval" not in answer.content, address
        assert b"Lending" not in answer.content, address


@pytest.mark.parametrize("person", MEMBERS)
def test_every_address_answers_each_member_as_their_roles_say(world: World, signed_in: SignedIn, person: str) -> None:
    client = signed_in(getattr(world.cast, person))
    walked = set(NAMES) - OPEN - {"version-dossier"}  # which is drawn, and tested, on its own
    answered = {name: client.get(world.address(name)).status_code for name in walked}
    assert answered == {name: expected(name, person) for name in walked}


WRITES = {
    "project-new": CONTRIBUTORS,
    "dataset-new": CONTRIBUTORS,
    "model-new": CONTRIBUTORS,
    "version-new": CONTRIBUTORS,
    "dataset-version-new": CONTRIBUTORS,
    "document-edit": CONTRIBUTORS,
    "risk-new": CONTRIBUTORS,
    "version-move": CONTRIBUTORS,
    "version-waive": CONTRIBUTORS,
    "evaluation-retry": CONTRIBUTORS | REVIEWERS,
    "policy-agree": REVIEWERS | ADMINISTRATORS,
    "member-new": ADMINISTRATORS,
    "token-revoke": ADMINISTRATORS,
}


def test_who_may_not_write_changes_nothing_whatever_they_send(world: World, signed_in: SignedIn) -> None:
    sent = {"label": "9", "slug": "x", "name": "x", "to_stage": "retired", "expected": "1"}
    before = done()
    for name, allowed in WRITES.items():
        for person in set(MEMBERS) - allowed:
            client = signed_in(getattr(world.cast, person))
            answer = client.post(world.address(name), sent | {"team": world.cast.lending.pk})
            assert answer.status_code in {400, 403}, (name, person, answer.status_code)
            assert done() == before, (name, person)


def done() -> set[int]:
    """The events of what was done, refusals apart."""
    return set(AuditEvent.objects.exclude(verb__endswith=".refused").values_list("pk", flat=True))


def test_a_form_without_its_token_is_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.cast.ada, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(world.address("version-move"), {"to_stage": "retired"})
    assert answer.status_code == 403
    world.version.refresh_from_db()
    assert world.version.stage == "training"


def test_pages_are_kept_by_no_cache_and_can_not_be_framed(world: World, signed_in: SignedIn) -> None:
    answer = signed_in(world.cast.ada).get(world.address("version"))
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_another_host_name_is_refused(cast: Cast, signed_in: SignedIn) -> None:
    assert signed_in(cast.ada).get("/", headers={"host": "evil.example"}).status_code == 400
