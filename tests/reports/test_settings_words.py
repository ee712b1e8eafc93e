"""A number is read with the settings that made it: how far an attack went, how often a model was asked."""

from typing import Any

import pytest

from evaluators.catalog import EVALUATORS, describe
from registry.reports.settings_words import settings_words
from registry.reports.wording import asked_words


@pytest.mark.parametrize(
    ("evaluator", "parameters", "said"),
    [
        (
            "robust.adversarial",
            {"epsilon": 0.1, "box": [0, 1], "rows": 300},
            "radius 0.10, inputs 0 to 1, rows attacked 300",
        ),
        ("robust.adversarial", {}, "radius 0.10"),
        ("robust.boundary", {"rows": 40}, "most queries per row 10,000, rows attacked 40"),
        ("robust.noise", {"sigma": 0.3}, "sigma 0.30"),
        ("fairness.group", {}, ""),
        ("fairness.counterfactual", {"sets": ["gender", "names"]}, "sets gender and names"),
        ("old.thing", {"much": True, "words": list("abcdef")}, "much yes, words a and b and c and d and 2 more"),
    ],
)
def test_settings_are_said_by_their_titles_and_long_titles_by_their_names(
    evaluator: str, parameters: dict[str, Any], said: str
) -> None:
    version = describe(evaluator)["version"] if evaluator in EVALUATORS else "1"
    assert settings_words(evaluator, parameters, version=version) == said


def test_what_was_usual_for_another_version_is_not_told_by_what_is_usual_now() -> None:
    assert settings_words("robust.adversarial", {}, version="0") == ""
    assert settings_words("robust.adversarial", {"rows": 300, "epsilon": 0.2}, version="0") == (
        "radius 0.20, rows attacked 300"
    )


def test_a_limit_says_with_what_it_was_measured() -> None:
    detail = {"metric": "robust.linf.apgd_acc", "direction": "at_least", "limit": 0.5, "settings": "radius 0.10"}
    assert asked_words({"kind": "threshold", "detail": detail}).endswith(": at least 50%, with radius 0.10")
