"""Signing in: nobody is offered a message that is never sent."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.people import PASSWORD, Cast


@pytest.mark.django_db
def test_a_forgotten_password_is_only_offered_where_email_is_sent(client: Client, settings: Any) -> None:
    assert settings.SENDS_EMAIL is False
    page = client.get(reverse("account_login")).content.decode()
    assert "Forgot" not in page
    assert reverse("account_reset_password") not in page
    settings.SENDS_EMAIL = True
    assert reverse("account_reset_password") in client.get(reverse("account_login")).content.decode()


def test_a_reset_that_would_reach_nobody_says_so(
    cast: Cast, client: Client, settings: Any, mailoutbox: list[object]
) -> None:
    answer = client.post(reverse("account_reset_password"), {"email": cast.ada.email})
    assert "This server sends no e-mail" in answer.content.decode()
    assert mailoutbox == []
    settings.SENDS_EMAIL = True
    assert client.post(reverse("account_reset_password"), {"email": cast.ada.email}).status_code == 302
    assert len(mailoutbox) == 1


def test_the_proof_of_presence_offers_no_message_either(cast: Cast, client: Client) -> None:
    client.post(reverse("account_login"), {"login": "ada", "password": PASSWORD})
    for name in ("account_reauthenticate", "account_change_password"):
        assert reverse("account_reset_password") not in client.get(reverse(name)).content.decode(), name
