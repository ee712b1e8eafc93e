"""Words that must fit what they are said of."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import User
from registry.reports.wording import found_words, metric_words, question_words
from registry.web.present import metrics
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]


def test_the_end_of_the_way_is_not_entered() -> None:
    assert question_words("retired") == "May it be retired?"
    assert question_words("inference") == "May it enter inference?"


@pytest.mark.parametrize(
    ("found", "low", "high", "said"),
    [
        ("2, 95% interval 2 to 2", 2.0, 2.0, "2, with no spread"),
        ("0.5, 95% interval 0.5 to 0.5", 0.4999, 0.5, "0.5, 95% interval 0.5 to 0.5"),
        ("nothing measured", None, None, "nothing measured"),
    ],
)
def test_what_has_no_spread_is_not_said_as_an_interval(found: str, low: Any, high: Any, said: str) -> None:
    assert found_words({"found": found, "detail": {"low": low, "high": high}}) == said


def test_the_gap_of_an_explanation_has_one_name() -> None:
    assert metrics.title("explain.additivity_gap") == metric_words("explain.additivity_gap") == "Additivity gap"


def test_only_where_somebody_signed_have_signatures_lapsed(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    ada, address = signed_in(cast.ada), reverse("trust-needs", args=[version.model.project_id])
    sent = {"aspect": "privacy", "level": "low", "reason": "No person is named in it."}
    assert "lapsed" not in ada.post(address, sent, follow=True).content.decode()
    make.signed(version, by=cast.grace, expertise="fairness")
    assert "lapsed" in ada.post(address, sent | {"level": "high"}, follow=True).content.decode()


def test_who_grants_a_waiver_reads_until_when_in_which_zone_and_no_advice(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.5, high=0.6)
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    waiver = make.waived(version, next(r.id for r in unmet if r.kind == "threshold"), cast=cast, grants=0)
    page = signed_in(cast.grace).get(reverse("waiver", args=[waiver.pk])).content.decode()
    assert f"{waiver.expires_at:%H:%M} UTC</time>" in page
    assert "change the model" not in page
    assert "Found: 0.55" in page
