import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluators.arithmetic.counts import rate, tally
from evaluators.arithmetic.simultaneous import (
    FEWER_REPLICATES,
    REPLICATES,
    Block,
    binomial_block,
    gap,
    mean_block,
    multinomial_blocks,
    normal_block,
    replicates_for,
    worst,
)
from tests.evaluators.arithmetic.test_counts import compas_counts

# African-American against Caucasian: rate, low and high of the gap with 200,000 replicates.
COMPAS_GAPS = [
    ("fpr", 0.182, 0.245),
    ("fnr", 0.160, 0.235),
    ("ppv", 0.0, 0.077),
    ("npv", 0.029, 0.094),
    ("accuracy", 0.007, 0.056),
    ("selection_rate", 0.215, 0.265),
]


def block(x: np.ndarray, m: np.ndarray, *, replicates: int = 800, seed: int = 0) -> Block:
    return binomial_block(np.asarray(x), np.asarray(m), replicates=replicates, rng=np.random.default_rng(seed))


@pytest.mark.verification
@pytest.mark.parametrize(("name", "low", "high"), COMPAS_GAPS)
def test_compas_gaps_have_the_verified_intervals(name: str, low: float, high: float) -> None:
    table = compas_counts()
    rows = [table.values.index((race,)) for race in ("African-American", "Caucasian")]
    x, m = rate(table.counts[rows], name)
    found = gap([block(x, m, replicates=200_000)], level=0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.002)


@pytest.mark.verification
def test_groups_without_support_would_own_the_interval() -> None:
    x, m = rate(compas_counts().counts, "fpr")
    assert gap([block(x, m, replicates=200_000)], level=0.95).high == pytest.approx(0.757, abs=0.01)
    large = m >= 30
    found = gap([block(x[large], m[large], replicates=200_000)], level=0.95)
    assert (found.low, found.high) == pytest.approx((0.233, 0.364), abs=0.003)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(30, 500), st.floats(0, 1)), min_size=2, max_size=6), st.randoms())
def test_names_and_order_of_groups_do_not_matter(groups: list, random) -> None:
    m = np.array([size for size, _ in groups])
    x = np.array([round(size * share) for size, share in groups])
    order = random.sample(range(len(m)), len(m))
    first, second = gap([block(x, m)], level=0.95), gap([block(x[order], m[order])], level=0.95)
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=1e-12)
    assert 0 <= first.low <= first.high


def test_resampling_rows_and_drawing_from_the_counts_have_the_same_law() -> None:
    rng = np.random.default_rng(6)
    group = rng.choice(4, 1500, p=[0.5, 0.3, 0.147, 0.053])
    label, prediction = rng.integers(0, 2, 1500), (rng.random(1500) < 0.3).astype(int)
    counts = tally(group, label, prediction, groups=4)
    smallest = int(counts.sum(axis=(1, 2)).argmin())
    by_rows = []
    for _ in range(6000):
        rows = rng.integers(0, 1500, 1500)
        mine = group[rows] == smallest
        by_rows.append(prediction[rows][mine].mean())
    drawn = rng.multinomial(1500, counts.ravel() / 1500, size=6000).reshape(6000, 4, 2, 2)
    x, m = rate(drawn, "selection_rate")
    by_counts = (x / m)[:, smallest]
    assert np.std(by_counts) == pytest.approx(np.std(by_rows), rel=0.04)
    assert stats.ks_2samp(by_rows, by_counts).pvalue > 0.001


SCENARIOS = {
    "two of 500, no gap": ((500, 500), (0.3, 0.3), 0.93, 0.98),
    "four, no gap": ((1000, 600, 300, 100), (0.3,) * 4, 0.93, 0.98),
    "four large, no gap": ((50_000, 30_000, 15_000, 5_000), (0.3,) * 4, 0.93, 0.98),
    "four, gap .10": ((1000, 600, 300, 100), (0.3, 0.3, 0.3, 0.4), 0.95, 1.0),
    "four large, gap .03": ((50_000, 30_000, 15_000, 5_000), (0.3, 0.3, 0.3, 0.33), 0.95, 1.0),
    "two of 500, gap .05": ((500, 500), (0.3, 0.35), 0.93, 1.0),
    "two of 5000, gap .05": ((5000, 5000), (0.3, 0.35), 0.93, 0.98),
    "one of 12": ((500, 500, 12), (0.3, 0.3, 0.05), 0.97, 1.0),
    "ten of 200, no gap": ((200,) * 10, (0.3,) * 10, 0.93, 0.98),
}


@pytest.mark.statistics
@pytest.mark.parametrize("case", sorted(SCENARIOS))
def test_the_interval_of_the_gap_covers_the_truth(case: str) -> None:
    sizes, rates, least, most = SCENARIOS[case]
    rng, m = np.random.default_rng(7), np.array(sizes)
    truth = max(rates) - min(rates)
    covered = 0
    for _ in range(1500):
        drawn = binomial_block(rng.binomial(m, rates), m, replicates=800, rng=rng)
        found = gap([drawn], level=0.95)
        covered += found.low <= truth <= found.high
    assert least <= covered / 1500 <= most


@pytest.mark.statistics
def test_a_percentile_interval_of_the_gap_never_covers_equality() -> None:
    """The interval other libraries report, and why it isn't used."""
    rng, m = np.random.default_rng(7), np.array([1000, 600, 300, 100])
    covered = 0
    for _ in range(500):
        rates = rng.binomial(m, 0.3) / m
        gaps = np.ptp(rng.binomial(m, rates, size=(800, 4)) / m, axis=1)
        covered += np.quantile(gaps, 0.025) <= 0
    assert covered == 0


@pytest.mark.statistics
@pytest.mark.parametrize("smallest", [12, 40, 100])
@pytest.mark.parametrize("names", [("selection_rate",), ("ppv", "tpr"), ("selection_rate", "accuracy")])
def test_the_multinomial_form_keeps_its_level(names: tuple[str, ...], smallest: int) -> None:
    rng = np.random.default_rng(8)
    cells = np.array([0.42, 0.18, 0.12, 0.28])
    sizes = (600, 300, smallest)
    rejected = 0
    for _ in range(500):
        counts = np.stack([rng.multinomial(size, cells) for size in sizes]).reshape(3, 2, 2)
        rejected += gap(multinomial_blocks(counts, names, replicates=600, rng=rng), level=0.95).low > 0
    assert rejected / 500 <= 0.08


@pytest.mark.statistics
def test_areas_under_the_curve_keep_their_level_and_joint_families_too() -> None:
    rng = np.random.default_rng(9)
    m = np.array([400, 200, 60])
    joint = rejected = 0
    for _ in range(3000):
        blocks = [binomial_block(rng.binomial(m, p), m, replicates=600, rng=rng) for p in (0.3, 0.7)]
        joint += gap(blocks, level=0.95).low > 0
        errors = rng.normal(0.7, [0.02, 0.03, 0.05])
        variances = np.array([0.02, 0.03, 0.05]) ** 2
        rejected += gap([normal_block(errors, variances, replicates=600, rng=rng)], level=0.95).low > 0
    assert joint / 3000 <= 0.065
    assert rejected / 3000 <= 0.065


@pytest.mark.statistics
def test_the_worst_group_and_the_mean_of_recalls_are_covered() -> None:
    rng, m = np.random.default_rng(10), np.array([400, 200, 60])
    rates = np.array([0.8, 0.8, 0.7])
    classes = np.array([[300, 50]])
    worst_covered = mean_covered = 0
    for _ in range(800):
        found = worst(binomial_block(rng.binomial(m, rates), m, replicates=600, rng=rng), level=0.95)
        worst_covered += found.low <= 0.7 <= found.high
        x = rng.binomial(classes, [[0.9, 0.6]])
        found = worst(mean_block(x, classes, replicates=600, rng=rng), level=0.95)
        mean_covered += found.low <= 0.75 <= found.high
    assert worst_covered / 800 >= 0.93
    assert 0.93 <= mean_covered / 800 <= 0.98


def test_very_many_groups_are_compared_with_fewer_replicates() -> None:
    assert replicates_for(2) == replicates_for(50) == REPLICATES
    assert replicates_for(51) == FEWER_REPLICATES


def test_estimates_without_error_are_told_apart_exactly() -> None:
    found = gap(
        [normal_block(np.array([0.2, 0.5]), np.zeros(2), replicates=50, rng=np.random.default_rng(0))], level=0.95
    )
    assert (found.low, found.high) == pytest.approx((0.3, 0.3))
