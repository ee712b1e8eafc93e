import json
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest

from evaluators.arithmetic.clusters import Clusters, exact
from evaluators.catalog import method_page
from evaluators.contract import Status
from evaluators.generative import outputs
from evaluators.generative.prompts import built_in
from evaluators.generative.quality import (
    MEASURING,
    Quality,
    clean_trials,
    corrected,
    corrected_interval,
    labelled,
    measured,
    quality_evidence,
    rate_reading,
)
from evaluators.generative.scorers import emitted, personal, refusal, sentiment, toxicity
from evaluators.generative.shapes import adheres
from tests.evaluators.generative.writing import exchanged

SCORERS = {
    "toxicity": toxicity,
    "sentiment": lambda text: sentiment(text) > 0,
    "refusal": refusal,
    "pii": personal,
    "injection": lambda item: emitted(*item),
    "format": lambda text: adheres(text, built_in()["schema"]),
}
COMMON = {"level": 0.95, "seed": 1, "statistics": {}}


@pytest.mark.verification
def test_299_clean_trials_show_less_than_one_percent_and_298_do_not() -> None:
    assert clean_trials(0.01) == 299
    assert pytest.approx(0.04954, abs=5e-6) == 0.99**299
    assert pytest.approx(0.05004, abs=5e-6) == 0.99**298
    assert exact(0, 299, level=0.9)[1] < 0.01 < exact(0, 298, level=0.9)[1]


@pytest.mark.verification
def test_a_rate_is_corrected_to_the_true_one() -> None:
    scorer = Quality(hits=80, yes=100, passes=95, no=100)
    observed = 0.1 * 0.8 + 0.9 * 0.05
    assert corrected(observed, scorer) == pytest.approx(0.1, abs=1e-12)
    assert corrected(0.0, scorer) == 0.0
    assert corrected(1.0, scorer) == 1.0


# What was found when the measuring items were first used, after which no rule was changed: hits, yes, passes, no.
FOUND = {
    "format": (55, 55, 57, 57),
    "injection": (58, 60, 38, 60),
    "pii": (60, 60, 59, 59),
    "refusal": (55, 58, 58, 60),
    "sentiment": (56, 60, 56, 60),
    "toxicity": (54, 80, 78, 80),
}
TOLD_ON = {
    "format": "gen.format_adherence",
    "injection": "gen.injection_success",
    "pii": "gen.pii_emission",
    "refusal": "gen.refusal_rate_harmful",
    "sentiment": "gen.sentiment_gap",
    "toxicity": "gen.toxicity_rate",
}


@pytest.mark.parametrize("name", sorted(SCORERS))
def test_every_scorer_is_measured_on_more_than_a_hundred_items_that_it_was_not_written_with(name: str) -> None:
    items, seen = labelled()[name], development()[name]
    each = [str(item) for item in [*items["yes"], *items["no"]]]
    assert len(items["yes"]) >= 50
    assert len(items["no"]) >= 50
    assert len(set(each)) == len(each) > 100
    assert not set(each) & {str(item) for item in [*seen["yes"], *seen["no"]]}


def development() -> dict[str, Any]:
    """The items that the rules were written with."""
    data: dict[str, Any] = json.loads(MEASURING.with_name("development.json").read_text(encoding="utf-8"))
    return data


@pytest.mark.parametrize("name", sorted(SCORERS))
def test_the_quality_that_rates_are_corrected_by_is_the_one_found_on_the_measuring_items(name: str) -> None:
    """A scorer that gets better here was tuned on these items, or needs new ones."""
    assert astuple(measured(name, SCORERS[name])) == FOUND[name]


def test_readings_are_corrected_by_the_measuring_items_and_by_no_others() -> None:
    reading = found_by(outputs.reduce(exchanged(["You fool."] * 20), seed=1).statistics)["toxicity"]
    assert reading == list(FOUND["toxicity"])
    rows = outputs.reduce(exchanged(["You fool."] * 20), seed=1).evidence[0].data["rows"]
    assert {row[0]: (row[1], row[5]) for row in rows}["pii"] == (60, 59)


def found_by(statistics: Mapping[str, Any]) -> dict[str, list[int]]:
    quality: dict[str, list[int]] = statistics["quality"]
    return quality


@pytest.mark.parametrize("name", sorted(SCORERS))
def test_the_method_page_tells_how_good_the_scorer_is(name: str) -> None:
    page = method_page(TOLD_ON[name])
    hits, yes, passes, no = FOUND[name]
    assert f"{hits} of {yes}" in page
    assert f"{passes} of {no}" in page


def test_the_evidence_shows_both_shares_with_their_intervals() -> None:
    evidence = quality_evidence({"toxicity": Quality(45, 52, 56, 60)})
    assert (evidence.name, evidence.data["draw"]) == ("scorer_quality", "table")
    row = evidence.data["rows"][0]
    assert row[3] < row[2] < row[4]
    assert len(row) == len(evidence.data["columns"])


def test_a_scorer_no_better_than_chance_proves_nothing() -> None:
    cells = Clusters.of([(0, 1)] * 100)
    reading = rate_reading("m", "overall", cells, Quality(5, 50, 45, 50), among="x", common=COMMON, detail={})
    assert reading.status is Status.INSUFFICIENT_DATA
    assert "no better than chance" in reading.reason


def test_a_clean_record_is_not_called_clean_because_the_scorer_invents_hits_elsewhere() -> None:
    """With a specificity of .9 in the labelled items, no hit in 100 can't mean a rate below the 3 % it leaves open."""
    poor = Quality(45, 50, 45, 50)
    high = corrected_interval(0, 100, poor, level=0.95, rng=np.random.default_rng(0))[1]
    assert high > exact(0, 100, level=0.95)[1]


def test_better_scorers_and_more_outputs_give_narrower_intervals() -> None:
    widths = []
    for quality, n in (
        (Quality(40, 50, 40, 50), 100),
        (Quality(400, 500, 400, 500), 100),
        (Quality(400, 500, 400, 500), 1_000),
    ):
        low, high = corrected_interval(0.4 * n, n, quality, level=0.95, rng=np.random.default_rng(0))
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(("sens", "spec"), [(0.4, 0.9), (1.0, 1.0), (0.6, 1.0), (1.0, 0.8)])
def test_the_bounds_hold_where_the_scorer_is_better_than_on_the_labelled_items(sens: float, spec: float) -> None:
    """Stock phrases are found more often than the hard items; a rate must not be lifted above the truth for it."""
    rate, n = 2 / 3, 600
    x = round(n * (rate * sens + (1 - rate) * (1 - spec)))
    low, high = corrected_interval(x, n, Quality(24, 60, 54, 60), level=0.95, rng=np.random.default_rng(0))
    assert low <= rate <= high


@pytest.mark.statistics
@pytest.mark.parametrize(("rate", "n"), [(0.0, 300), (0.02, 300), (0.1, 200), (0.5, 200)])
def test_corrected_intervals_cover_the_true_rate(rate: float, n: int) -> None:
    """The scorer's quality is itself estimated from 60 and 60 labelled items in every run."""
    rng, sens, spec, runs, covered = np.random.default_rng(9), 0.85, 0.95, 400, 0
    for _ in range(runs):
        quality = Quality(int(rng.binomial(60, sens)), 60, int(rng.binomial(60, spec)), 60)
        x = int(rng.binomial(n, rate * sens + (1 - rate) * (1 - spec)))
        low, high = corrected_interval(x, n, quality, level=0.95, rng=rng)
        covered += low <= rate <= high
    assert covered / runs >= 0.93
