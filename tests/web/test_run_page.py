"""The page of a run: its numbers are told from their limits, and its parts can be compared."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import Evaluation, Measurement, User
from registry.web.present import evidence, runs
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
RATE = "fairness.selection_rate"
EPSILON = "fairness.differential_epsilon"
PARTS = (("overall", 2.4), ("feature=a", 0.4), ("feature=b", 0.1))


def a_run(cast: Cast, **judged: Any) -> Evaluation:
    version = make.ready_version(cast)
    parts = [
        make.reading(metric=RATE, slice="race=a", low=0.2, high=0.4),
        make.reading(metric=RATE, slice="race=b", low=0.7, high=0.9),
        make.reading(metric=RATE, slice="race=c", low=None, high=None, status="insufficient_data", reason="3 rows"),
    ]
    return make.measured(version, by=cast.ada, readings=[make.reading(**judged), *parts])


def test_the_same_measure_of_several_groups_is_drawn_on_one_scale(cast: Cast) -> None:
    rows = runs.page(a_run(cast), person=cast.ada)["measurements"]
    scales = {row["slice_name"]: (row["lower"], row["upper"]) for row in rows if row["title"] == "Selection rate"}
    assert set(scales) == {"race=a", "race=b", "race=c"}
    ((lower, upper),) = set(scales.values())
    assert lower <= 0.2
    assert upper >= 0.9


def test_what_features_add_to_a_sum_has_a_scale_of_its_own(cast: Cast) -> None:
    rows = [make.reading(metric=EPSILON, slice=name, value=low, low=low, high=low + 0.1) for name, low in PARTS]
    page = runs.page(make.measured(make.ready_version(cast), by=cast.ada, readings=rows), person=cast.ada)
    upper = {row["slice_name"]: row["upper"] for row in [*page["measurements"], *page["parts"]]}
    assert upper["overall"] > 2 > upper["feature=a"] == upper["feature=b"]


def test_an_end_that_nearly_meets_its_limit_is_written_so_that_it_is_seen_to_miss(
    cast: Cast, signed_in: SignedIn
) -> None:
    run = a_run(cast, low=0.79996, high=0.95)
    for name, which in (("evaluation", run.pk), ("version-evidence", run.version_id)):
        page = signed_in(cast.ada).get(reverse(name, args=[which])).content.decode()
        assert "0.79996 \u2013 0.95, 95%" in page, name
        assert "asked: at least 0.80" in page, name


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            {"metric": "conformal.coverage", "slice": "worst class", "detail": {"lowest": "class=8"}},
            "worst class, class: 8",
        ),
        ({"metric": "calib.hosmer_lemeshow", "slice": "overall", "method": "chi-squared, external model"}, "all rows"),
        ({"metric": "calib.brier", "slice": "overall", "method": "central limit"}, "all rows · squared error"),
    ],
)
def test_a_row_names_the_worst_class_and_says_a_unit_once(said: dict[str, Any], words: str) -> None:
    row = Measurement(**{"detail": {}} | said, evaluation=Evaluation(subject={}))
    assert evidence.where_in_unit(row) == words
