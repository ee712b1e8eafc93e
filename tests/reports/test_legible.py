"""On a page of A4 the words of a chart can be read without a glass."""

import re
from pathlib import Path

import pytest

from registry.reports import axes, charts_forest
from registry.reports.drawings import drawing
from tests.reports.test_drawings import CHART, CURVE

SHEET = (Path(__file__).resolve().parents[2] / "static/css/dossier.css").read_text()
POINTS_PER_PIXEL, POINTS_PER_MM, SMALLEST = 0.75, 72 / 25.4, 6.5


def smallest_words(svg: str) -> float:
    return min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))


def test_the_words_of_many_intervals_are_large_enough() -> None:
    rows = [{"label": f"group {number}", "value": 0.5, "low": 0.4, "high": 0.6, "n": 9} for number in range(3)]
    svg = charts_forest.forest_chart(rows, unit="rate", small=True)
    assert smallest_words(svg) * POINTS_PER_PIXEL >= SMALLEST


@pytest.mark.parametrize("data", [CURVE, CHART])
def test_the_words_of_curves_are_large_enough_in_the_width_they_get(data: dict[str, object]) -> None:
    shown = drawing("curve", data)
    assert shown is not None
    width = re.search(rf"\.drawing--{shown['kind']} > svg[^}}]*width: (\d+)mm", SHEET)
    assert width is not None
    per_unit = float(width[1]) * POINTS_PER_MM / axes.WIDTH
    assert smallest_words(shown["svg"]) * per_unit >= SMALLEST


def test_no_sandbox_chooses_a_class_of_the_page() -> None:
    shown = drawing("strange", {"draw": "x part--new"})
    assert shown is not None
    assert shown["kind"] == ""
