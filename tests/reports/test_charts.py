"""Charts are well formed, honest about what is missing, and can be made to do nothing by a hostile name."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from django.utils.safestring import SafeString

from registry.reports.charts import interval_chart
from registry.reports.charts_calibration import reliability_chart
from registry.reports.charts_forest import forest_chart
from registry.reports.charts_lineage import lineage_chart
from registry.reports.charts_model import bar_interval_chart, sparkline
from registry.reports.charts_stage import stage_track

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"><script>alert(1)</script><g onload=\'x()\' style="a">& ]]> \u202e \x00\x0b\ud800'
MISSING = (None, math.nan, math.inf, -math.inf, "", "n/a", True)
NODES: list[dict[str, object]] = [
    {"id": "a", "label": "a", "kind": "dataset"},
    {"id": "b", "label": "b", "current": True},
]

CHARTS: list[Callable[[str], SafeString]] = [
    lambda name: interval_chart(low=0.4, high=0.6, value=0.5, limit=0.55, label=name, unit=name),
    lambda name: interval_chart(limit=0.5, label=name),
    lambda name: interval_chart(low=0.4, high=0.6, limit=0.5, direction=name, outcome=name),
    lambda name: forest_chart(
        [{"label": name, "low": 0.1, "high": 0.3, "value": 0.2, "n": 9, "note": name, "outcome": name}], label=name
    ),
    lambda name: forest_chart([{"label": name, "status": name}, {"label": "a", "value": 0.2}], label=name),
    lambda name: reliability_chart([{"predicted": 0.2, "observed": 0.3, "low": 0.1, "high": 0.5, "n": 3}], label=name),
    lambda name: bar_interval_chart([{"name": name, "value": 0.4, "low": 0.3, "high": 0.5}], label=name, unit=name),
    lambda name: sparkline([1, None, 2, 3], label=name, unit=name),
    lambda name: stage_track(name, name),
    lambda name: lineage_chart(
        [{"id": name, "label": name, "kind": name, "standing": name, "href": "/" + name}, *NODES],
        [(name, "a"), ("a", "b")],
        label=name,
    ),
]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - parses only what the charts under test wrote


def position(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name].rstrip("%"))


def limit_and_ends(svg: str) -> tuple[float, float, float]:
    root = parsed(svg)
    limit = next(each for each in root.iter(f"{SVG}line") if each.get("class") == "chart-limit")
    bar = next(each for each in root.iter(f"{SVG}line") if each.get("class") == "chart-mark-line")
    return position(limit, "x1"), position(bar, "x1"), position(bar, "x2")


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("name", ["plain", HOSTILE, "", "x" * 5000, "{{ 7 }}", "javascript:alert(1)"])
def test_charts_are_well_formed_and_escape_every_name(chart: Callable[[str], SafeString], name: str) -> None:
    svg = chart(name)
    root = parsed(svg)
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert tags <= {"svg", "title", "desc", "g", "rect", "line", "circle", "text", "tspan", "path", "polyline", "a"}
    for each in root.iter():
        assert not {key for key in each.attrib if key.startswith("on") or key in ("style", "id")}
        assert all(
            "url(" not in value and "://" not in value
            for key, value in each.attrib.items()
            if key not in ("aria-label",)
        )
    assert isinstance(svg, SafeString)


@pytest.mark.parametrize("chart", CHARTS)
def test_a_name_that_was_marked_safe_elsewhere_is_still_only_a_name(chart: Callable[[str], SafeString]) -> None:
    assert "<b>" not in chart(SafeString("<b>\"'&</b>"))


@pytest.mark.parametrize("chart", CHARTS)
def test_charts_say_in_words_what_they_show(chart: Callable[[str], SafeString]) -> None:
    root = parsed(chart("sample"))
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.attrib["role"] == "img"
    assert title is not None
    assert title.text
    assert description is not None
    assert description.text


@pytest.mark.parametrize("direction", ["at_least", "at_most"])
@pytest.mark.parametrize(("low", "high"), list(itertools.combinations((-0.3, 0.0, 0.1, 0.49, 0.51, 0.9, 1.0, 7.0), 2)))
@pytest.mark.parametrize("limit", [0.5, 0.05])
def test_the_limit_is_drawn_inside_the_interval_exactly_when_the_interval_straddles_it(
    low: float, high: float, limit: float, direction: str
) -> None:
    at, start, end = limit_and_ends(interval_chart(low=low, high=high, limit=limit, direction=direction))
    assert (start < at < end) == (low < limit < high)
    assert 0 <= start <= end <= 100


@pytest.mark.parametrize(
    ("low", "high", "direction", "tolerance", "state"),
    [
        (0.81, 0.9, "at_least", None, "passed"),
        (0.8, 0.9, "at_least", None, "passed"),
        (0.7, 0.9, "at_least", None, "undecided"),
        (0.7, 0.79, "at_least", None, "failed"),
        (0.7, 0.8, "at_most", None, "passed"),
        (0.7, 0.9, "at_most", None, "undecided"),
        (0.81, 0.9, "at_most", None, "failed"),
        (0.75, 0.85, "within", 0.1, "passed"),
        (0.65, 0.85, "within", 0.1, "undecided"),
        (0.95, 0.99, "within", 0.1, "failed"),
        (0.7, None, "at_least", None, "undecided"),
        (0.85, None, "at_least", None, "passed"),
    ],
)
def test_an_interval_is_coloured_by_the_side_of_the_limit_it_lies_on(
    low: float, high: float | None, direction: str, tolerance: float | None, state: str
) -> None:
    svg = interval_chart(low=low, high=high, limit=0.8, direction=direction, tolerance=tolerance)
    assert f"is-{state}" in svg
    assert f": {state}." in svg


def test_the_allowed_side_is_the_shaded_one() -> None:
    for direction, is_right in (("at_least", True), ("at_most", False)):
        root = parsed(interval_chart(low=0.2, high=0.3, limit=0.5, direction=direction, lower=0, upper=1))
        shade = next(each for each in root.iter(f"{SVG}rect") if each.get("class") == "chart-allowed")
        limit = next(each for each in root.iter(f"{SVG}line") if each.get("class") == "chart-limit")
        edge = position(shade, "x") if is_right else position(shade, "x") + position(shade, "width")
        assert edge == pytest.approx(position(limit, "x1"), abs=0.02)


@pytest.mark.parametrize("missing", MISSING)
def test_what_was_not_measured_is_said_and_never_drawn_as_zero(missing: object) -> None:
    drawn = [
        interval_chart(low=missing, high=missing, value=missing, limit=0.8),
        forest_chart([{"label": "a", "value": missing}]),
        forest_chart([]),
        reliability_chart([{"predicted": missing, "observed": 0.2}]),
        bar_interval_chart([{"name": "a", "value": missing}]),
        sparkline([missing]),
        sparkline([]),
    ]
    for svg in drawn:
        assert "not measured" in svg
        assert "<circle" not in svg


@pytest.mark.parametrize("numbers", list(itertools.product((None, math.nan, 0, 0.5, -2, 1e-300, 1e300), repeat=3)))
def test_no_numbers_make_a_chart_fail(numbers: tuple[float | None, float | None, float | None]) -> None:
    low, high, limit = numbers
    for direction in ("at_least", "at_most", "within"):
        root = parsed(interval_chart(low=low, high=high, value=low, limit=limit, direction=direction, tolerance=high))
        for line in root.iter(f"{SVG}line"):
            assert 0 <= position(line, "x1") <= position(line, "x2") <= 100


def test_an_interval_given_backwards_is_put_right() -> None:
    assert interval_chart(low=0.6, high=0.4, limit=0.5) == interval_chart(low=0.4, high=0.6, limit=0.5)


def test_a_bound_that_rounds_to_the_limit_is_shown_with_enough_digits_to_tell_them_apart() -> None:
    assert "0.7996" in interval_chart(low=0.7996, high=0.9, limit=0.8)


def test_the_worst_group_is_highlighted_and_a_missing_one_keeps_its_line() -> None:
    svg = forest_chart(
        [{"label": "a", "value": 0.2, "low": 0.1, "high": 0.3, "highlight": True}, {"label": "b"}], unit="rate"
    )
    assert "chart-strong" in svg
    assert svg.count("not measured") == 3  # in its line, in the description, in the label


def test_a_missing_point_breaks_a_sparkline() -> None:
    assert sparkline([1, 2, None, 3, 4]).count("<polyline") == 2


def test_the_track_tells_what_is_behind_here_and_asked_for() -> None:
    svg = stage_track("preprocessing", "training")
    assert svg.count('class="track-done"') == 3
    assert svg.count('class="track-line track-line--done"') == 2
    assert re.findall(r'class="chart-strong"[^>]*>(\w+)', svg) == ["preprocessing", "training"]


def test_a_retired_version_has_behind_it_only_what_it_reached() -> None:
    svg = stage_track("retired", left="training")
    assert svg.count('class="track-done"') == 4
    assert svg.count('class="track-ahead"') == 1
    assert svg.count('class="track-line track-line--done"') == 3
    assert "retired from training" in svg
    assert stage_track("retired", left="inference").count('class="track-done"') == 5


def test_lineage_runs_from_left_to_right_and_survives_a_cycle() -> None:
    nodes = [{"id": key, "label": key} for key in "abc"]
    root = parsed(lineage_chart(nodes, [("a", "b"), ("b", "c"), ("a", "c")]))
    across = [position(each, "x") for each in root.iter(f"{SVG}rect")]
    assert across == sorted(set(across))
    parsed(lineage_chart(nodes, [("a", "b"), ("b", "a"), ("c", "c"), ("c", "nowhere")]))
    assert "no recorded lineage" in lineage_chart([], [])


def test_an_arrow_past_a_box_is_drawn_beside_it() -> None:
    nodes = [{"id": key, "label": key} for key in "abc"]
    root = parsed(lineage_chart(nodes, [("a", "b"), ("b", "c"), ("a", "c")]))
    middle = [(position(each, "x"), position(each, "y") + 50) for each in root.iter(f"{SVG}rect")][1]
    lanes = [each.attrib["d"] for each in root.iter(f"{SVG}path") if "H" in each.attrib["d"]]
    assert len(lanes) == 1
    left, height = (float(number) for number in lanes[0].split("H")[0].split()[-2:])
    assert left == middle[0]
    assert middle[1] < height < float(root.attrib["height"])


@pytest.mark.parametrize(
    "href", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "data:,x", ""]
)
def test_lineage_links_nowhere_but_to_this_site(href: str) -> None:
    assert "<a" not in lineage_chart([{"id": "a", "label": "a", "href": href}], [])


def test_a_suspended_parent_says_so_in_words() -> None:
    assert "dataset, suspended" in lineage_chart(
        [{"id": "a", "label": "a", "kind": "dataset", "standing": "suspended"}], []
    )


def test_a_group_with_too_few_rows_is_named_and_not_drawn() -> None:
    few = {"label": "few", "value": 0.75, "low": 0.194, "high": 0.994, "n": 4, "status": "insufficient_data"}
    many = {"label": "many", "value": 0.6, "low": 0.5, "high": 0.7, "n": 400, "status": "ok"}
    svg = forest_chart([few, many], unit="rate")
    assert "75%" not in svg
    assert "99.4%" not in svg
    assert svg.count("chart-mark-line") == forest_chart([many], unit="rate").count("chart-mark-line")
    assert "few: not enough data" in svg
    assert "n = 4" in svg
    assert "not enough data" in forest_chart([few], unit="rate")


def test_small_shares_fill_their_chart_and_large_ones_stand_on_all_of_it() -> None:
    small = forest_chart([{"label": "a", "value": 0.1, "low": -0.01, "high": 0.2}], unit="rate")
    large = forest_chart([{"label": "a", "value": 0.5, "low": 0.4, "high": 0.6}], unit="rate")
    assert ">100%<" in large
    assert ">100%<" not in small
    assert ">\u22125%<" in small


def test_a_long_name_gives_way_to_its_numbers_and_is_whole_where_one_points_at_it() -> None:
    numbers = {"value": 0.000828, "low": 0.000000152, "high": 0.00925, "n": 500}
    drawn = forest_chart([{"label": "a very long name of a part", **numbers}], unit="rate")
    assert "a very long nam\u2026" in drawn
    assert "<title>a very long name of a part</title>" in drawn
