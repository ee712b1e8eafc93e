import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluators.arithmetic.blocks import Block, binomial_block, multinomial_blocks, normal_block
from evaluators.arithmetic.counts import rate, tally
from evaluators.arithmetic.ranks import delong
from evaluators.arithmetic.simultaneous import FEWER_REPLICATES, REPLICATES, gap, replicates_for, worst
from tests.evaluators.arithmetic.test_counts import compas_counts
from tests.evaluators.nulls import null_rate

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


CELLS = np.array([0.42, 0.18, 0.12, 0.28])


def equal_groups(names: tuple[str, ...], *, smallest: int, replicates: int, rng: np.random.Generator) -> bool:
    """Whether rates of three groups under one law are called different."""
    counts = np.stack([rng.multinomial(size, CELLS) for size in (600, 300, smallest)]).reshape(3, 2, 2)
    return gap(multinomial_blocks(counts, names, replicates=replicates, rng=rng), level=0.95).low > 0


@pytest.mark.verification
@pytest.mark.statistics
@pytest.mark.parametrize("smallest", [12, 40, 100])
@pytest.mark.parametrize("names", [("selection_rate",), ("tpr",), ("fpr",), ("ppv",), ("tpr", "fpr")])
def test_the_multinomial_form_tells_equal_groups_apart_as_rarely_as_published(
    names: tuple[str, ...], smallest: int
) -> None:
    """Between 3.8 and 6.6 in a hundred, with an error of 1.6 at 800 runs."""
    rng = np.random.default_rng(8)
    told = np.mean([equal_groups(names, smallest=smallest, replicates=800, rng=rng) for _ in range(800)])
    assert 0.038 - 0.016 <= told <= 0.066 + 0.016


@pytest.mark.statistics
@pytest.mark.parametrize(
    "names",
    [("selection_rate",), ("tpr",), ("fpr",), ("ppv",), ("tpr", "fpr"), ("ppv", "tpr"), ("selection_rate", "accuracy")],
)
def test_rates_that_share_rows_keep_their_level_together(names: tuple[str, ...]) -> None:
    def is_told_apart(rng: np.random.Generator) -> bool:
        return equal_groups(names, smallest=100, replicates=2000, rng=rng)

    assert null_rate(is_told_apart, seed=8) <= 0.055


@pytest.mark.statistics
def test_two_families_of_rates_keep_their_level_together() -> None:
    m = np.array([400, 200, 60])

    def is_told_apart(rng: np.random.Generator) -> bool:
        blocks = [binomial_block(rng.binomial(m, p), m, replicates=2000, rng=rng) for p in (0.3, 0.7)]
        return gap(blocks, level=0.95).low > 0

    assert null_rate(is_told_apart, seed=9) <= 0.055


@pytest.mark.statistics
@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("sizes", [(400, 200, 100), (2000, 1000, 150)])
def test_equal_areas_under_the_curve_are_rarely_told_apart(sizes: tuple[int, ...], shift: float) -> None:
    def is_told_apart(rng: np.random.Generator) -> bool:
        labels = [rng.random(n) < 0.3 for n in sizes]
        items = [delong(rng.normal(size=len(label)) + shift * label, label) for label in labels]
        areas, variances = (np.array(v) for v in zip(*[(i.auc, i.bounded_variance(0.95)) for i in items], strict=True))
        return gap([normal_block(areas, variances, replicates=2000, rng=rng)], level=0.95).low > 0

    assert null_rate(is_told_apart, seed=10) <= 0.055


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
