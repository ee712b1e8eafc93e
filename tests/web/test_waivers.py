"""Waivers are called by what they accept, on the page of a version and between two states of its evidence."""

import json
from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User
from registry.web.present import changes
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
ACCEPTED = "Demographic parity ratio, worst group: at least 0.80"


def unsettled(cast: Cast) -> tuple[ModelVersion, str]:
    """A version whose parity can't be told, and the code of that requirement."""
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    return version, next(item.id for item in unmet if item.kind == "threshold")


def test_the_page_of_a_version_lists_waivers_in_words(cast: Cast, signed_in: SignedIn) -> None:
    version, code = unsettled(cast)
    risk = make.risk(version, by=cast.ada, issue="Homes are lost", priority="high")
    for each in (code, f"risk:{risk.pk}"):
        make.waived(version, each, cast=cast, grants=0)
    listed = signed_in(cast.mary).get(reverse("version", args=[version.pk])).context["waivers"]
    assert {each["row"].requirement: each["words"] for each in listed} == {
        code: ACCEPTED,
        f"risk:{risk.pk}": "No open risk of high priority or above (high: Homes are lost)",
    }
    assert {each["status_word"] for each in listed} == {"does not hold"}
    history = signed_in(cast.mary).get(reverse("version-history", args=[version.pk]))
    asked = [entry for entry in history.context["entries"] if entry["title"].startswith("A waiver was asked for")]
    assert [entry["status"] for entry in asked] == ["pending", "pending"]


def test_a_waiver_that_came_after_a_signature_is_named_in_words(cast: Cast) -> None:
    version, code = unsettled(cast)
    signature = make.signed(version, by=cast.grace, expertise="fairness")
    make.waived(version, code, cast=cast)
    now = make.verdicts.review(version, to_stage=make.INFERENCE).evidence_body
    found = changes.compare_evidence(json.loads(signature.snapshot.body), json.loads(now))
    assert f"Waiver of \u201c{ACCEPTED}\u201d" in [change["name"] for change in found]


def test_nowhere_is_a_requirement_called_met_that_is_only_waived(cast: Cast, signed_in: SignedIn) -> None:
    version, code = unsettled(cast)
    make.waived(version, code, cast=cast)
    make.signed(version, by=cast.grace, expertise="fairness")
    make.signed(version, by=cast.alan, expertise="security")
    ada = signed_in(cast.ada)
    history = ada.get(reverse("version-history", args=[version.pk])).content.decode()
    assert "said: passed, with a waiver" in history
    pages = [history, ada.get(reverse("overview")).content.decode()]
    assert all("1 of 8 requirements only waived" in page and "every requirement met" not in page for page in pages)
    gate = ada.get(reverse("version", args=[version.pk])).content.decode()
    assert "Of 8 requirements, 1 is not met but accepted for a while." in gate
    assert ("What would meet it" in gate, "What would unblock it" in gate) == (True, False)
    assert "everything else is met or waived already" in ada.get(
        reverse("version-waive", args=[version.pk])
    ).content.decode().replace("&#x27;", "'")
    for where in (reverse("model-list"), reverse("model", args=[version.model_id])):
        assert "ready to be moved, with a waiver" in ada.get(where).content.decode()
