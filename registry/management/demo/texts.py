"""The demo's words, kept as JSON in fixtures; figures are put in from what was measured, never typed."""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings

from registry.management.demo.data import FEATURES, Applications

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
Answers = dict[str, dict[str, Any]]


def load(name: str, *, room: str = "demo") -> Any:
    """The content of a fixture."""
    return json.loads((FIXTURES / room / f"{name}.json").read_text(encoding="utf-8"))


def fill(text: str, figures: Mapping[str, str]) -> str:
    """Put figures in the place of their names. KeyError for one that nobody measured."""
    return Template(text).substitute(figures)


def as_answers(plain: Mapping[str, Any], figures: Mapping[str, str]) -> Answers:
    """A document's answers: a bare text stands for an answer in words."""
    return {
        key: {"text": fill(answer, figures)} if isinstance(answer, str) else dict(answer)
        for key, answer in plain.items()
    }


def data_figures(data: Applications) -> dict[str, str]:
    """What the texts say about the prepared data."""
    filled = [f"{count} values of `{name}`" for name, count in data.filled.items()]
    names = [f"`{name}`" for name in FEATURES]
    return {
        "features": str(len(FEATURES)),
        "feature_names": ", ".join(names),
        "filled": " and ".join(filled),
        "rule_auc": f"{data.pairs_ranked_by_obligations():.3f}",
    }
