"""An approval that ends, as people meet it in the browser: what the page says, who is asked, how it is renewed."""

from collections.abc import Callable

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, SignOff, User
from tests import make
from tests.databases import speaking_as
from tests.models.past import past_the_triggers
from tests.people import Cast
from tests.web.test_signing import sign

SignedIn = Callable[[User], Client]


def ends(version: ModelVersion, when: str) -> None:
    for table in ("transition", "attestation"):
        past_the_triggers(
            table,
            f"update {table} set expires_at = clock_timestamp() + %s::interval where version_id = %s",
            when,
            version.pk,
        )
    with speaking_as("assay_worker"):
        call_command("reap", once=True)


def page(client: Client, version: ModelVersion) -> str:
    return client.get(reverse("version", args=[version.pk])).content.decode()


def test_an_approval_that_lasts_is_nobodys_task(cast: Cast, signed_in: SignedIn) -> None:
    version = make.approved_version(cast)
    shown = page(signed_in(cast.ada), version)
    assert "In use" in shown
    assert "Renew the approval" not in shown
    assert str(version) not in signed_in(cast.grace).get(reverse("review-queue")).content.decode()


def test_an_approval_that_ends_soon_can_be_renewed_before(cast: Cast, signed_in: SignedIn) -> None:
    version = make.approved_version(cast)
    ends(version, "20 days")
    shown = page(signed_in(cast.ada), version)
    assert "In use" in shown
    assert "Renew the approval" in shown
    move = signed_in(cast.ada).get(reverse("version-move", args=[version.pk])).content.decode()
    assert "May its approval be renewed?" in move
    assert str(version) in signed_in(cast.grace).get(reverse("review-queue")).content.decode()


def test_what_ended_says_so_and_is_signed_and_approved_anew(cast: Cast, signed_in: SignedIn) -> None:
    version = make.approved_version(cast)
    ends(version, "-1 second")
    ada, grace, alan = signed_in(cast.ada), signed_in(cast.grace), signed_in(cast.alan)
    shown = page(ada, version)
    for said in ("No longer to be used", "Its approval ended", "2 wait for a signature", "Suspended standing"):
        assert said in shown
    assert "In use" not in shown
    refused = ada.post(reverse("version-move", args=[version.pk]), {"to_stage": "inference"})
    assert refused.status_code == 409
    assert "Try to renew it" in refused.content.decode()
    assert str(version) in grace.get(reverse("review-queue")).content.decode()
    assert sign(grace, version).status_code == 302
    assert sign(alan, version, expertise="security").status_code == 302
    assert "can renew its approval" in page(ada, version)
    form = ada.get(reverse("version-move", args=[version.pk]), {"to": "inference"}).content.decode()
    assert "Renew the approval" in form
    answer = ada.post(reverse("version-move", args=[version.pk]), {"to_stage": "inference"}, follow=True)
    assert "is approved until" in answer.content.decode()
    assert "In use" in answer.content.decode()


def test_what_changed_since_an_approval_is_said_on_its_page(cast: Cast, signed_in: SignedIn) -> None:
    version = make.approved_version(cast)
    ada = signed_in(cast.ada)
    assert "Since it was approved" not in page(ada, version)
    make.risk(version, by=cast.ada, priority="critical")
    shown = page(ada, version)
    for said in ("In use", "Since it was approved, things have changed", "No open risk of high priority or above"):
        assert said in shown


def test_a_signature_that_is_taken_back_stops_the_use(cast: Cast, signed_in: SignedIn) -> None:
    version = make.approved_version(cast)
    alan, ada = signed_in(cast.alan), signed_in(cast.ada)
    signature = SignOff.objects.get(version=version, signed_by=cast.alan)
    alan.post(reverse("sign-off-withdraw", args=[signature.pk]), {"reason": "I saw an error."})
    shown = page(ada, version)
    for said in ("No longer to be used", "It was suspended: a signature that its approval rested on was withdrawn"):
        assert said in shown
    assert "Renew the approval" in shown
    assert str(version) in signed_in(cast.grace).get(reverse("review-queue")).content.decode()


def test_a_version_in_use_is_retired_from_its_page(cast: Cast, signed_in: SignedIn) -> None:
    version = make.approved_version(cast)
    ada = signed_in(cast.ada)
    address = f"{reverse('version-move', args=[version.pk])}?to=retired"
    assert address in page(ada, version)
    assert ada.get(reverse("version-move", args=[version.pk])).status_code == 200
    assert ada.post(address, {"to_stage": "retired"}).status_code == 302
    assert "This version is retired" in page(ada, version)
