"""Signing in: nobody is offered a message that is never sent."""

import re
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


WITHOUT_EMAIL = {
    "account_reset_password": [],
    "account_reset_password_done": [],
    "account_reset_password_from_key": ["1", "a-b"],
    "account_reset_password_from_key_done": [],
}
CLOSED = {
    "account_signup": [],
    "account_email": [],
    "account_email_verification_sent": [],
    "account_confirm_email": ["key"],
    "account_confirm_login_code": [],
    "account_set_password": [],
}


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_where_no_email_is_sent_no_page_speaks_of_one(cast: Cast, client: Client, is_signed_in: bool) -> None:
    if is_signed_in:
        client.force_login(cast.ada, backend="django.contrib.auth.backends.ModelBackend")
    for name, place in (WITHOUT_EMAIL | CLOSED).items():
        assert client.get(reverse(name, args=place)).status_code == 404, name
        assert client.post(reverse(name, args=place), {"email": cast.ada.email}).status_code == 404, name


@pytest.mark.django_db
def test_accounts_and_their_addresses_are_an_operators_even_where_email_is_sent(client: Client, settings: Any) -> None:
    settings.SENDS_EMAIL = True
    for name, place in CLOSED.items():
        assert client.get(reverse(name, args=place)).status_code == 404, name


def test_a_forgotten_password_is_exchanged_by_a_link(
    cast: Cast, client: Client, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.SENDS_EMAIL = True
    assert "A link with which you can choose" in client.get(reverse("account_reset_password")).content.decode()
    answer = client.post(reverse("account_reset_password"), {"email": cast.ada.email}, follow=True)
    assert "The link is on its way" in answer.content.decode()
    link = re.search(r"/accounts/password/reset/key/\S+", mailoutbox[0].body)[0]
    page = client.get(link, follow=True)
    assert "New password, again" in page.content.decode()
    sent = {"password1": "a quite new password", "password2": "a quite new password"}
    assert "Your password is changed" in client.post(page.request["PATH_INFO"], sent, follow=True).content.decode()
    assert "This link holds no longer" in Client().get(link, follow=True).content.decode()
    cast.ada.refresh_from_db()
    assert cast.ada.check_password("a quite new password")


@pytest.mark.django_db
def test_signing_in_speaks_as_the_rest_of_the_site_does(client: Client) -> None:
    page = client.get(reverse("account_login")).content.decode()
    assert "Name or e-mail" in page
    assert "Stay signed in" in page
    assert not re.search("Remember Me|Username|placeholder", page)
    assert "This account is closed" in client.get(reverse("account_inactive")).content.decode()


def test_the_proof_of_presence_offers_no_message_either(cast: Cast, client: Client) -> None:
    client.post(reverse("account_login"), {"login": "ada", "password": PASSWORD})
    for name in ("account_reauthenticate", "account_change_password"):
        assert reverse("account_reset_password") not in client.get(reverse(name)).content.decode(), name
