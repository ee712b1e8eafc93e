"""Components and charts print: the words are in the PDF, and nothing is fetched to make it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
import weasyprint
from django.template import engines

from registry.gates.values import Outcome
from registry.gates.verdict import Requirement, Verdict

SHEET = Path(__file__).resolve().parents[2] / "static/css/print.css"
TEMPLATE = """{% extends "base_print.html" %}
{% block running_foot %}Checkpoint 1,204{% endblock %}
{% block content %}
{% include "components/_verdict.html" with verdict=verdict on_paper=True only %}
{% stage_track "training" "inference" %}
{% forest_chart rows unit="rate" label="Approval" %}
{% bar_interval_chart features %}
{% reliability_chart bins %}
{% lineage_chart nodes edges %}
{% endblock %}"""
DETAIL = {"metric": "fairness.demographic_parity_ratio", "slice": "overall", "direction": "at_least"}
NUMBERS = {"limit": 0.8, "low": 0.573, "high": 0.748, "value": 0.656, "level": 0.95, "n": 1989}


def refuse(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    raise AssertionError(f"fetched {url}")


def printed(html: str) -> pypdf.PdfReader:
    sheet = weasyprint.CSS(string=SHEET.read_text())
    written = weasyprint.HTML(string=html, url_fetcher=refuse).write_pdf(stylesheets=[sheet])
    return pypdf.PdfReader(BytesIO(written))


@pytest.fixture(scope="module")
def words() -> str:
    failed = Requirement(
        id="threshold:7",
        asked="",
        found_text="0.656",
        outcome=Outcome.FAILED,
        unblock="Retrain it.",
        detail=DETAIL | NUMBERS,
    )
    passed = Requirement(id="artifact:0", asked="The files run no code", found_text="skops", outcome=Outcome.PASSED)
    context = {
        "verdict": Verdict(to_stage="inference", requirements=(passed, failed)),
        "rows": [{"label": "white", "value": 0.908, "low": 0.89, "high": 0.92}, {"label": "other", "value": None}],
        "features": [{"name": "credit history", "value": 0.4, "low": 0.3, "high": 0.5}],
        "bins": [{"predicted": 0.2, "observed": 0.3}],
        "nodes": [{"id": "a", "label": "lending/loanapp@1990", "kind": "dataset"}, {"id": "b", "label": "model b"}],
        "edges": [("a", "b")],
    }
    reader = printed(engines["django"].from_string(TEMPLATE).render(context))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.parametrize(
    "said",
    [
        "No: it is blocked",
        "Demographic parity ratio: at least 0.80",
        "asked: at least 0.80",
        "0.573 \u2013 0.748",
        "Retrain it.",
        "The files run no code",
        "preprocessing",
        "90.8%",
        "not measured",
        "credit history",
        "observed, %",
        "lending/loanapp@1990",
        "Checkpoint 1,204",
    ],
)
def test_the_words_of_components_and_charts_are_on_paper(words: str, said: str) -> None:
    assert said in words
