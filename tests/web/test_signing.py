"""Signing in the browser: exactly what was shown, by a person who proves who they are, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, SignOff, User
from tests import make
from tests.people import PASSWORD, Cast

SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def no_tries_so_far() -> None:
    cache.clear()


@pytest.fixture
def version(cast: Cast) -> ModelVersion:
    return make.ready_version(cast)


def shown(client: Client, version: ModelVersion) -> dict[str, Any]:
    """What the form carries, as the page shows it."""
    page = client.get(reverse("version-sign", args=[version.pk]))
    return {name: page.context["form"][name].value() for name in ("to_stage", "evidence_rev", "evidence_digest")}


def sign(client: Client, version: ModelVersion, **changes: Any) -> Any:
    sent = shown(client, version) | {
        "expertise": "fairness",
        "meaning": "approve",
        "comment": "I read all of it.",
        "word": "APPROVE",
        "password": PASSWORD,
    }
    return client.post(reverse("version-sign", args=[version.pk]), sent | changes)


def test_two_people_sign_and_a_contributor_moves_the_version(
    cast: Cast, version: ModelVersion, signed_in: SignedIn
) -> None:
    grace, alan, ada = signed_in(cast.grace), signed_in(cast.alan), signed_in(cast.ada)
    assert str(version) in grace.get(reverse("review-queue")).content.decode()
    assert sign(grace, version).status_code == 302
    assert "You signed" in grace.get(reverse("version", args=[version.pk])).content.decode()
    assert str(version) not in grace.get(reverse("review-queue")).content.decode()
    assert sign(alan, version, expertise="security").status_code == 302
    signature = SignOff.objects.get(signed_by=cast.grace)
    assert (signature.meaning, signature.signed_name, signature.comment) == (
        "approve",
        "Grace Hopper",
        "I read all of it.",
    )
    answer = ada.post(reverse("version-move", args=[version.pk]), {"to_stage": "inference"}, follow=True)
    assert "moved from training to inference" in answer.content.decode()
    version.refresh_from_db()
    assert version.stage == "inference"
    assert "In use" in ada.get(reverse("version", args=[version.pk])).content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "not hers"}, "That is not your password"),
        ({"password": ""}, "This field is required"),
        ({"word": "approve"}, "Type APPROVE"),
        ({"word": "YES"}, "Type APPROVE"),
        ({"meaning": "request_changes", "word": "APPROVE"}, "Type REQUEST CHANGES"),
        ({"meaning": "request_changes", "word": "REQUEST CHANGES", "comment": " "}, "Say which changes"),
        ({"meaning": "whatever"}, "Select a valid choice"),
        ({"expertise": "security"}, "Select a valid choice"),
        ({"to_stage": "heaven"}, "Select a valid choice"),
        ({"evidence_rev": "many"}, "Enter a whole number"),
        ({"evidence_digest": "0" * 64}, "The evidence changed since it was shown to you"),
        ({"evidence_rev": 0}, "The evidence changed since it was shown to you"),
    ],
)
def test_a_form_that_is_not_right_signs_nothing_and_keeps_the_comment(
    cast: Cast, version: ModelVersion, signed_in: SignedIn, changes: dict[str, Any], said: str
) -> None:
    answer = sign(signed_in(cast.grace), version, **changes)
    assert answer.status_code in {400, 409}
    assert said in answer.content.decode()
    assert changes.get("comment", "I read all of it.") in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert SignOff.objects.count() == 0


def test_evidence_that_changed_while_it_was_read_is_not_signed(
    cast: Cast, version: ModelVersion, signed_in: SignedIn
) -> None:
    grace = signed_in(cast.grace)
    before = shown(grace, version)
    make.risk(version, by=cast.ada)
    answer = sign(grace, version, **before)
    assert answer.status_code == 409
    assert SignOff.objects.count() == 0


def test_guessing_the_password_is_stopped(cast: Cast, version: ModelVersion, signed_in: SignedIn) -> None:
    grace = signed_in(cast.grace)
    for _ in range(12):
        answer = sign(grace, version, password="guess")
    assert "Too many tries" in answer.content.decode()
    assert "Too many tries" in sign(grace, version).content.decode()
    assert SignOff.objects.count() == 0


@pytest.mark.parametrize("name", ["ada", "mary", "joan"])
def test_who_may_not_sign_gets_no_form(cast: Cast, version: ModelVersion, signed_in: SignedIn, name: str) -> None:
    client = signed_in(getattr(cast, name))
    assert client.get(reverse("version-sign", args=[version.pk])).status_code == 403
    assert client.post(reverse("version-sign", args=[version.pk]), {"word": "APPROVE"}).status_code == 403


def test_a_lapsed_signature_stands_in_the_queue_and_the_page_says_what_changed(
    cast: Cast, version: ModelVersion, signed_in: SignedIn
) -> None:
    grace = signed_in(cast.grace)
    sign(grace, version)
    make.risk(version, by=cast.ada, issue="Loans to students fail")
    assert "You signed it, and the evidence changed" in grace.get(reverse("review-queue")).content.decode()
    page = grace.get(reverse("version-sign", args=[version.pk])).content.decode()
    assert "Changed since you signed" in page
    assert "Loans to students fail" in page
    gate = grace.get(reverse("version", args=[version.pk])).content.decode()
    assert "lapsed" in gate


def test_a_signature_is_withdrawn_by_its_owner_with_a_reason(
    cast: Cast, version: ModelVersion, signed_in: SignedIn
) -> None:
    grace = signed_in(cast.grace)
    sign(grace, version)
    address = reverse("sign-off-withdraw", args=[SignOff.objects.get().pk])
    assert grace.post(address, {"reason": "  "}).status_code == 400
    assert signed_in(cast.alan).post(address, {"reason": "Not mine"}).status_code == 403
    assert grace.post(address, {"reason": "I misread the slice."}).status_code == 302
    assert "I misread the slice." in grace.get(reverse("version-history", args=[version.pk])).content.decode()
    assert ", withdrawn since, over" in grace.get(reverse("version-sign", args=[version.pk])).content.decode()


def test_a_gate_that_is_shut_answers_409_with_its_reasons(
    cast: Cast, version: ModelVersion, signed_in: SignedIn
) -> None:
    answer = signed_in(cast.ada).post(reverse("version-move", args=[version.pk]), {"to_stage": "inference"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The gate is shut." in page
    assert "nobody has approved this evidence" in page
    version.refresh_from_db()
    assert version.stage == "training"


def test_a_waiver_is_asked_for_and_granted_by_two_who_prove_who_they_are(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    ada = signed_in(cast.ada)
    form = ada.get(reverse("version-waive", args=[version.pk])).context["form"]
    finding = next(value for value, _ in form.fields["finding"].choices if value.startswith("threshold"))
    address = reverse("version-waive", args=[version.pk])
    assert ada.post(address, {"finding": finding, "reason": "Rows arrive on Friday.", "hours": 999}).status_code == 400
    answer = ada.post(address, {"finding": finding, "reason": "Rows arrive on Friday.", "hours": 48}, follow=True)
    assert "2 more needed" in answer.content.decode()
    waiver = answer.redirect_chain[-1][0]
    assert ada.post(waiver, {"password": PASSWORD}).status_code == 403
    assert signed_in(cast.grace).post(waiver, {"password": "wrong"}).status_code == 400
    assert signed_in(cast.grace).post(waiver, {"password": PASSWORD}).status_code == 302
    page = signed_in(cast.alan).post(waiver, {"password": PASSWORD}, follow=True).content.decode()
    assert "holds" in page


def test_whoever_signs_reads_who_asked_for_changes_of_the_same_evidence(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    version = make.ready_version(cast)
    make.signed(version, by=cast.alan, expertise="security", meaning="request_changes", comment="Name its owner.")
    page = signed_in(cast.grace).get(reverse("version-sign", args=[version.pk])).content.decode()
    assert "Changes are asked for" in page
    assert "Name its owner." in page
    make.risk(version, by=cast.ada)
    assert (
        "Changes are asked for"
        not in signed_in(cast.grace).get(reverse("version-sign", args=[version.pk])).content.decode()
    )
