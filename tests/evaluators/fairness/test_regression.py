from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score

from evaluators import catalog
from evaluators.arithmetic.blocks import skewed_block
from evaluators.arithmetic.simultaneous import gap
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.fairness.residuals import Moments
from tests.evaluators.data import ends, subject, write_csv
from tests.evaluators.nulls import null_rate

COLUMNS = {"label": "y", "prediction": "p", "group": ["group"]}


def rows(rng: np.random.Generator, *, n: int = 6000, shift: float = 0.0, noise: float = 1.0) -> dict[str, Any]:
    """Wages around 30,000; group b is predicted `shift` standard deviations too low, with more noise if told."""
    group = rng.choice(["a", "b", "c"], n)
    y = rng.normal(30_000, 8_000, n)
    error = rng.normal(0, 2_000, n) * np.where(group == "b", noise, 1.0)
    return {"y": y, "p": y + error - np.where(group == "b", shift * 8_000, 0.0), "group": group}


def measured(path: Path, data: dict[str, Any], **facts: Any) -> dict[str, Reading]:
    outcome = evaluate(
        "fairness.regression", subject(write_csv(path / "p.csv", data), **({"columns": COLUMNS} | facts))
    )
    return {reading.metric.rpartition(".")[2]: reading for reading in outcome.readings}


def test_a_shift_in_one_group_fails_and_the_clean_twin_passes(tmp_path: Path) -> None:
    biased = measured(tmp_path, rows(np.random.default_rng(0), shift=0.25))["residual_parity"]
    clean = measured(tmp_path, rows(np.random.default_rng(1)))["residual_parity"]
    assert biased.detail["lowest"] == "group=b"
    assert ends(biased)[0] > 0.1
    assert ends(clean)[1] <= 0.1


def test_worse_predictions_for_one_group_fail_and_the_clean_twin_passes(tmp_path: Path) -> None:
    biased = measured(tmp_path, rows(np.random.default_rng(2), noise=3))
    clean = measured(tmp_path, rows(np.random.default_rng(3)))
    for name in ("mae_parity", "r2_parity"):
        assert ends(biased[name])[0] > 0.1
        assert ends(clean[name])[1] <= 0.1


@pytest.mark.verification
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(4, 60), st.floats(-1e6, 1e6))
def test_errors_per_group_equal_an_independent_library(seed: int, groups: int, n: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    group = np.concatenate([np.repeat(np.arange(groups), 3), rng.integers(0, groups, n)])
    y = rng.normal(offset, 3, len(group))
    p = y + rng.normal(0.2, 2, len(group))
    moments = Moments.of(y, p, group, groups=groups)
    for g in range(groups):
        mine = group == g
        assert moments.scale * moments.residual().value[g] == pytest.approx(np.mean(p[mine] - y[mine]), abs=1e-8)
        assert moments.scale * moments.mae().value[g] == pytest.approx(mean_absolute_error(y[mine], p[mine]), rel=1e-8)
        assert moments.r2().value[g] == pytest.approx(r2_score(y[mine], p[mine]), rel=1e-6, abs=1e-6)


@pytest.mark.verification
def test_the_delta_method_agrees_with_a_poisson_bootstrap() -> None:
    rng, n = np.random.default_rng(12), 200_000
    group = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
    y = rng.normal(0, 1, n)
    p = y + rng.normal(0.1, 1, n) * (1 + 0.5 * np.abs(y))
    moments = Moments.of(y, p, group, groups=4)
    e = p - y
    features = np.stack([np.ones(n), e, np.abs(e), e**2, y, y**2], axis=1)
    draws = {"residual": [], "mae": [], "r2": []}
    for _ in range(200):
        weights = rng.poisson(1, n).astype(float)
        f = np.stack([np.bincount(group, weights=weights * column, minlength=4) for column in features.T], axis=1)
        f = f / f[:, :1]
        draws["residual"].append(f[:, 1])
        draws["mae"].append(f[:, 2])
        draws["r2"].append(1 - f[:, 3] / (f[:, 5] - f[:, 4] ** 2))
    for name, unit in (("residual", moments.scale), ("mae", moments.scale), ("r2", 1.0)):
        ours = unit * np.sqrt(getattr(moments, name)().variance)
        assert ours == pytest.approx(np.std(draws[name], axis=0), rel=0.15)


@pytest.mark.verification
def test_the_spread_of_absolute_errors_of_fifty_thousand_rows_is_the_published_one() -> None:
    """Four equal groups with standard normal errors: .0027, and within 15 % of it by 200 Poisson replicates."""
    rng, n = np.random.default_rng(13), 200_000
    group, error = np.arange(n) % 4, rng.standard_normal(n)
    y = rng.normal(0, 1, n)
    moments = Moments.of(y, y + error, group, groups=4)
    assert moments.scale * np.sqrt(moments.mae().variance) == pytest.approx(0.0027, abs=5e-5)
    drawn = []
    for _ in range(200):
        weights = rng.poisson(1, n)
        drawn.append(np.bincount(group, weights * np.abs(error)) / np.bincount(group, weights))
    assert np.std(drawn, axis=0) == pytest.approx(0.0027, rel=0.15)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-1e4, 1e4))
def test_seven_shards_added_are_the_whole(seed: int, offset: float) -> None:
    evaluator, rng = catalog.load("fairness.regression"), np.random.default_rng(seed)
    data = rows(rng, n=400) | {"y": rng.normal(offset, 5, 400)}
    data["p"] = data["y"] + rng.normal(0, 1, 400)
    states = [state(data, slice(None)), *(state(data, slice(i, None, 7)) for i in range(7))]
    total = states[1]
    for part in states[2:]:
        total = evaluator.merge(total, part)  # type: ignore[attr-defined]
    first, second = (
        evaluator.summarise(part, params={"family_minimum": 30}, level=0.95, seed=1) for part in (states[0], total)
    )
    for one, other in zip(first, second, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-6, abs=1e-9)
        assert ends(one) == pytest.approx(ends(other), rel=1e-5, abs=1e-9)


def state(data: dict[str, Any], rows_kept: slice) -> dict[str, Any]:
    codes = np.unique(data["group"], return_inverse=True)[1]
    moments = Moments.of(data["y"][rows_kept], data["p"][rows_kept], codes[rows_kept], groups=3)
    return {"columns": ["group"], "groups": [["a"], ["b"], ["c"]], **moments.as_statistics()}


def test_row_order_leaves_no_trace() -> None:
    data = rows(np.random.default_rng(4), n=500)
    order = np.random.default_rng(5).permutation(500)
    assert state(data, slice(None)) == state({name: values[order] for name, values in data.items()}, slice(None))


def test_a_constant_outcome_explains_nothing(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(6)) | {"y": [5.0] * 6000}
    found = measured(tmp_path, data)
    assert {reading.status for reading in found.values()} == {Status.INSUFFICIENT_DATA}
    assert "never differs" in found["r2_parity"].reason


def test_a_group_whose_outcome_is_constant_is_named(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(6))
    data["y"] = np.where(np.asarray(data["group"]) == "b", 5.0, data["y"])
    found = measured(tmp_path, data)
    assert found["r2_parity"].status is Status.INSUFFICIENT_DATA
    assert found["r2_parity"].reason == "the outcome never differs in group=b, so nothing of it is explained"
    assert found["mae_parity"].status is Status.OK


def test_a_small_group_without_an_error_is_not_sure_to_have_none(tmp_path: Path) -> None:
    """Three in a hundred rows are off by three: of 40 rows as good, none is in every third sample."""
    rng = np.random.default_rng(3)
    group, y = np.repeat(["a", "b"], [1000, 40]), rng.normal(0, 1, 1040)
    error = np.where((group == "a") & (rng.random(1040) < 0.03), 3.0, 0.0)
    found = measured(tmp_path, {"y": y, "p": y + error, "group": group})
    low, high = ends(found["mae_parity"])
    assert low == 0.0
    assert high > 0.2


def test_errors_that_never_differ_bound_nothing(tmp_path: Path) -> None:
    data = rows(np.random.default_rng(3), n=300)
    for p in (data["y"], data["y"] + 7.1):
        found = measured(tmp_path, data | {"p": p})
        assert {found[name].status for name in ("residual_parity", "mae_parity")} == {Status.INSUFFICIENT_DATA}
        assert found["mae_parity"].reason.startswith("errors don't differ from row to row in any group")


def test_constant_predictions_are_a_result(tmp_path: Path) -> None:
    found = measured(tmp_path, rows(np.random.default_rng(7)) | {"p": [30_000.0] * 6000})
    assert found["mae_parity"].status is Status.OK


@pytest.mark.parametrize(("cell", "message"), [("", "row 2.*missing"), ("inf", "row 2.*infinite"), ("x", "row 2.*")])
def test_a_number_that_is_none_is_refused_with_its_row(cell: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=message):
        measured(tmp_path, {"y": ["1", cell], "p": ["1", "2"], "group": ["a", "b"]})


@pytest.mark.parametrize("groups", [1, 10_000])
def test_one_group_and_ten_thousand_are_answered(groups: int, tmp_path: Path) -> None:
    n = max(groups, 100)
    data = {"y": np.arange(n), "p": np.arange(n) + 1, "group": [f"ü{i % groups}" for i in range(n)]}
    assert measured(tmp_path, data)["mae_parity"].status is Status.INSUFFICIENT_DATA


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    for reading in measured(tmp_path, rows(np.random.default_rng(8))).values():
        again = catalog.summarise(
            "fairness.regression", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        assert ends(reading) == ends(next(other for other in again if other.metric == reading.metric))


@pytest.mark.verification
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 60), st.floats(-1e3, 1e3))
def test_the_skewness_of_a_rows_share_equals_an_independent_library(seed: int, n: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    y, error = rng.normal(offset, 3, n), rng.normal(0.2, 2, n)
    moments = Moments.of(y, y + error, np.zeros(n, dtype=np.int64), groups=1)
    w = y - y.mean()
    share = {"residual": error, "mae": np.abs(error), "r2": (error**2).mean() / (w**2).mean() * w**2 - error**2}
    for name, values in share.items():
        assert getattr(moments, name)().skewness[0] == pytest.approx(stats.skew(values), rel=1e-5, abs=1e-5)


NULLS = [
    *((name, law, sizes) for name in ("residual", "mae") for law in ("normal", "exponential")
      for sizes in ((1000, 400, 150), (1000, 400, 30))),
    ("r2", "normal", (1000, 400, 150)), ("r2", "normal", (1000, 400, 100)), ("r2", "student", (1000, 400, 100)),
]  # fmt: skip


@pytest.mark.statistics
@pytest.mark.parametrize(("name", "law", "sizes"), NULLS)
def test_equal_groups_are_rarely_told_apart(name: str, law: str, sizes: tuple[int, ...]) -> None:
    """A normal block told them apart in up to 10 of a hundred runs where one group was small and errors skewed."""
    assert null_rate(partial(is_told_apart, name, law, sizes), seed=9) <= 0.055


@pytest.mark.statistics
def test_explained_variance_under_very_skewed_errors_is_off_by_no_more_than_its_page_says() -> None:
    rng = np.random.default_rng(9)
    told = sum(is_told_apart("r2", "exponential", (1000, 400, 100), rng) for _ in range(4000))
    assert told / 4000 <= 0.075


@pytest.mark.statistics
@pytest.mark.parametrize("sizes", [(1000, 40), (1000, 100, 30)])
def test_errors_that_are_rare_are_off_by_no_more_than_their_page_says(sizes: tuple[int, ...]) -> None:
    """A group that showed none was taken to have none: 38 of a hundred equal pairs were told apart."""
    rng = np.random.default_rng(9)
    assert sum(is_told_apart("mae", "mostly none", sizes, rng) for _ in range(1500)) / 1500 <= 0.08


@pytest.mark.statistics
@pytest.mark.parametrize(
    ("name", "law", "rows", "most"),
    [("mae", "lognormal", 30, 0.18), ("residual", "lognormal", 30, 0.13), ("r2", "student, 3", 100, 0.1)],
)
def test_under_very_heavy_tails_a_small_group_is_off_by_no_more_than_its_page_says(
    name: str, law: str, rows: int, most: float
) -> None:
    """Few rows rarely hold the large errors that make up the mean, and don't show that any are missing."""
    rng = np.random.default_rng(11)
    assert sum(is_told_apart(name, law, (1000, rows), rng) for _ in range(2000)) / 2000 <= most


LAWS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "exponential": lambda rng, n: rng.exponential(1, n) - 1,
    "student": lambda rng, n: rng.standard_t(5, n),
    "student, 3": lambda rng, n: rng.standard_t(3, n),
    "lognormal": lambda rng, n: rng.lognormal(0, 1.5, n) - np.exp(1.5**2 / 2),
    "mostly none": lambda rng, n: np.where(rng.random(n) < 0.03, rng.normal(0, 3, n), 0.0),
}


def is_told_apart(name: str, law: str, sizes: tuple[int, ...], rng: np.random.Generator) -> bool:
    group = np.repeat(np.arange(len(sizes)), sizes)
    y = rng.normal(0, 1, len(group))
    found = getattr(Moments.of(y, y + LAWS[law](rng, len(group)), group, groups=len(sizes)), name)()
    n = np.array(sizes)
    found = found.evened(n)
    block = skewed_block(found.value, found.variance, found.skewness, n, replicates=2000, rng=rng)
    return gap([block], level=0.95).low > 0
