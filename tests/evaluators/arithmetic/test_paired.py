import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import contingency_tables

from evaluators.arithmetic.paired import change, change_variance, mcnemar, paired_block
from evaluators.arithmetic.simultaneous import gap, worst

CELLS = np.array([0.70, 0.08, 0.04, 0.18])


@pytest.mark.verification
def test_mcnemar_on_a_known_case() -> None:
    assert mcnemar(15, 5) == pytest.approx(0.0413895, abs=5e-8)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_equals_an_independent_library(lost: int, gained: int) -> None:
    theirs = contingency_tables.mcnemar([[10, lost], [gained, 10]], exact=True)
    assert mcnemar(lost, gained) == pytest.approx(theirs.pvalue, abs=1e-12)


@pytest.mark.verification
def test_the_spread_of_a_paired_change_is_the_simulated_one() -> None:
    assert change_variance((CELLS * 400).reshape(1, 2, 2)) ** 0.5 == pytest.approx(0.01720, abs=5e-6)
    drawn = np.random.default_rng(9).multinomial(400, CELLS, size=40_000).reshape(-1, 2, 2)
    assert change(drawn).std() == pytest.approx(0.01724, abs=2e-4)


def test_models_that_agree_have_not_changed_but_that_is_not_certain() -> None:
    cells = np.array([[[40, 0], [0, 60]]])
    assert change(cells).tolist() == [0.0]
    assert mcnemar(0, 0) == 1.0
    found = worst(paired_block(cells, replicates=2000, rng=np.random.default_rng(0)), level=0.95)
    assert found.low < 0 < found.high


def test_names_and_order_of_groups_do_not_matter() -> None:
    cells = np.random.default_rng(0).multinomial(200, CELLS, size=4).reshape(4, 2, 2)
    first, second = (
        gap([paired_block(part, replicates=500, rng=np.random.default_rng(1))], level=0.95)
        for part in (cells, cells[[2, 0, 3, 1]])
    )
    assert (first.low, first.high) == (second.low, second.high)


@pytest.mark.verification
@pytest.mark.statistics
@pytest.mark.parametrize("sizes", [(400, 400), (1000, 300, 40), (100, 60, 40, 200)])
def test_all_changes_of_disparity_are_covered_at_once(sizes: tuple[int, ...]) -> None:
    """Published: in 93 to 96 of a hundred, with groups down to 40 rows."""
    rng = np.random.default_rng(10)
    laws = [np.array([0.6, 0.05 + 0.05 * i, 0.05, 0.3 - 0.05 * i]) for i in range(len(sizes))]
    truth = np.array([law[1] - law[2] for law in laws])
    covered = 0
    for _ in range(1500):
        cells = np.stack([rng.multinomial(n, law) for n, law in zip(sizes, laws, strict=True)]).reshape(-1, 2, 2)
        covered += all_pairs_covered(cells, truth, rng)
    room = 3 * np.sqrt(0.95 * 0.05 / 1500)
    assert 0.93 <= covered / 1500 <= 0.96 + room


def all_pairs_covered(cells: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> bool:
    block = paired_block(cells, replicates=800, rng=rng)
    order = np.lexsort(cells.reshape(len(cells), 4).T)
    truth, quantile = truth[order], gap([block], level=0.95).quantile
    first, second = np.triu_indices(len(truth), k=1)
    half = quantile * np.sqrt(block.variance[first] + block.variance[second])
    error = block.estimate[first] - block.estimate[second] - (truth[first] - truth[second])
    return bool((np.abs(error) <= half).all())


@pytest.mark.statistics
def test_the_change_of_one_group_is_covered() -> None:
    rng, covered = np.random.default_rng(11), 0
    for _ in range(1500):
        cells = rng.multinomial(400, CELLS).reshape(1, 2, 2)
        found = worst(paired_block(cells, replicates=800, rng=rng), level=0.95)
        covered += found.low <= 0.04 <= found.high
    assert 0.93 <= covered / 1500 <= 0.97
