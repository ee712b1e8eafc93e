import numpy as np
import pytest

from evaluators.arithmetic.clusters import (
    Clusters,
    Moments,
    bootstrap,
    cluster_reading,
    effective_size,
    rate_interval,
    sandwich,
    share_interval,
    share_reading,
)
from evaluators.arithmetic.intervals import clopper_pearson, wilson
from evaluators.contract import Status

COMMON = {"level": 0.95, "seed": 1, "statistics": {}}


def drawn(rng: np.random.Generator, clusters: int, *, rate: float = 0.3, alike: float = 0.2) -> Clusters:
    """Clusters of 5 to 34 rows whose rows are correlated by `alike`."""
    total = 1 / alike - 1
    sizes = rng.integers(5, 35, clusters)
    hits = rng.binomial(sizes, rng.beta(rate * total, (1 - rate) * total, clusters))
    return Clusters.of(zip(hits.tolist(), sizes.tolist(), strict=True))


@pytest.mark.verification
def test_the_standard_error_is_the_textbook_sandwich() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 9, 40)
    totals = rng.random(40) * sizes
    p = totals.sum() / sizes.sum()
    expected = np.sqrt(40 / 39 * ((totals - p * sizes) ** 2).sum()) / sizes.sum()
    assert Moments.of(totals, sizes).error == pytest.approx(expected, rel=1e-12)


@pytest.mark.verification
def test_single_rows_as_clusters_give_the_plain_standard_error() -> None:
    moments = Clusters.of([(1, 1)] * 30 + [(0, 1)] * 70).moments
    assert moments.error == pytest.approx(np.sqrt(0.3 * 0.7 / 99), rel=1e-12)


def test_alike_clusters_are_counted_together_and_order_leaves_no_trace() -> None:
    pairs = [(1, 3), (0, 2), (1, 3), (2, 2), (0, 0)]
    assert Clusters.of(pairs).cells == Clusters.of(pairs[::-1]).cells == [[0, 2, 1], [1, 3, 2], [2, 2, 1]]
    assert Clusters.from_cells(Clusters.of(pairs).cells).cells == Clusters.of(pairs).cells


def test_no_hit_is_bounded_by_the_number_of_clusters_and_not_of_rows() -> None:
    (low, high), method = rate_interval(Clusters.of([(0, 20)] * 40), level=0.95, rng=np.random.default_rng(0))
    assert (low, high) == (0.0, pytest.approx(clopper_pearson(0, 40, level=0.95)[1]))
    assert "effective" in method


def test_rows_that_always_agree_count_as_one() -> None:
    moments = Clusters.of([(10, 10)] * 30 + [(0, 10)] * 30).moments
    assert effective_size(moments, level=0.95) == pytest.approx(60, rel=0.08)


def test_rows_that_are_independent_count_each() -> None:
    rng = np.random.default_rng(3)
    moments = Clusters.of((int(hits), 10) for hits in rng.binomial(10, 0.4, 300)).moments
    assert 2_500 < effective_size(moments, level=0.95) <= 3_000


def test_all_zero_shares_leave_room_for_what_was_not_seen() -> None:
    (low, high), _ = share_interval(Moments.of([0.0] * 50, [3] * 50), level=0.95)
    assert (low, high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 50)))


def test_one_large_value_among_zeros_is_bounded_as_one_hit() -> None:
    interval, method = share_interval(Moments.of([1.0] + [0.0] * 299, [1] * 300), level=0.95)
    assert interval == pytest.approx(clopper_pearson(1, 300, level=0.95), rel=0.05)
    assert method == "clopper-pearson at the effective size"


def test_equal_values_are_no_certainty_about_the_next_one() -> None:
    (low, high), _ = share_interval(Moments.of([0.3] * 12, [1] * 12), level=0.95)
    assert low < 0.2
    assert high > 0.4


@pytest.mark.statistics
@pytest.mark.parametrize(("clusters", "spread", "most"), [(300, None, 0.03), (30, 1.0, 0.11), (300, 1.0, 0.06)])
def test_shares_that_are_mostly_small_are_rarely_bounded_too_low(
    clusters: int, spread: float | None, most: float
) -> None:
    """Few moves of 1, or many whose logarithms are normal; Student's interval missed 15, 11 and 6 in a hundred."""
    rng, runs = np.random.default_rng(5), 2_000

    def values(size: int) -> np.ndarray:
        return rng.random(size) < 0.01 if spread is None else np.clip(rng.lognormal(-5, spread, size), 0, 1)

    true = 0.01 if spread is None else values(2_000_000).mean()
    bounds = [share_interval(Moments.of(values(clusters), np.ones(clusters)), level=0.95)[0] for _ in range(runs)]
    assert np.mean([high < true for _, high in bounds]) < most


@pytest.mark.parametrize(("pairs", "reason"), [([], "there are no things"), ([(1, 4)] * 9, "9 things, fewer than 10")])
def test_too_few_clusters_are_no_evidence(pairs: list[tuple[int, int]], reason: str) -> None:
    clusters = Clusters.of(pairs)
    reading = cluster_reading("m", "overall", clusters, among="things", common=COMMON, detail={})
    shares = share_reading("m", "overall", clusters.moments, among="things", common=COMMON, detail={})
    assert reading.status is shares.status is Status.INSUFFICIENT_DATA
    assert reading.reason == shares.reason == reason
    assert reading.value == (0.25 if pairs else None)


@pytest.mark.statistics
@pytest.mark.verification
@pytest.mark.parametrize(("clusters", "expected"), [(60, 0.94), (12, 0.93)])
def test_clustered_intervals_cover_where_naive_ones_do_not(clusters: int, expected: float) -> None:
    """Correlation .2 within 5 to 34 rows: naive 61 %, resampled 93 and 89 %, sandwich with Student's t 94 and 93 %."""
    rng, runs = np.random.default_rng(4), 400
    covered = {"naive": 0, "bootstrap": 0, "sandwich": 0}
    for _ in range(runs):
        found = drawn(rng, clusters)
        moments = found.moments
        intervals = {
            "naive": wilson(round(moments.total), moments.rows, level=0.95),
            "bootstrap": bootstrap(found, level=0.95, rng=rng),
            "sandwich": sandwich(moments, level=0.95),
        }
        for name, (low, high) in intervals.items():
            covered[name] += low <= 0.3 <= high
    assert covered["naive"] / runs == pytest.approx(0.61, abs=0.06)
    assert covered["sandwich"] / runs == pytest.approx(expected, abs=0.025)
    assert covered["bootstrap"] / runs == pytest.approx(0.93 if clusters == 60 else 0.89, abs=0.035)


@pytest.mark.statistics
@pytest.mark.parametrize(("clusters", "rate"), [(100, 0.01), (400, 0.01), (60, 0.05), (30, 0.3), (20, 0.9)])
def test_the_interval_that_is_chosen_covers_from_rare_to_frequent(clusters: int, rate: float) -> None:
    rng, runs, covered = np.random.default_rng(5), 400, 0
    for _ in range(runs):
        low, high = rate_interval(drawn(rng, clusters, rate=rate), level=0.95, rng=rng)[0]
        covered += low <= rate <= high
    assert covered / runs >= 0.91
