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


@pytest.mark.verification
def test_resampling_rows_and_drawing_from_the_counts_have_the_same_law() -> None:
    """1,500 rows, 79 of them in the smallest group, of which 26 are selected; 6,000 replicates of each kind."""
    sizes, hits = np.array([750, 450, 221, 79]), np.array([225, 135, 66, 26])
    group = np.repeat(np.arange(4), sizes)
    prediction = np.concatenate([np.arange(size) < hit for size, hit in zip(sizes, hits, strict=True)]).astype(int)
    counts = tally(group, np.zeros(1500, dtype=int), prediction, groups=4)
    rng = np.random.default_rng(6)
    rows = rng.integers(0, 1500, (6000, 1500))
    mine = group[rows] == 3
    by_rows = (prediction[rows] * mine).sum(axis=1) / mine.sum(axis=1)
    x, m = rate(rng.multinomial(1500, counts.ravel() / 1500, size=6000).reshape(6000, 4, 2, 2), "selection_rate")
    by_counts = (x / m)[:, 3]
    by_group = rng.binomial(79, 26 / 79, 6000) / 79
    for found, published in ((by_rows, 0.0531), (by_counts, 0.0533), (by_group, 0.0533)):
        assert np.std(found) == pytest.approx(published, rel=0.03)
    assert np.std(by_counts) == pytest.approx(np.std(by_rows), rel=0.03)
    assert stats.ks_2samp(by_rows, by_counts).pvalue > 0.001


def told_apart(names: tuple[str, ...], *, smallest: int, runs: int) -> float:
    """How often rates of three groups under one law are called different."""
    rng, cells, rejected = np.random.default_rng(8), np.array([0.42, 0.18, 0.12, 0.28]), 0
    for _ in range(runs):
        counts = np.stack([rng.multinomial(size, cells) for size in (600, 300, smallest)]).reshape(3, 2, 2)
        rejected += gap(multinomial_blocks(counts, names, replicates=800, rng=rng), level=0.95).low > 0
    return rejected / runs


@pytest.mark.verification
@pytest.mark.statistics
@pytest.mark.parametrize("smallest", [12, 40, 100])
@pytest.mark.parametrize("names", [("selection_rate",), ("tpr",), ("fpr",), ("ppv",), ("tpr", "fpr")])
def test_the_multinomial_form_tells_equal_groups_apart_as_rarely_as_published(
    names: tuple[str, ...], smallest: int
) -> None:
    """Between 3.8 and 6.6 in a hundred, with an error of 1.6 at 800 runs."""
    assert 0.038 - 0.016 <= told_apart(names, smallest=smallest, runs=800) <= 0.066 + 0.016


@pytest.mark.statistics
@pytest.mark.parametrize("names", [("ppv", "tpr"), ("selection_rate", "accuracy")])
def test_rates_that_share_rows_keep_their_level_together(names: tuple[str, ...]) -> None:
    assert told_apart(names, smallest=100, runs=4000) <= 0.065


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
def test_the_worst_group_is_covered() -> None:
    rng, m = np.random.default_rng(10), np.array([400, 200, 60])
    rates = np.array([0.8, 0.8, 0.7])
    covered = 0
    for _ in range(800):
        found = worst(binomial_block(rng.binomial(m, rates), m, replicates=600, rng=rng), level=0.95)
        covered += found.low <= 0.7 <= found.high
    assert covered / 800 >= 0.93


def test_very_many_groups_are_compared_with_fewer_replicates() -> None:
    assert replicates_for(2) == replicates_for(50) == REPLICATES
    assert replicates_for(51) == FEWER_REPLICATES
    assert replicates_for(51, 0.999) == 5_000
    assert replicates_for(2, 0.9999) == 50_000


def test_estimates_without_error_are_told_apart_exactly() -> None:
    found = gap(
        [normal_block(np.array([0.2, 0.5]), np.zeros(2), replicates=50, rng=np.random.default_rng(0))], level=0.95
    )
    assert (found.low, found.high) == pytest.approx((0.3, 0.3))
