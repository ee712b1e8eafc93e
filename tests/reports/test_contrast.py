"""Inks are readable on their grounds, by day and by night, and paper has the same inks as the light theme."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from registry.reports.svg import INKS

CSS = Path(__file__).resolve().parents[2] / "static/css"
PAIR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall((CSS / "tokens.css").read_text())}
GROUNDS = ("paper", "surface", "sunk")
OUTCOMES = ("passed", "failed", "undecided", "waived", "suspended", "neutral")
TEXT = [
    *itertools.product(("ink", "ink-soft", "ink-faint", "accent", "accent-hover"), GROUNDS),
    *itertools.product(OUTCOMES, GROUNDS),
    *((outcome, f"{outcome}-wash") for outcome in OUTCOMES),
    *(("ink", f"{outcome}-wash") for outcome in OUTCOMES),
    ("accent", "accent-wash"),
    ("ink", "accent-wash"),
    ("ink-faint", "neutral-wash"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("surface", "failed"),
]
SHAPES = [*itertools.product(("line-strong", "focus", "accent", *OUTCOMES), GROUNDS), ("accent", "neutral-wash")]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_is_the_standard_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_stands_out_from_its_ground(ink: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), SHAPES)
def test_borders_icons_and_focus_rings_stand_out_from_their_ground(ink: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= 3


@pytest.mark.parametrize("name", sorted(INKS))
def test_charts_print_in_the_inks_of_the_light_theme(name: str) -> None:
    assert INKS[name] == TOKENS[name][0]


def test_paper_uses_the_inks_of_the_light_theme() -> None:
    paper = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (CSS / "print.css").read_text()))
    given = {name: colour for name, colour in paper.items() if name not in GROUNDS}
    assert given == {name: TOKENS[name][0] for name in given}
    assert len(given) >= 18


def test_every_colour_of_the_style_sheets_is_a_token() -> None:
    for name in ("base", "components", "verdict", "forms", "charts"):
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", (CSS / f"{name}.css").read_text()), name


def test_every_token_that_a_style_sheet_uses_is_defined() -> None:
    own = {"status", "wash", "mark", "mark-wash"}
    defined = set(re.findall(r"--([a-z0-9-]+):", (CSS / "tokens.css").read_text())) | own
    for sheet in CSS.glob("*.css"):
        assert set(re.findall(r"var\(--([a-z0-9-]+)", sheet.read_text())) <= defined, sheet.name
