"""The operator's site: accounts, and otherwise only looking."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.admin import site
from registry.models import AuditEvent, User
from tests.people import PASSWORD, Cast, person
from tests.web.world import World

SignedIn = Callable[[User], Client]


@pytest.fixture
def operator(cast: Cast) -> User:
    made = person("operator")
    User.objects.filter(pk=made.pk).update(is_superuser=True, is_staff=True)
    made.refresh_from_db()
    return made


def test_nothing_governed_can_be_added_changed_or_deleted_there(
    world: World, operator: User, signed_in: SignedIn
) -> None:
    client = signed_in(operator)
    for model in set(site._registry) - {User}:
        root = f"/admin/registry/{model._meta.model_name}/"
        assert client.get(root).status_code == 200, root
        assert client.post(f"{root}add/", {}).status_code == 403, root
        row = model.objects.first()
        if row is not None:
            assert client.get(f"{root}{row.pk}/change/").status_code == 200, root
            assert client.post(f"{root}{row.pk}/change/", {"stage": "inference"}).status_code == 403, root
            assert client.post(f"{root}{row.pk}/delete/", {"post": "yes"}).status_code == 403, root


def test_a_list_there_joins_what_its_rows_are_named_by_and_nothing_else(
    world: World, operator: User, signed_in: SignedIn
) -> None:
    client = signed_in(operator)
    for model in set(site._registry) - {User}:
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/admin/registry/{model._meta.model_name}/")
        assert len(asked) <= 5, (model, [query["sql"][:200] for query in asked])
        assert max(query["sql"].count(" JOIN ") for query in asked) <= 12, model


def test_an_account_is_made_and_deactivated_and_both_are_on_record(operator: User, signed_in: SignedIn) -> None:
    client = signed_in(operator)
    made = {"username": "zoe", "first_name": "Zoe", "last_name": "Z", "email": "zoe@example.org"}
    made |= {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/admin/registry/user/add/", made).status_code == 302
    zoe = User.objects.get(username="zoe")
    kept = {"username": "zoe", "first_name": "Zoe", "last_name": "Z", "email": "zoe@example.org"}
    assert client.post(f"/admin/registry/user/{zoe.pk}/change/", kept).status_code == 302
    zoe.refresh_from_db()
    assert not zoe.is_active
    assert client.post(f"/admin/registry/user/{zoe.pk}/delete/", {"post": "yes"}).status_code == 403
    verbs = set(AuditEvent.objects.filter(actor=operator).values_list("verb", flat=True))
    assert verbs == {"person.created", "person.changed"}
    assert not AuditEvent.objects.filter(body__contains=PASSWORD).exists()


@pytest.mark.parametrize("name", ["ada", "joan"])
def test_nobody_else_gets_in(cast: Cast, signed_in: SignedIn, name: str) -> None:
    client = signed_in(getattr(cast, name))
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/registry/modelversion/").status_code == 302


def test_an_operator_opens_no_gate(world: World, operator: User, signed_in: SignedIn) -> None:
    client = signed_in(operator)
    assert client.get(world.address("version")).status_code == 404
    assert client.post(world.address("version-move"), {"to_stage": "inference"}).status_code == 404
