"""Rates of rows with weights and in clusters."""

from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.arithmetic.blocks import binomial_block, weighted_block
from evaluators.arithmetic.counts import RATES, rate, tally
from evaluators.arithmetic.intervals import clopper_pearson
from evaluators.arithmetic.simultaneous import gap
from evaluators.arithmetic.sumrates import RateSums
from evaluators.arithmetic.sums import Sums, measure_sums
from tests.evaluators.nulls import null_rate
from tests.evaluators.reference import weighted_rate_by_rows


def made(rng: np.random.Generator, *, rows: int = 300, groups: int = 3, clusters: int | None = None) -> dict:
    return {
        "cell": rng.integers(0, 4 * groups, rows),
        "weight": rng.integers(1, 5, rows).astype(float),
        "cluster": None if clusters is None else rng.integers(0, clusters, rows),
    }


def summed(data: dict, rows: np.ndarray | slice = slice(None), *, groups: int = 3) -> Sums:
    values = tuple((f"g{i}",) for i in range(groups))
    cluster = None if data["cluster"] is None else data["cluster"][rows]
    return measure_sums(data["cell"][rows], columns=("g",), values=values, weight=data["weight"][rows], cluster=cluster)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(RATES)), st.booleans())
def test_weighted_rates_equal_counting_row_by_row(seed: int, name: str, is_clustered: bool) -> None:
    data = made(np.random.default_rng(seed), rows=60, clusters=12 if is_clustered else None)
    found = RateSums.of(summed(data), name)
    for i in range(3):
        mine = data["cell"] // 4 == i
        value = weighted_rate_by_rows(data["cell"][mine] % 4, data["weight"][mine], name)
        assert (found.x[i] / found.m[i] if found.m[i] else None) == pytest.approx(value)


@pytest.mark.verification
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(12, 60))
def test_the_sandwich_equals_an_independent_library(seed: int, clusters: int) -> None:
    data = made(np.random.default_rng(seed), groups=1, clusters=clusters)
    found = RateSums.of(summed(data, groups=1), "selection_rate")
    hit = (data["cell"] % 2).astype(float)
    model = sm.WLS(hit, np.ones_like(hit), weights=data["weight"])
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": data["cluster"]})
    assert found.rates[0] == pytest.approx(theirs.params[0])
    # Theirs also multiplies by (n - 1) / (n - 1), which is 1 for a mean.
    assert found.covariance[0, 0] ** 0.5 == pytest.approx(theirs.bse[0], rel=1e-9)


def test_equal_weights_give_what_counting_gives() -> None:
    rng = np.random.default_rng(1)
    data = made(rng) | {"weight": np.full(300, 2.5)}
    found = RateSums.of(summed(data), "tpr")
    counts = tally(data["cell"] // 4, data["cell"] // 2 % 2, data["cell"] % 2, groups=3)
    x, m = rate(counts, "tpr")
    assert found.rates == pytest.approx(x / m)
    assert found.sizes == pytest.approx(m)
    assert np.diag(found.covariance) == pytest.approx(x / m * (1 - x / m) / (m - 1))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_seven_shards_added_are_the_whole(seed: int, is_clustered: bool) -> None:
    data = made(np.random.default_rng(seed), clusters=35 if is_clustered else None)
    shard = (np.arange(300) if data["cluster"] is None else data["cluster"]) % 7
    parts = [summed(data, np.flatnonzero(shard == i)) for i in range(7)]
    total = parts[0]
    for part in parts[1:]:
        total = total.merged(part)
    assert total.as_statistics() == summed(data).as_statistics()


def test_a_cluster_that_weighs_nothing_is_no_cluster() -> None:
    cluster = np.repeat(np.arange(40), 10)
    weight = np.where(cluster < 3, 1.0, 0.0)
    found = measure_sums(np.arange(400) % 2, columns=(), values=((),), weight=weight, cluster=cluster)
    rates = RateSums.of(found, "selection_rate")
    assert (rates.units[0], rates.rows[0]) == (3, 30)


@pytest.mark.parametrize("hits", [1, 3])
def test_few_weighted_hits_are_bounded_as_exactly_as_counted_ones(hits: int) -> None:
    cell = (np.arange(300) < hits).astype(np.int64)
    found = measure_sums(cell, columns=(), values=((),), weight=np.full(300, 2.0), cluster=None)
    interval = RateSums.of(found, "selection_rate").interval(0, level=0.95)
    assert interval == pytest.approx(clopper_pearson(hits, 300, level=0.95), rel=0.05)


@pytest.mark.statistics
@pytest.mark.parametrize(("rows", "rate"), [(100, 0.03), (300, 0.01), (60, 0.9)])
def test_a_weighted_rate_is_covered_near_its_ends(rows: int, rate: float) -> None:
    """Student's interval covered 88 in a hundred here, and missed on the dangerous side."""
    rng, hits = np.random.default_rng(2), 0
    for _ in range(1_500):
        cell, weight = (rng.random(rows) < rate).astype(np.int64), rng.lognormal(0, 0.5, rows)
        found = measure_sums(cell, columns=(), values=((),), weight=weight, cluster=None)
        low, high = RateSums.of(found, "selection_rate").interval(0, level=0.95)
        hits += low <= rate <= high
    assert hits / 1_500 > 0.94


def test_row_order_and_storing_leave_no_trace() -> None:
    data = made(np.random.default_rng(2), clusters=20)
    data["weight"] = np.random.default_rng(3).random(300)
    order = np.random.default_rng(4).permutation(300)
    first, second = summed(data), summed(data, order)
    assert first.as_statistics() == second.as_statistics()
    assert Sums.from_statistics(first.as_statistics()).as_statistics() == first.as_statistics()


def test_two_groups_in_the_same_clusters_are_correlated() -> None:
    """Everyone of a cluster shares its luck, so a difference inside clusters is known far better than each rate."""
    rng = np.random.default_rng(5)
    luck = np.repeat(rng.random(200) < 0.5, 10).astype(int)
    group = np.tile([0, 1], 1000)
    cluster = np.repeat(np.arange(200), 10)
    data = {"cell": group * 4 + luck, "weight": np.ones(2000), "cluster": cluster}
    found = RateSums.of(summed(data, groups=2), "selection_rate")
    assert found.covariance[0, 1] == pytest.approx(found.covariance[0, 0])
    block = found.block(replicates=2000, rng=np.random.default_rng(6))
    assert gap([block], level=0.95).high < 0.01


def clustered_rows(rng: np.random.Generator, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Hits with a correlation of .2 inside clusters of 5 to 34 rows, at a rate of .3; and the cluster of each row."""
    sizes = rng.integers(5, 35, clusters)
    rates = rng.beta(0.3 * 4, 0.7 * 4, clusters)
    cluster = np.repeat(np.arange(clusters), sizes)
    return (rng.random(len(cluster)) < rates[cluster]).astype(int), cluster


@pytest.mark.statistics
@pytest.mark.parametrize("clusters", [12, 60])
def test_the_interval_of_a_clustered_rate_covers_where_a_naive_one_does_not(clusters: int) -> None:
    rng, covered, naive = np.random.default_rng(7), 0, 0
    for _ in range(1500):
        hit, cluster = clustered_rows(rng, clusters)
        data = {"cell": hit, "weight": np.ones(len(hit)), "cluster": cluster}
        low, high = RateSums.of(summed(data, groups=1), "selection_rate").interval(0, level=0.95)
        covered += low <= 0.3 <= high
        data["cluster"] = None
        low, high = RateSums.of(summed(data, groups=1), "selection_rate").interval(0, level=0.95)
        naive += low <= 0.3 <= high
    assert 0.92 <= covered / 1500 <= 0.97
    assert naive / 1500 <= 0.68


@pytest.mark.statistics
@pytest.mark.parametrize(("clusters", "least"), [(12, 0.86), (60, 0.91)])
def test_resampling_clusters_covers_no_better_than_the_sandwich(clusters: int, least: float) -> None:
    rng, covered = np.random.default_rng(8), 0
    for _ in range(800):
        hit, cluster = clustered_rows(rng, clusters)
        x, m = np.bincount(cluster, weights=hit), np.bincount(cluster)
        drawn = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=800)
        low, high = np.quantile(drawn @ x / (drawn @ m), [0.025, 0.975])
        covered += low <= 0.3 <= high
    assert least <= covered / 800 <= 0.955


@pytest.mark.statistics
@pytest.mark.parametrize("clusters", [15, 60])
def test_no_gap_between_clustered_groups_is_rarely_claimed(clusters: int) -> None:
    def is_told_apart(rng: np.random.Generator) -> bool:
        parts = [clustered_rows(rng, clusters) for _ in range(3)]
        data = {
            "cell": np.concatenate([4 * i + hit for i, (hit, _) in enumerate(parts)]),
            "cluster": np.concatenate([i * clusters + cluster for i, (_, cluster) in enumerate(parts)]),
        }
        data["weight"] = np.ones(len(data["cell"]))
        return is_gap(RateSums.of(summed(data), "selection_rate"), rng)

    assert null_rate(is_told_apart, seed=9) <= 0.055


def is_gap(found: RateSums, rng: np.random.Generator) -> bool:
    return gap([found.block(replicates=2000, rng=rng)], level=0.95).low > 0


def test_equal_weights_are_drawn_as_counts_are() -> None:
    x, m = np.array([12, 40, 0]), np.array([40, 90, 35])
    rows = np.stack([x, m - x], axis=1)
    found = weighted_block(rows, rows * 2.5, rows * 6.25, replicates=300, rng=np.random.default_rng(3))
    counted = binomial_block(x, m, replicates=300, rng=np.random.default_rng(3))
    for name in ("estimate", "variance", "error", "error_variance"):
        assert getattr(found, name) == pytest.approx(getattr(counted, name))


@pytest.mark.parametrize("hits", [[3, 9], [0, 4], [0, 0]])
def test_in_what_weights_are_counted_makes_no_difference(hits: list[int]) -> None:
    rng = np.random.default_rng(4)
    cell = np.concatenate([4 * i + (np.arange(60) < x) for i, x in enumerate(hits)])
    weight = rng.gamma(2, 1, 120)
    first, second = (
        RateSums.of(
            measure_sums(cell, columns=("g",), values=(("a",), ("b",)), weight=scale * weight, cluster=None),
            "selection_rate",
        ).block(replicates=50, rng=np.random.default_rng(5))
        for scale in (1.0, 1000.0)
    )
    for name in ("estimate", "variance", "error", "error_variance"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-9)


WEIGHTS: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "gamma, shape 2": lambda rng, hit: rng.gamma(2, 1, len(hit)),
    "gamma, shape .5": lambda rng, hit: rng.gamma(0.5, 1, len(hit)) + 0.05,
    "lognormal": lambda rng, hit: rng.lognormal(0, 1, len(hit)),
    "twice for hits": lambda rng, hit: rng.gamma(2, 1, len(hit)) * np.where(hit, 2, 1),
    "a fifth for hits": lambda rng, hit: np.where(hit, 1.0, 5.0),
}


@pytest.mark.statistics
@pytest.mark.parametrize("rate", [0.1, 0.3])
@pytest.mark.parametrize("law", list(WEIGHTS))
def test_weighted_gaps_keep_their_level(law: str, rate: float) -> None:
    """Student's errors told equal groups apart in up to 22 of a hundred runs, where hits were few."""

    def is_told_apart(rng: np.random.Generator) -> bool:
        group = rng.choice(3, 900, p=[0.6, 0.3, 0.1])
        hit = rng.random(900) < rate
        data = {"cell": group * 4 + hit, "weight": WEIGHTS[law](rng, hit), "cluster": None}
        found = RateSums.of(summed(data), "selection_rate")
        return is_gap(found.keep(np.flatnonzero(found.sizes >= 30).tolist()), rng)

    assert null_rate(is_told_apart, seed=10) <= 0.055


@pytest.mark.statistics
@pytest.mark.parametrize(("rate", "most"), [(0.3, 0.06), (0.1, 0.1)])
def test_weights_that_hang_on_the_outcome_in_one_small_group_are_off_by_no_more_than_stated(
    rate: float, most: float
) -> None:
    """Hits weigh twice as much in the smallest group alone, where the true shares are equal all the same."""
    rng, told = np.random.default_rng(11), 0
    for _ in range(4000):
        group = rng.choice(3, 900, p=[0.6, 0.3, 0.1])
        hit = rng.random(900) < np.where(group == 2, rate / (2 - rate), rate)
        weight = rng.gamma(2, 1, 900) * np.where(hit & (group == 2), 2, 1)
        data = {"cell": group * 4 + hit, "weight": weight, "cluster": None}
        told += is_gap(RateSums.of(summed(data), "selection_rate"), rng)
    assert told / 4000 <= most
