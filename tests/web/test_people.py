"""A token's text is seen once; whom an administrator may name is offered, to administrators alone."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from registry.models import AuditEvent, User
from tests.people import Cast, person

SignedIn = Callable[[User], Client]
SECRET = re.compile(r"assay_[\w-]{20,}")


def ask_for_token(cast: Cast, joan: Client) -> Any:
    sent = {"name": "deploy", "acts_as": cast.pipeline.pk, "scopes": ["verdict:read"], "days": 30}
    return joan.post(reverse("token-new", args=[cast.lending.pk]), sent)


def test_a_token_is_shown_on_the_page_after_its_making_and_never_again(cast: Cast, signed_in: SignedIn) -> None:
    joan = signed_in(cast.joan)
    answer = ask_for_token(cast, joan)
    assert answer.status_code == 302
    assert not SECRET.search(answer.content.decode())
    carried = answer.cookies["shown_once"]
    assert carried["httponly"]
    assert carried["samesite"] == "Strict"
    assert carried["path"] == answer.url
    first = joan.get(answer.url)
    assert "no-store" in first["Cache-Control"]
    secret = SECRET.search(first.content.decode())[0]  # type: ignore[index]
    again = joan.get(answer.url).content.decode()
    assert secret not in again
    assert "was shown once" in again
    assert secret not in joan.get(reverse("people")).content.decode()
    assert not AuditEvent.objects.filter(body__contains=secret).exists()
    assert not [row for row in Session.objects.all() if secret in str(row.get_decoded())]


def test_the_secret_of_one_token_is_not_shown_as_another_ones(cast: Cast, signed_in: SignedIn) -> None:
    joan = signed_in(cast.joan)
    ask_for_token(cast, joan)
    assert not SECRET.search(joan.get(reverse("token", args=[cast.token.pk])).content.decode())


def test_an_administrator_is_offered_people_of_their_teams_and_of_none(cast: Cast, signed_in: SignedIn) -> None:
    newcomer = person("nina", full_name="Nina Newcomer")
    page = signed_in(cast.joan).get(reverse("member-new", args=[cast.lending.pk])).content.decode()
    offered = set(re.findall(r'<option value="(\w+)">[^<]', page))
    assert {"ada", "grace", "mary", newcomer.username} <= offered
    assert not {"eve", "olga", "joan"} & offered
    assert signed_in(cast.ada).get(reverse("member-new", args=[cast.lending.pk])).status_code == 403


def test_somebody_of_another_team_can_still_be_named(cast: Cast, signed_in: SignedIn) -> None:
    joan = signed_in(cast.joan)
    answer = joan.post(reverse("member-new", args=[cast.lending.pk]), {"person": "eve", "role": "auditor"}, follow=True)
    assert "Eve Market is auditor in" in answer.content.decode()
