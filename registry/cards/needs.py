"""What answers about a use case say of the trust it needs."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

RUBRIC = Path(__file__).resolve().parents[2] / "fixtures" / "documents" / "trust_needs_rubric.json"
LEVELS = ("low", "medium", "high")


@cache
def load_rubric() -> dict[str, Any]:
    """The yes-or-no questions and the aspects that each of them points at."""
    rubric: dict[str, Any] = json.loads(RUBRIC.read_text(encoding="utf-8"))
    return rubric


def propose_levels(answers: Mapping[str, bool]) -> dict[str, str]:
    """The least level of every aspect: low without a yes that points at it, medium with one, high with more."""
    rubric = load_rubric()
    yes = dict.fromkeys(rubric["aspects"], 0)
    for question in rubric["questions"]:
        if answers.get(question["slug"]):
            for aspect in question["aspects"]:
                yes[aspect] += 1
    return {aspect: LEVELS[min(count, 2)] for aspect, count in yes.items()}
