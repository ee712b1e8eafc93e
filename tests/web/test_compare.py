"""Two versions side by side: each reading against its limit, what came out otherwise first, and how far apart."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User
from registry.web.present import beside
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
OVERALL = "fairness.selection_rate"


def two(cast: Cast) -> tuple[ModelVersion, ModelVersion]:
    """A version that misses its limit, and the next one, which meets it and approves more often."""
    first, second = make.ready_version(cast), make.ready_version(cast, label="2")
    for version, low, rate in ((first, 0.6, 0.5), (second, 0.86, 0.56)):
        selected = make.reading(metric=OVERALL, slice="overall", low=rate - 0.05, high=rate + 0.05)
        make.measured(version, by=cast.ada, readings=[selected, make.reading(low=low, high=low + 0.1)])
    return first, second


def test_each_reading_stands_against_its_limit_in_the_colour_of_its_outcome(cast: Cast) -> None:
    judged, whole = beside.pairs(*two(cast))
    assert [(row["label"], row["limit"], row["outcome"]) for row in judged["rows"]] == [
        ("version 1", 0.8, "failed"),
        ("version 2", 0.8, "passed"),
    ]
    assert (judged["place"], judged["outcomes"]) == ("judged", ["failed", "passed"])
    assert (whole["place"], whole["outcomes"]) == ("whole", [])


def test_how_far_apart_two_readings_are_is_said(cast: Cast) -> None:
    first, second = two(cast)
    assert [pair["difference"] for pair in beside.pairs(first, second)] == [
        "higher by 0.26",
        "higher by 6.00 percentage points",
    ]
    assert beside.pairs(second, first)[0]["difference"] == "lower by 0.26"
    assert beside.pairs(first, first)[0]["difference"] == "the same"
    few = make.reading(low=None, high=None, status="insufficient_data", reason="too few rows")
    make.measured(second, by=cast.ada, readings=[few])
    assert beside.pairs(first, second)[0]["difference"] == "known of one version only"


def test_what_came_out_otherwise_stands_first(cast: Cast) -> None:
    pairs = [
        {"place": "group", "outcomes": []},
        {"place": "judged", "outcomes": ["passed", "passed"]},
        {"place": "judged", "outcomes": ["failed", "failed"]},
        {"place": "judged", "outcomes": ["failed", "passed"]},
    ]
    assert [pair["outcomes"] for pair in sorted(pairs, key=beside._urgency)] == [
        ["failed", "passed"],
        ["failed", "failed"],
        ["passed", "passed"],
        [],
    ]


def test_the_page_says_of_both_whether_they_may_be_used_and_no_good_standing_in_green(
    cast: Cast, signed_in: SignedIn
) -> None:
    first, second = two(cast)
    page = signed_in(cast.ada).get(reverse("version-compare", args=[second.pk]), {"against": first.pk})
    assert page.context["before_said"]["text"] == "blocked"
    assert page.context["now_said"]["text"] == "undecided"
    html = page.content.decode()
    assert "Good" not in html
    assert 'data-label="version 1">good</td>' in html


def test_versions_whose_worst_groups_differ_are_compared_in_the_worst_group_of_each(cast: Cast) -> None:
    first, second = two(cast)
    for version, name in ((first, "race=a"), (second, "race=b")):
        make.measured(version, by=cast.ada, readings=[make.reading(detail={"lowest": name})])
    assert [pair["slice"] for pair in beside.pairs(first, second)] == ["worst group, by race", "everybody"]
    make.measured(first, by=cast.ada, readings=[make.reading(detail={"lowest": "race=b"})])
    assert "worst group, race: b" in [pair["slice"] for pair in beside.pairs(first, second)]


def test_the_earlier_version_stands_first_whichever_page_is_opened(cast: Cast, signed_in: SignedIn) -> None:
    first, second = two(cast)
    for opened in (first, second):
        page = signed_in(cast.ada).get(reverse("version-compare", args=[opened.pk]))
        assert (page.context["before"], page.context["now"]) == (first, second)
        assert [row["label"] for row in page.context["measurements"][0]["rows"]] == ["version 1", "version 2"]


def test_a_gap_between_other_groups_than_before_is_not_called_everybodys(cast: Cast) -> None:
    first, second = two(cast)
    gap = "fairness.demographic_parity_difference"
    for version, (lowest, highest) in ((first, ("race=a", "race=b")), (second, ("race=b", "race=a"))):
        reading = make.reading(metric=gap, slice="overall", detail={"lowest": lowest, "highest": highest})
        make.measured(version, by=cast.ada, readings=[reading])
    assert "the two that differ most, by race" in [pair["slice"] for pair in beside.pairs(first, second)]


def test_what_a_test_found_is_said_without_a_distance(cast: Cast) -> None:
    first, second = two(cast)
    for version, p in ((first, 0.01), (second, 0.2)):
        reading = make.reading(metric="fairness.permutation_p", slice="overall", value=p, p_value=p)
        make.measured(version, by=cast.ada, readings=[reading])
    found = next(pair for pair in beside.pairs(first, second) if pair["findings"])
    assert found["findings"] == [
        "version 1 \u00b7 test: found, p = 0.01",
        "version 2 \u00b7 test: nothing found, p = 0.20",
    ]
    assert found["difference"] == ""


def test_whom_a_gap_leaves_out_stands_beside_it_for_each_version(cast: Cast) -> None:
    """A group that drops out can change a gap more than the model did."""
    first, second = two(cast)
    left = [{"group": "race=c", "n": 24, "counted": "24 rows predicted unfavourable"}]
    make.measured(second, by=cast.ada, readings=[make.reading(detail={"excluded": left})])
    pair = next(pair for pair in beside.pairs(first, second) if pair["left_out"])
    assert pair["left_out"] == ["version 2 leaves out 1: race: c (24 rows predicted unfavourable)"]
