"""What templates are given to say outcomes, times and numbers with, and the components that use it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from registry.gates.values import Outcome
from registry.gates.verdict import Requirement, Verdict
from registry.reports import wording
from registry.templatetags import assay

COMPONENTS = Path(__file__).resolve().parents[2] / "templates/components"
HOSTILE = "<img src=x onerror=alert(1)>\"'"


def requirement(outcome: Outcome, **more: Any) -> Requirement:
    return Requirement(
        id="threshold:7", asked="asked", found_text="0.65", outcome=outcome, unblock="Change it.", **more
    )


THRESHOLD = {
    "metric": "fairness.demographic_parity_ratio",
    "slice": "worst",
    "direction": "at_least",
    "limit": 0.8,
    "low": 0.57,
    "high": 0.75,
    "value": 0.65,
    "level": 0.95,
    "n": 1989,
}


def shown(verdict: Any) -> str:
    return render_to_string("components/_verdict.html", {"verdict": verdict})


@pytest.mark.parametrize("as_stored", [False, True])
def test_a_blocked_verdict_says_what_was_asked_what_was_found_and_what_would_unblock_it(as_stored: bool) -> None:
    verdict = Verdict(
        to_stage="inference", requirements=(requirement(Outcome.PASSED), requirement(Outcome.FAILED, detail=THRESHOLD))
    )
    html = shown(verdict.as_dict() if as_stored else verdict)
    for words in (
        "No: it is blocked",
        "Demographic parity ratio, worst group: at least 0.80",
        "Found: 0.65",
        "What would unblock it",
        "Change it.",
        "the lower bound of the 95% interval is judged",
    ):
        assert words in html
    assert html.index("What blocks") < html.index(">Met")
    assert "is-failed" in html


def test_a_waiver_is_said_wherever_the_verdict_is_shown() -> None:
    until = timezone.now() + timedelta(days=3)
    verdict = Verdict(
        to_stage="inference", requirements=(requirement(Outcome.FAILED, detail=THRESHOLD, waived_until=until),)
    )
    for given in (verdict, verdict.as_dict()):
        html = shown(given)
        assert "Yes, with a waiver" in html
        assert "Accepted by waiver" in html
        assert f"{until:%Y}" in html


def test_an_undecided_verdict_is_neither_yes_nor_no() -> None:
    html = shown(Verdict(to_stage="inference", requirements=(requirement(Outcome.UNDECIDED),)))
    assert "Not yet: undecided" in html
    assert "Not enough evidence yet" in html


def test_a_verdict_that_lacks_signatures_only_says_that_it_waits_for_people() -> None:
    unsigned = replace(requirement(Outcome.UNDECIDED), id="sign_off:3")
    html = shown(Verdict(to_stage="inference", requirements=(requirement(Outcome.PASSED), unsigned)))
    assert "it waits for signatures" in html
    assert "1 to sign" in html
    both = shown(Verdict(to_stage="inference", requirements=(requirement(Outcome.UNDECIDED), unsigned)))
    assert both.index("Not enough evidence yet") < both.index("Who still has to sign")


def test_hostile_texts_in_a_verdict_stay_texts() -> None:
    detail = THRESHOLD | {"metric": HOSTILE, "slice": HOSTILE, "source": HOSTILE}
    hostile = Requirement(
        id=HOSTILE, asked=HOSTILE, found_text=HOSTILE, outcome=Outcome.FAILED, unblock=HOSTILE, detail=detail
    )
    assert "<img" not in shown(Verdict(to_stage=HOSTILE, requirements=(hostile,)))


def test_requirements_are_grouped_with_what_blocks_first() -> None:
    given = [
        requirement(Outcome.PASSED),
        requirement(Outcome.UNDECIDED),
        requirement(Outcome.FAILED),
        requirement(Outcome.FAILED, waived_until=timezone.now()),
    ]
    assert [group["outcome"] for group in wording.grouped(given)] == ["failed", "undecided", "waived", "passed"]
    assert wording.grouped([]) == []


@pytest.mark.parametrize(
    "status", ["passed", "failed", "undecided", "waived", "suspended", "running", "insufficient_data", "unheard_of", ""]
)
def test_a_status_has_an_icon_a_word_and_a_colour(status: str) -> None:
    html = render_to_string("components/_status_badge.html", {"status": status})
    assert "<svg" in html
    assert "outcome--" in html
    assert html.rsplit("</svg>", 1)[1].removesuffix("</span>").strip(" \n").removesuffix("</span>")


def test_a_moment_is_told_in_words_with_the_exact_time_beside_it() -> None:
    assert "2 hours ago" in assay.when(timezone.now() - timedelta(hours=2, minutes=1)).replace("\u00a0", " ")
    assert "in 3 days" in assay.when(timezone.now() + timedelta(days=3, minutes=1)).replace("\u00a0", " ")
    assert "just now" in assay.when(timezone.now())
    past = assay.when(datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert 'datetime="2020-01-02T03:04:05+00:00"' in past
    assert "2 January 2020" in past
    assert assay.when(None) == "never"


def test_a_digest_is_short_to_read_and_whole_to_copy() -> None:
    html = render_to_string("components/_digest.html", {"digest": "sha256:" + "ab" * 32})
    assert ">abababababab<" in html
    assert f'data-copy="sha256:{"ab" * 32}"' in html


def test_the_room_of_the_page_is_marked_in_the_navigation() -> None:
    current = {
        path: [item["key"] for item in assay.nav_items(path) if item["is_current"]]
        for path in ("/", "/models/x/", "/elsewhere/")
    }
    assert current == {"/": ["overview"], "/models/x/": ["models"], "/elsewhere/": []}
    assert [item["key"] for item in assay.nav_items("/elsewhere/", "audit") if item["is_current"]] == ["audit"]
    within = assay.nav_items("/risks/7/", "", [{"title": "Models", "href": "/models/"}])
    assert [item["key"] for item in within if item["is_current"]] == ["models"]


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("_*.html")), ids=lambda path: path.name)
def test_every_component_says_what_it_is_given_and_carries_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("{# ")
    assert " style=" not in text
    assert "<script" not in text
    assert not [word for word in text.split() if word.startswith("on") and '="' in word]


def test_a_cell_that_only_shows_a_status_is_shown_on_a_phone_too() -> None:
    columns = [{"title": name} for name in ("Revision", "State", "Note")]
    row = [{"text": "Revision 1"}, {"status": "published", "text": ""}, {"text": ""}]
    page = render_to_string("components/_data_table.html", {"columns": columns, "rows": [row]})
    assert '<td data-label="State">' in page
    assert '<td data-label="Note" data-empty>' in page
