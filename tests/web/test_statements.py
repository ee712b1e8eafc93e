"""A page asks the database a few things, and no more of them the more there is to show."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.models import User
from registry.services import catalog
from tests import make
from tests.web.world import World

SignedIn = Callable[[User], Client]
AT_MOST = 15
PAGES = (
    "overview", "version", "version-evidence", "version-coverage", "version-card", "version-risks", "version-lineage",
    "model-list", "model", "dataset-list", "dataset", "review-queue", "project-list", "audit", "coverage", "methods",
)  # fmt: skip


def grow(world: World) -> None:
    """More of everything that a page lists."""
    cast, version = world.cast, world.version
    for number in range(3):
        make.risk(version, by=cast.ada, issue=f"Risk {number}", priority="high")
        readings = [make.reading(slice=f"race=group {number}-{each}") for each in range(3)]
        make.measured(version, by=cast.ada, readings=[make.reading(low=0.7, high=0.9), *readings])
        make.dataset_version(cast, slug=f"more-{number}")
        make.model_version(cast, label=f"more-{number}")
    make.ready_version(cast, label="3", slug="second-model")
    for name in ("third-model", "fourth-model"):
        make.ready_version(cast, slug=name)
    data = make.dataset_version(cast, label="2")
    catalog.register_dataset_version(
        data.dataset, label="3", parents=[catalog.Parent(relation="derived_from", version=data)], by=cast.ada
    )
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    for item in unmet:
        if item.kind in ("risk", "threshold"):
            make.waived(version, item.id, cast=cast, grants=1)
    for person, expertise in ((cast.grace, "fairness"), (cast.alan, "security"), (cast.alan, "domain")):
        make.signed(version, by=person, expertise=expertise)


def statements(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize(("page", "name", "most"), [("version-sign", "grace", 18), ("version-compare", "ada", 22)])
def test_a_page_that_asks_gates_asks_few_things_beside_them(
    world: World, signed_in: SignedIn, page: str, name: str, most: int
) -> None:
    client = signed_in(getattr(world.cast, name))
    grow(world)
    assert statements(client, world.address(page)) <= most


@pytest.mark.parametrize("name", ["ada", "grace"])
def test_a_page_asks_a_few_things_however_much_there_is_to_show(world: World, signed_in: SignedIn, name: str) -> None:
    client = signed_in(getattr(world.cast, name))
    addresses = {page: world.address(page) for page in PAGES}
    few = {page: statements(client, address) for page, address in addresses.items()}
    grow(world)
    many = {page: statements(client, address) for page, address in addresses.items()}
    # One more is where the first row of a kind is looked up by another statement; a statement a row would be several.
    assert {page: number for page, number in many.items() if number > few[page] + 1} == {}
    assert {page: number for page, number in many.items() if number > AT_MOST} == {}
