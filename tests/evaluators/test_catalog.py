import pytest

from evaluators import catalog
from evaluators.contract import EvaluatorError, spec_digest

HEADINGS = [
    "Purpose",
    "Mechanism",
    "Signs of high risk",
    "Strengths",
    "Limitations",
    "Default and its source",
    "Verification",
]
METRICS = sorted({metric["id"] for name in catalog.EVALUATORS for metric in catalog.describe(name)["metrics"]})


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_has_a_method_page_with_all_headings(metric: str) -> None:
    lines = catalog.method_page(metric).splitlines()
    assert lines[0].startswith("# ")
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == HEADINGS


def test_there_is_no_method_page_without_a_metric() -> None:
    assert sorted(page.stem for page in catalog.METHODS.glob("*.md")) == METRICS


@pytest.mark.parametrize("name", sorted(catalog.EVALUATORS))
def test_every_evaluator_describes_itself_completely(name: str) -> None:
    about = catalog.describe(name)
    assert about["id"] == name
    assert about["queue"] in ("cpu", "gpu")
    assert about["cost_class"] in "ABCD"
    assert about["params"]["additionalProperties"] is False
    assert all("default" in rule and "title" in rule for rule in about["params"]["properties"].values())
    assert {metric["direction"] for metric in about["metrics"]} <= {"lower", "higher", "target", "none"}


def test_metric_ids_are_unique_among_evaluators() -> None:
    every = [metric["id"] for name in catalog.EVALUATORS for metric in catalog.describe(name)["metrics"]]
    assert len(every) == len(set(every))


def test_an_unknown_evaluator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(catalog.UnknownEvaluator, match="all are listed by: python -m evaluators list"):
        catalog.load("zzzz")


@pytest.mark.parametrize(
    ("typed", "message"),
    [("fairness.grupo", r"did you mean .*fairness\.group"), ("chart", r"did you mean chart\.control\?$")],
)
def test_a_slip_and_a_family_are_answered_with_what_was_meant(typed: str, message: str) -> None:
    with pytest.raises(catalog.UnknownEvaluator, match=message):
        catalog.load(typed)


def test_another_version_is_refused_instead_of_silently_replaced() -> None:
    with pytest.raises(catalog.UnknownEvaluator, match="version '0'"):
        catalog.load("fairness.group", "0")


@pytest.mark.parametrize("metric", ["no.such", "../contract", ""])
def test_there_is_no_page_for_what_is_not_a_metric(metric: str) -> None:
    with pytest.raises(EvaluatorError):
        catalog.method_page(metric)


@pytest.mark.parametrize("name", [name for name in catalog.EVALUATORS if catalog.load(name).version != "1"])
def test_what_answers_otherwise_than_it_did_has_another_version(name: str) -> None:
    """Earlier answers of the same question aren't taken for today's: the version is part of what is asked."""
    version = catalog.load(name).version
    assert spec_digest(name, version, {}, 0.95) != spec_digest(name, "1", {}, 0.95)
    with pytest.raises(catalog.UnknownEvaluator, match="version '1' isn't here"):
        catalog.load(name, "1")
