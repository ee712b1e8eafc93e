"""What the tests of the web interface share."""

from collections.abc import Callable

import pytest
from django.test import Client

from registry.models import User
from tests.people import Cast
from tests.web.world import World, make_world


@pytest.fixture
def world(cast: Cast) -> World:
    """One of everything, in the transaction that is rolled back."""
    return make_world(cast)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """`signed_in(cast.ada)`: a browser in which a person has signed in."""

    def client_of(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return client_of
