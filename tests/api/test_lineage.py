"""Lineage across teams: whoever is in one of them alone learns only that there is something in the other."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from registry.models import DatasetVersion
from registry.services import catalog, people
from tests import make
from tests.api.clients import Caller, made
from tests.people import Cast

Person = Callable[[str], Caller]


@pytest.fixture
def theirs(cast: Cast) -> DatasetVersion:
    """A dataset version of the other team, in which ada contributes too."""
    people.add_member(cast.marketing, person=cast.ada, role="contributor", by=cast.olga)
    dataset = catalog.create_dataset(cast.marketing, slug="clicks", by=cast.ada)
    return catalog.register_dataset_version(dataset, label="1", by=cast.ada)


def parents_seen(caller: Caller, cast: Cast, data: DatasetVersion) -> list[dict[str, Any]]:
    version = make.model_version(cast, data=data)
    return made(caller.get(f"versions/{version.pk}/lineage/"), 200)["results"]


def test_who_is_in_both_teams_is_told_the_parents_name(cast: Cast, theirs: DatasetVersion, person: Person) -> None:
    [edge] = parents_seen(person("ada"), cast, theirs)
    assert (edge["name"], edge["dataset_version"]) == ("marketing/clicks@1", str(theirs.pk))


@pytest.mark.parametrize("who", ["mary", "token"])
def test_who_is_in_the_childs_team_alone_is_told_neither_name_nor_id(
    cast: Cast, theirs: DatasetVersion, person: Person, pipeline: Caller, who: str
) -> None:
    [edge] = parents_seen(pipeline if who == "token" else person(who), cast, theirs)
    assert (edge["relation"], edge["name"]) == ("trained_on", None)
    assert (edge["dataset_version"], edge["model_version"]) == (None, None)


def test_no_reason_names_another_teams_dataset(cast: Cast, theirs: DatasetVersion, person: Person) -> None:
    version = make.model_version(cast, data=theirs)
    make.active_policy(cast, on=version.model.project)
    make.at_stage(version, "training", by=cast.ada)
    make.measured(version, by=cast.ada)
    mary = person("mary")
    found = [item["found"] for item in made(mary.get(f"versions/{version.pk}/review/"), 200)["requirements"]]
    assert "a dataset of another team: not written" in found
    told = [f"versions/{version.pk}/{part}" for part in ("review/", "lineage/", "attestations/", "transitions/")]
    for address in (*told, "audit-events/?limit=100", f"verdict/?name={version}&stage=inference"):
        assert b"clicks" not in mary.get(address).content, address
    pages = ("version", "version-evidence", "version-card", "version-lineage", "version-history", "version-move")
    for page in pages:
        assert b"clicks" not in mary.client.get(reverse(page, args=[version.pk])).content, page


def test_a_team_names_its_own_datasets(cast: Cast, person: Person) -> None:
    version = make.model_version(cast, data=make.dataset_version(cast))
    make.active_policy(cast, on=version.model.project)
    make.at_stage(version, "training", by=cast.ada)
    found = [item["found"] for item in made(person("mary").get(f"versions/{version.pk}/review/"), 200)["requirements"]]
    assert "lending/loans@1: not written" in found
