"""The history of a version: in the order in which things became known, each told once and in words."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User
from registry.services import lifecycle, runs
from registry.services.risks import update_risk
from registry.web.present import history
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

SignedIn = Callable[[User], Client]


def titles(version: ModelVersion) -> list[str]:
    return [entry["title"] for entry in history.section(version, QueryDict())["entries"]]


def test_a_run_stands_where_its_result_came_between_the_gate_without_and_with_it(cast: Cast) -> None:
    version = make.ready_version(cast)
    run = make.requested(version, by=cast.ada)
    make.risk(version, by=cast.ada, issue="Named while it ran", priority="low")
    assert titles(version).index("Risk: Named while it ran") < run_of(version)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed is not None
        assert runs.finish(claimed, readings=[make.reading(low=0.5, high=0.6)], evidence=(), environment={})
    told = titles(version)
    assert told.index("The gate to inference said: blocked") < run_of(version) < told.index("Risk: Named while it ran")


def run_of(version: ModelVersion) -> int:
    return next(place for place, title in enumerate(titles(version)) if title.startswith("Evaluation: "))


def test_no_event_is_told_by_its_name_in_the_log(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    update_risk(make.risk(version, by=cast.ada), changes={"likelihood": 5}, by=cast.ada)
    page = signed_in(cast.mary).get(reverse("version-history", args=[version.pk])).content.decode()
    assert "changed a risk: " in page
    assert "risk.updated" not in page


def test_over_its_pages_a_history_tells_everything_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    version = make.ready_version(cast)
    signature = make.signed(version, by=cast.grace, expertise="fairness")
    make.measured(version, by=cast.ada)
    lifecycle.withdraw_sign_off(signature, reason="Measured anew", by=cast.grace)
    whole = titles(version)
    monkeypatch.setattr(history, "SIZE", 3)
    found: list[str] = []
    query, more = QueryDict(), True
    while more:
        page: dict[str, Any] = history.section(version, query)
        found += [entry["title"] for entry in page["entries"]]
        more, query = bool(page["older"]), QueryDict(page["older"].partition("?")[2])
    assert len(whole) > 6
    assert found == whole
