import numpy as np
import pytest

from evaluators.arithmetic.clusters import Clusters, exact
from evaluators.contract import Status
from evaluators.generative.prompts import built_in
from evaluators.generative.quality import (
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


@pytest.mark.parametrize("name", sorted(SCORERS))
def test_every_scorer_is_measured_on_a_hundred_labelled_items_or_more(name: str) -> None:
    items = labelled()[name]
    assert len(items["yes"]) >= 50
    assert len(items["no"]) >= 50
    assert len(items["yes"]) + len(items["no"]) >= 100
    assert len({str(item) for item in [*items["yes"], *items["no"]]}) == len(items["yes"]) + len(items["no"])
    found = measured(name, SCORERS[name])
    assert found.sensitivity >= 0.8
    assert found.specificity >= 0.85


def test_the_labelled_items_hold_some_that_the_scorers_get_wrong() -> None:
    """A set on which everything is right would say more of the set than of the scorers."""
    wrong = {name: measured(name, scorer) for name, scorer in SCORERS.items()}
    assert all(q.hits < q.yes or q.passes < q.no for name, q in wrong.items() if name != "format")


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
