"""The signed answer on a version's page: the bytes that pipelines get, and none that holds no longer."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from registry.models import Attestation, ModelVersion, User
from registry.services import lifecycle
from registry.services.attestations import renew
from tests import make
from tests.databases import speaking_as
from tests.models.past import past_the_triggers
from tests.people import Cast


@pytest.fixture
def approved(cast: Cast) -> ModelVersion:
    version = make.approved_version(cast)
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    return version


@pytest.fixture
def browser(cast: Cast, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(cast.mary)


def address(version: ModelVersion) -> str:
    return reverse("version-attestation", args=[version.pk])


def test_a_yes_is_handed_out_as_the_bytes_that_were_signed(approved: ModelVersion, browser: Client) -> None:
    answer = browser.get(address(approved))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.content == bytes(Attestation.objects.get(version=approved, passed=True).body)


def test_a_yes_is_not_handed_out_once_the_version_is_retired(
    approved: ModelVersion, browser: Client, cast: Cast
) -> None:
    lifecycle.transition(approved, to_stage="retired", by=cast.ada)
    answer = browser.get(address(approved))
    assert answer.status_code == 409
    assert b"its standing is withdrawn" in answer.content


def test_a_yes_is_not_handed_out_once_it_has_expired(approved: ModelVersion, browser: Client) -> None:
    past_the_triggers("attestation", "update attestation set expires_at = now() - interval '1 second'")
    answer = browser.get(address(approved))
    assert answer.status_code == 409
    assert b"its approval has expired" in answer.content


def test_a_yes_that_is_being_signed_anew_is_still_handed_out(approved: ModelVersion, browser: Client) -> None:
    past_the_triggers("attestation", "update attestation set created_at = now() - interval '21 days'")
    signed = bytes(Attestation.objects.get(version=approved, passed=True).body)
    with speaking_as("assay_notary"):
        assert renew() == 1
    assert browser.get(address(approved)).content == signed


def test_an_answer_that_waits_is_told_as_being_signed(browser: Client, cast: Cast) -> None:
    version = make.approved_version(cast)
    answer = browser.get(address(version))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"being signed" in browser.get(reverse("version", args=[version.pk])).content


def test_an_answer_that_the_notary_does_not_sign_is_told_as_such(browser: Client, cast: Cast) -> None:
    version = make.approved_version(cast)
    past_the_triggers("evidence_snapshot", "update evidence_snapshot set body = '', digest = encode(sha256(''), 'hex')")
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    answer = browser.get(address(version))
    assert answer.status_code == 409
    page = browser.get(reverse("version", args=[version.pk]))
    for told in (answer, page):
        assert b"The notary does not sign it: its snapshot is not the text of one." in told.content
