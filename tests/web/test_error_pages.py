"""Errors that no view answers itself have a page too, which says what was kept and where to go on."""

from collections.abc import Callable

from django.test import Client

from registry.models import User
from tests.web.world import World

SignedIn = Callable[[User], Client]


def test_an_address_that_takes_a_button_says_so_to_whom_signing_in_led_there(world: World, signed_in: SignedIn) -> None:
    address = world.address("evaluation-cancel")
    assert address in Client().post(address).url
    answer = signed_in(world.cast.ada).get(address)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "press it again" in answer.content.decode()


def test_a_page_that_is_not_there_leads_on_to_where_somebody_can_go(world: World, signed_in: SignedIn) -> None:
    assert b"Go to the overview</a>" in signed_in(world.cast.ada).get("/nowhere/").content
    assert b"Sign in</a>" in Client().get("/nowhere/").content
