"""Evidence is drawn from what it says; whatever else it holds, a sentence stands in its place and nothing breaks."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.reports.axes import axis
from registry.reports.drawings import MOST_ROWS, drawing

CURVE = {
    "draw": "curve",
    "title": "Accuracy under attack",
    "x_label": "radius",
    "y_label": "robust accuracy",
    "series": [
        {
            "name": "cascade",
            "points": [{"x": r / 10, "y": 1 - r / 12, "low": 0.9 - r / 12, "high": 1} for r in range(9)],
        },
        {"name": "noise", "points": [{"x": r / 10, "y": 0.99} for r in range(9)]},
    ],
    "reference": [[0, 0.1], [0.8, 0.1]],
}
CHART = {
    "draw": "chart",
    "centre": 0,
    "upper": 3,
    "lower": -3,
    "points": [{"x": f"2026-01-{day:02}", "y": day % 5, "signal": day % 5 == 4} for day in range(1, 29)],
}
NOISE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["x", "y", "low", "name"]), inner),
    max_leaves=12,
)


def svg(shown: Any) -> ElementTree.Element:
    return ElementTree.fromstring(shown["svg"])  # noqa: S314 - the project's own chart


def test_a_curve_has_a_line_and_a_band_for_each_series_and_names_them() -> None:
    shown = drawing("robustness_curve", CURVE)
    assert shown
    drawn = str(shown["svg"])
    assert drawn.count("<polyline") == 3
    assert drawn.count("<polygon") == 1
    assert {"cascade", "noise"} <= {element.text for element in svg(shown).iter() if element.text}


def test_a_logarithmic_axis_is_marked_at_powers_of_ten_and_has_no_place_for_zero() -> None:
    points = [{"x": x, "y": y} for x, y in ((0, 0), (0.0001, 0.01), (0.01, 0.2), (1, 1))]
    shown = drawing("roc", {"draw": "curve", "x_scale": "log", "series": [{"name": "roc", "points": points}]})
    assert shown
    words = [element.text for element in svg(shown).iter() if element.text]
    assert {"0.0001", "0.001", "0.01", "0.1", "1"} <= set(words)
    [line] = re.findall(r'<polyline[^>]* points="([^"]*)"', str(shown["svg"]))
    assert len(line.split()) == 3


def test_the_ticks_of_an_axis_have_as_many_decimals_each() -> None:
    ticks = axis([0.0, 0.2], start=0.0, end=1.0).ticks
    assert [words for _, words in ticks] == ["0", "0.05", "0.10", "0.15", "0.20", "0.25"]


def test_a_control_chart_marks_its_signals_between_its_limits() -> None:
    shown = drawing("control_chart", CHART)
    assert shown
    drawn = str(shown["svg"])
    assert drawn.count("<polyline") == 4
    signals = re.search(r'<g class="is-failed"><circle.*', drawn)
    assert signals
    assert signals[0].count("<circle") == sum(point["signal"] for point in CHART["points"])
    assert {"2026-01-01", "2026-01-28"} <= {element.text for element in svg(shown).iter()}


def test_a_table_is_cut_and_says_so() -> None:
    rows = [["a<b", 0.123456, None]] * (MOST_ROWS + 50)
    shown = drawing("duplicates", {"draw": "table", "columns": ["text", "share", "other"], "rows": rows})
    assert shown
    assert len(shown["rows"]) == MOST_ROWS
    assert shown["note"] == "200 of 250 rows are shown."
    assert [cell["text"] for cell in shown["rows"][0]] == ["a<b", "0.123", "–"]
    assert [column["numeric"] for column in shown["columns"]] == [False, True, False]


def test_a_table_of_some_rows_says_how_many_there_were() -> None:
    given = {"draw": "table", "columns": ["text"], "rows": [["a"]] * 45, "total": 162, "note": "Some of each kind."}
    shown = drawing("behaviour_failures", given)
    assert shown
    assert shown["note"] == "Some of each kind. 45 of 162 rows are shown."


def test_numbers_below_each_other_have_the_same_decimals() -> None:
    shown = drawing("moved", {"draw": "table", "columns": ["moved", "n"], "rows": [[0.481, 3], [0.47, 10], [0.3, 0]]})
    assert shown
    assert [[cell["text"] for cell in row] for row in shown["rows"]] == [
        ["0.481", "3"],
        ["0.470", "10"],
        ["0.300", "0"],
    ]


def test_bars_without_a_number_are_left_out() -> None:
    bars = [{"label": "age", "value": 0.4, "low": 0.3, "high": 0.5}, {"label": "race", "value": None}, "income"]
    shown = drawing("top", {"draw": "bars", "title": "Drivers", "bars": bars})
    assert shown
    assert "age" in shown["svg"]
    assert "race" not in shown["svg"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"draw": "curve"}, "no points"),
        ({"draw": "curve", "series": [{"points": [{"x": 1, "y": None}]}]}, "no points"),
        ({"draw": "chart", "points": 7}, "no points"),
        ({"draw": "bars", "bars": {}}, "no bars"),
        ({"draw": "table", "columns": ["a"], "rows": [7]}, "no rows"),
        ({"draw": "hologram"}, "draws no hologram"),
    ],
)
def test_what_can_not_be_drawn_is_said(data: dict[str, Any], why: str) -> None:
    shown = drawing("odd_thing", data)
    assert shown
    assert why in shown["note"]
    assert shown["title"] == "Odd thing"


def test_an_empty_table_is_an_answer_and_no_fault() -> None:
    shown = drawing("duplicates", {"draw": "table", "columns": ["row"], "rows": []})
    assert shown
    assert shown["note"] == "There is nothing to list."


def test_what_is_no_figure_is_left_to_others() -> None:
    assert drawing("reliability", {"bins": []}) is None
    assert drawing("anything", ["draw"]) is None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["curve", "chart", "bars", "table"]), NOISE, NOISE, NOISE)
def test_no_data_breaks_a_page(kind: str, some: Any, other: Any, more: Any) -> None:
    noise = {"series": [some, {"name": other, "points": [more, {"x": some, "y": 1, "low": other, "high": more}]}]}
    noise |= {"points": [some, {"x": other, "y": more}], "bars": [some, {"label": other, "value": more}], "title": some}
    noise |= {
        "columns": [some, other],
        "rows": [[more, some], other],
        "reference": more,
        "centre": other,
        "upper": some,
    }
    shown = drawing("noise", {"draw": kind, "x_scale": "log", **noise})
    assert shown
    if "svg" in shown:
        assert "nan" not in re.sub(r">[^<]*<", "><", str(shown["svg"]).lower().split("<desc>")[-1])
        ElementTree.fromstring(shown["svg"])  # noqa: S314 - the project's own chart
