"""Defects seen in other libraries: each would change a verdict, and none is ours."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fairlearn

from evaluators import catalog
from evaluators.arithmetic.blocks import binomial_block
from evaluators.arithmetic.counts import rate
from evaluators.arithmetic.permutation import conditional_p, holm, joint_p, pair_p
from evaluators.arithmetic.simultaneous import gap
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from tests.evaluators.arithmetic.test_counts import compas_counts
from tests.evaluators.data import compas, ends, subject, write_csv

FACTS: dict[str, Any] = {
    "columns": {"label": "label", "prediction": "prediction", "group": ["group"]},
    "favourable": "1",
}
Found = dict[tuple[str, str], Reading]


def measured(path: Path, data: dict[str, Any], **facts: Any) -> Found:
    outcome = evaluate("fairness.group", subject(write_csv(path / "p.csv", data), **(FACTS | facts)))
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


@pytest.mark.verification
def test_ai_verify_divides_a_group_by_everybody_and_turns_the_sign() -> None:
    """Its false negative rates of COMPAS are .1636 and .1418; over each group's own rows they are .2799 and .4772."""
    table = compas_counts()
    both = [table.values.index((race,)) for race in ("African-American", "Caucasian")]
    kept = table.counts[both]
    everybody = table.counts.sum(axis=0)
    theirs = {
        "fnr": table.counts[both, 1, 0] / everybody[1].sum(),
        "fpr": table.counts[both, 0, 1] / everybody[0].sum(),
    }
    assert theirs["fnr"] == pytest.approx([0.1636, 0.1418], abs=5e-5)
    assert theirs["fpr"] == pytest.approx([0.2031, 0.0881], abs=5e-5)
    for name, ours in (("fnr", [0.2799, 0.4772]), ("fpr", [0.4485, 0.2345])):
        x, m = rate(kept, name)
        assert x / m == pytest.approx(ours, abs=5e-5)
    assert np.sign(np.diff(theirs["fnr"])) == -np.sign(np.diff([0.2799, 0.4772]))


def test_ai_verify_takes_nought_for_a_failure(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 100, "prediction": [0, 1] * 100, "group": ["a", "a", "b", "b"] * 50}
    found = measured(tmp_path, rows)
    tpr = found["fairness.tpr", "overall"]
    assert (tpr.status, tpr.value) == (Status.OK, 0.0)
    gap_reading = found["fairness.equal_opportunity_difference", "overall"]
    assert (gap_reading.status, gap_reading.value) == (Status.OK, 0.0)


def test_ai_verify_finishes_with_defaults_where_ours_says_what_is_wrong(tmp_path: Path) -> None:
    rows = {"label": [1, 0], "prediction": [1, ""], "group": ["a", "b"]}
    with pytest.raises(SubjectError, match="row 2, column 'prediction'"):
        measured(tmp_path, rows)


def test_ai_verify_uses_labels_as_positions_and_ours_are_words(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label, said, group = rng.integers(0, 2, 400), rng.integers(0, 2, 400), rng.choice(["a", "b"], 400)
    far = np.array(["-7", "1000000"])
    data = {"label": far[label], "prediction": far[said], "group": group}
    plain = measured(tmp_path, {"label": label, "prediction": said, "group": group})
    ours = measured(tmp_path, data, favourable="1000000")
    for key in (("fairness.tpr", "overall"), ("fairness.equalized_odds_difference", "overall")):
        assert ours[key].value == plain[key].value


def test_fairlearn_calls_nothing_out_of_nothing_nought(tmp_path: Path) -> None:
    columns = {"label": [1, 1, 1, 0, 0, 0], "prediction": [1, 1, 0, 0, 1, 0], "group": list("aaabbb")}
    theirs = fairlearn.equal_opportunity_difference(
        columns["label"], columns["prediction"], sensitive_features=columns["group"]
    )
    assert theirs == pytest.approx(2 / 3)
    ours = measured(tmp_path, columns)["fairness.equal_opportunity_difference", "overall"]
    assert (ours.status, ours.value) == (Status.INSUFFICIENT_DATA, None)


@pytest.mark.verification
def test_fairlearn_gives_an_interval_of_the_gap_that_excludes_equality() -> None:
    """Four groups treated alike: the percentile interval of max-min lies above 0, ours starts at it."""
    rng, m = np.random.default_rng(7), np.array([1000, 600, 300, 100])
    theirs = ours = 0
    for _ in range(200):
        x = rng.binomial(m, 0.3)
        gaps = np.ptp(rng.binomial(m, x / m, size=(400, 4)) / m, axis=1)
        theirs += np.quantile(gaps, 0.025) <= 0
        ours += gap([binomial_block(x, m, replicates=800, rng=rng)], level=0.95).low == 0
    assert theirs == 0
    assert ours >= 180


def test_fairlearn_lets_a_group_vanish_from_a_resample_and_ours_counts_it_in_all(tmp_path: Path) -> None:
    """A group of three rows is missing from 5 in 100 resamples; here it is listed, and owns no interval."""
    missing = np.mean(np.random.default_rng(1).binomial(300, 3 / 300, 20_000) == 0)
    assert missing == pytest.approx(0.049, abs=0.006)
    rows = {"label": [1, 0] * 150, "prediction": [1, 1, 0] * 100, "group": ["a"] * 150 + ["b"] * 147 + ["c"] * 3}
    found = measured(tmp_path, rows)["fairness.demographic_parity_difference", "overall"]
    assert [entry["group"] for entry in found.detail["excluded"]] == ["group=c"]


def test_fairlearn_drops_rows_without_a_group_and_ours_makes_them_one(tmp_path: Path) -> None:
    rows = {"label": [1, 0] * 60, "prediction": [1, 1, 0, 0] * 30, "group": ["a"] * 60 + [""] * 60}
    assert measured(tmp_path, rows)["fairness.selection_rate", "group=(missing)"].n == 60


def test_lift_gives_p_values_of_nought_and_ours_never() -> None:
    rng = np.random.default_rng(2)
    x, m = np.array([900, 100, 100]), np.array([1000, 1000, 1000])
    assert conditional_p(x, m, rng=rng, replicates=199) == pytest.approx(1 / 200)
    assert min(pair_p(x, m, rng=rng, replicates=199).values()) == pytest.approx(1 / 200)


def test_lift_counts_ties_as_less_extreme_and_ours_do_not() -> None:
    """Two rows each: half of all deals are as extreme as what was seen, none is more so."""
    counts = np.array([[[2, 0], [0, 0]], [[0, 2], [0, 0]]])
    p = joint_p(counts, "selection_rate", rng=np.random.default_rng(0))
    assert p == pytest.approx(2 / 6)
    assert conditional_p(*rate(counts, "selection_rate"), rng=np.random.default_rng(0)) == pytest.approx(2 / 6)


def test_lift_calls_an_undefined_precision_nought_and_ours_is_never_significant() -> None:
    counts = np.array([[[50, 0], [50, 0]], [[10, 40], [10, 40]]])
    assert joint_p(counts, "ppv", rng=np.random.default_rng(0)) == 1.0


def test_lift_tests_many_rates_without_correction_and_ours_corrects(tmp_path: Path) -> None:
    data = compas()
    rows = {"label": data["label"], "prediction": data["prediction"], "group": data["sex"]}
    tests = measured(tmp_path, rows)["fairness.permutation_p", "overall"].detail["tests"]
    raw, adjusted = ([item[key] for item in tests.values()] for key in ("p", "adjusted"))
    assert adjusted == pytest.approx(holm(raw))
    assert all(after >= before for before, after in zip(raw, adjusted, strict=True))


class Counting:
    """A generator that counts the numbers it draws."""

    def __init__(self) -> None:
        self.rng, self.drawn = np.random.default_rng(0), 0

    def binomial(self, n: Any, p: Any, size: Any) -> Any:
        found = self.rng.binomial(n, p, size)
        self.drawn += found.size
        return found


def cost(rows: int) -> tuple[int, int]:
    """How many numbers the interval of a gap draws for as many rows, and the most memory it takes, in bytes."""
    m, rng = np.array([50, 30, 15, 5]) * (rows // 100), Counting()
    tracemalloc.start()
    gap([binomial_block(m // 3, m, replicates=10_000, rng=rng)], level=0.95)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return rng.drawn, peak


def test_fairlearn_draws_every_row_for_every_replicate_and_ours_draws_a_number_per_group() -> None:
    assert [cost(rows)[0] for rows in (1_000, 1_000_000)] == [4 * 10_000] * 2


def test_torchmetrics_bootstrapper_copies_the_metric_for_every_replicate_and_ours_needs_the_counts_alone() -> None:
    cost(1_000)  # what is kept from a first call belongs to no replicate
    few, many = (cost(rows)[1] for rows in (1_000, 1_000_000))
    assert many <= 1.1 * few
    assert many < 8 * 1_000_000


@pytest.mark.verification
def test_torchmetrics_guesses_the_kind_of_score_and_ours_is_declared(tmp_path: Path) -> None:
    """Scores from 20 to 120: guessed to be logits they all become 1 and the area .5; it is .6250."""
    data = {
        "label": [0, 1] * 7 + [1], "prediction": [1] * 15, "score": np.linspace(20, 120, 15),
    }  # fmt: skip
    columns = {"label": "label", "prediction": "prediction", "score": "score"}
    path = write_csv(tmp_path / "p.csv", data)
    found = {}
    for kind in ("margin", None):
        outcome = evaluate("performance.accuracy", subject(path, columns=columns, favourable="1", score_kind=kind))
        found[kind] = next(r for r in outcome.readings if r.metric == "performance.auc" and r.slice == "overall")
    assert found["margin"].value == pytest.approx(0.6250)
    assert found[None].status is Status.NOT_APPLICABLE
    with pytest.raises(SubjectError, match="not a probability"):
        evaluate("performance.accuracy", subject(path, columns=columns, favourable="1", score_kind="probability"))


def test_inspect_ai_takes_one_row_for_certainty(tmp_path: Path) -> None:
    found = measured(tmp_path, {"label": [1], "prediction": [1], "group": ["a"]})
    one = found["fairness.selection_rate", "overall"]
    assert (one.status, one.n) == (Status.INSUFFICIENT_DATA, 1)
    assert ends(one)[0] < 0.1


def test_a_p_value_never_passes_anything() -> None:
    kinds = {metric["id"]: metric["kind"] for metric in catalog.describe("fairness.group")["metrics"]}
    assert kinds["fairness.permutation_p"] == "test"
