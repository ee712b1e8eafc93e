"""A version that is retired, and what a version's page offers: only what is still of use."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User
from registry.web.present import dossier, worklists
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
RETIRED = "retired"


def page(client: Client, version: ModelVersion) -> str:
    return client.get(reverse("version", args=[version.pk])).content.decode()


def waived_and_at_risk(cast: Cast) -> ModelVersion:
    """At training, with an open risk of ada's and a waiver that holds."""
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    make.risk(version, by=cast.ada, owner=cast.ada, issue="Homes are lost")
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    make.waived(version, next(i.id for i in unmet if i.kind == "threshold"), cast=cast)
    return version


def test_a_version_retired_from_training_has_not_reached_inference(cast: Cast, signed_in: SignedIn) -> None:
    version, ada = waived_and_at_risk(cast), signed_in(cast.ada)
    before = page(ada, version)
    assert ">Evaluate</a>" in before
    make.moved(version, to_stage=RETIRED, by=cast.ada)
    after = page(ada, version)
    assert (after.count('class="track-done"'), after.count('class="track-ahead"')) == (4, 1)
    assert "retired from training" in after
    assert "Retired from training" in after
    assert "Withdrawn standing" not in after
    assert ">Evaluate</a>" not in after
    assert "over since the version was retired" in after
    waiver = version.waivers.get()
    assert "holds" not in ada.get(reverse("waiver", args=[waiver.pk])).context["status_word"]


def test_what_belongs_to_a_retired_version_waits_for_nobody(cast: Cast) -> None:
    version = waived_and_at_risk(cast)
    assert "Homes are lost" in [item["title"] for item in worklists.lists(cast.ada)["waiting"]]
    make.moved(version, to_stage=RETIRED, by=cast.ada)
    assert worklists.lists(cast.ada)["waiting"] == []


def test_what_is_missing_is_offered_only_while_something_is(cast: Cast, signed_in: SignedIn) -> None:
    version, ada = make.ready_version(cast), signed_in(cast.ada)
    make.measured(version, by=cast.ada, low=0.6, high=0.7)
    assert "Run what is missing" not in page(ada, version)
    other = make.model_version(cast, label="unmeasured", data=None)
    make.at_stage(other, "training", by=cast.ada)
    assert "Run what is missing" in page(ada, other)


def test_the_dossier_too_shows_how_far_a_retired_version_came(cast: Cast) -> None:
    version = make.ready_version(cast)
    assert dossier.dossier(version, person=cast.mary).title["left"] == ""
    make.moved(version, to_stage=RETIRED, by=cast.ada)
    assert dossier.dossier(version, person=cast.mary).title["left"] == "training"
