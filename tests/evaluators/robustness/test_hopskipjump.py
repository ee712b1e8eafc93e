import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evaluators import catalog
from evaluators.contract import Status
from evaluators.models.model import ROWS, Model
from evaluators.notebook import in_memory
from evaluators.robustness import boundary
from evaluators.robustness.hopskipjump import BISECTIONS, HALVINGS, Walk, hopskipjump
from evaluators.robustness.orders import median_reading
from tests.evaluators.robustness.subjects import as_model, halved_digits, margins, outcome, run

MEDIAN = ("robust.hsj.l2_median", "overall")


def walked(count: int = 90, seed: int = 0, **facts: Any) -> tuple[Walk, np.ndarray]:
    """The right ones of the rows, walked, and their exact distances to the boundary."""
    model, rows, labels = halved_digits()
    right = model.predict(rows) == labels
    rows, labels = rows[right][:count], labels[right][:count]
    weights, bias = model.coef_[0], model.intercept_[0]

    def ask(inputs: np.ndarray) -> np.ndarray:
        return (inputs @ weights + bias > 0).astype(np.int64)

    rng = np.random.default_rng(seed)
    walk = hopskipjump(ask, rows, labels, others=halved_digits()[1], rng=rng, **facts)
    return walk, margins(model, rows, labels) / np.linalg.norm(weights)


@pytest.mark.verification
def test_distances_on_a_linear_model_are_within_three_percent_of_the_exact_minimum() -> None:
    walk, exact = walked()
    assert len(exact) == 90
    ratio = walk.distances / exact
    assert np.median(ratio) == pytest.approx(1.011, abs=0.005)
    assert np.quantile(ratio, 0.95) == pytest.approx(1.015, abs=0.007)
    assert ratio.min() >= 1
    assert ratio.min() == pytest.approx(1.0067, abs=0.0033)
    assert ratio.max() < 1.03
    assert walk.queries.mean() == pytest.approx(6501, rel=0.02)


@pytest.mark.verification
def test_the_evaluator_finds_the_median_of_the_exact_distances() -> None:
    model, rows, labels = halved_digits()
    right = model.predict(rows) == labels
    exact = np.median(margins(model, rows, labels)[right]) / np.linalg.norm(model.coef_[0])
    reading = run("robust.boundary", as_model(model), rows, labels)[MEDIAN]
    assert reading.status is Status.OK
    assert 1 <= reading.value / exact < 1.03
    assert reading.low < reading.value < reading.high
    assert (reading.n, reading.detail["left_out"]) == (90, 10)


def test_art_a_row_walked_alone_goes_the_way_it_goes_among_others() -> None:
    """ART walks row after row; here all walk at once, and that must not change where a row arrives."""
    together, _ = walked(12, iterations=5)
    for i in (0, 7):
        model, rows, labels = halved_digits()
        right = model.predict(rows) == labels
        weights, bias = model.coef_[0], model.intercept_[0]
        alone = hopskipjump(
            lambda inputs: (inputs @ weights + bias > 0).astype(np.int64),  # noqa: B023 called within this round
            rows[right][i : i + 1],
            labels[right][i : i + 1],
            others=rows,
            rng=np.random.default_rng(0),
            iterations=5,
        )
        assert alone.distances[0] == pytest.approx(together.distances[i], rel=1e-9)


def test_art_halving_the_step_is_bounded_where_nothing_succeeds() -> None:
    """In ART the step is halved until it succeeds, which it never does when the label is an island of one point."""
    calls = 0

    def island(inputs: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        return (np.abs(inputs - 0.75).max(axis=1) < 1e-9).astype(np.int64)

    rows = np.zeros((3, 2))
    others = np.array([[0.0, 0.0], [0.75, 0.75]])
    walk = hopskipjump(
        island, rows, np.zeros(3, dtype=np.int64), others=others, rng=np.random.default_rng(0), iterations=20
    )
    assert np.allclose(walk.distances, np.hypot(0.75, 0.75))
    assert calls <= 2 + BISECTIONS + 20 * (1 + HALVINGS + 1 + BISECTIONS)


def test_no_row_asks_more_than_it_may() -> None:
    limited, exact = walked(10, queries_per_row=1_000)
    assert limited.queries.max() <= 1_000
    assert limited.rounds.max() < 20
    assert (limited.distances >= exact - 1e-12).all()
    reading = run("robust.boundary", as_model(halved_digits()[0]), *halved_digits()[1:], queries_per_row=1_000)[MEDIAN]
    assert reading.detail["cut_short"] == reading.n
    assert reading.detail["queries_per_row"] <= 1_000


def test_a_row_that_finds_its_beginning_late_asks_no_more_than_it_may_either() -> None:
    others = np.zeros((200, 2))
    others[150] = 0.75

    def island(inputs: np.ndarray) -> np.ndarray:
        return (np.abs(inputs - 0.75).max(axis=1) < 1e-9).astype(np.int64)

    rows, right = np.zeros((3, 2)), np.zeros(3, dtype=np.int64)
    walk = hopskipjump(island, rows, right, others=others, rng=np.random.default_rng(0), queries_per_row=300)
    assert np.allclose(walk.distances, np.hypot(0.75, 0.75))
    assert walk.queries.max() <= 300


def test_more_rounds_only_come_nearer() -> None:
    few, many = walked(20, iterations=3)[0], walked(20, iterations=10)[0]
    assert (many.distances <= few.distances + 1e-12).all()


def test_points_stay_inside_the_box() -> None:
    walk, _ = walked(20, iterations=5, box=(0.0, 1.0))
    assert walk.points.min() >= 0
    assert walk.points.max() <= 1


def test_a_model_with_one_answer_has_no_distance_and_says_so() -> None:
    _, rows, labels = halved_digits()
    constant = Model(
        inputs=ROWS, score_kind="label", ask=lambda x: np.tile([[1.0, 0.0]], (len(x), 1)), classes=("0", "1")
    )
    reading = run("robust.boundary", constant, rows, labels, iterations=2)[MEDIAN]
    assert (reading.status, reading.value, reading.high) == (Status.INSUFFICIENT_DATA, None, None)
    assert "no input with another label was found" in reading.reason


def test_a_model_that_changes_its_mind_is_no_evidence() -> None:
    model, rows, labels = halved_digits()
    drawn = np.random.default_rng(0)

    def ask(inputs: np.ndarray) -> np.ndarray:
        return model.predict_proba(inputs + drawn.normal(0, 0.3, inputs.shape))

    fickle = Model(inputs=ROWS, score_kind="probability", ask=ask, classes=("0", "1"))
    reading = run("robust.boundary", fickle, rows, labels, iterations=2)[MEDIAN]
    assert reading.status is Status.INSUFFICIENT_DATA
    assert "changed its mind about" in reading.reason


def test_nothing_right_at_first_leaves_nothing_to_walk() -> None:
    model, rows, labels = halved_digits()
    reading = run("robust.boundary", as_model(model), rows, 1 - model.predict(rows), iterations=2)[MEDIAN]
    assert (reading.status, reading.value, reading.n) == (Status.INSUFFICIENT_DATA, None, 0)
    assert reading.detail["left_out"] == len(labels)


def test_the_rows_order_and_the_batch_leave_no_trace() -> None:
    model, rows, labels = halved_digits()
    first = outcome("robust.boundary", as_model(model), rows, labels, iterations=4)
    evaluator = catalog.load("robust.boundary")
    assert first.readings[0].n == 90
    order = np.random.default_rng(0).permutation(len(rows))
    again = outcome("robust.boundary", as_model(model, batch=7), rows, labels, iterations=4)
    assert again.readings[0].value == first.readings[0].value
    # Another order is another table with another seed, so both are measured with one.
    found = [_statistics(evaluator, model, rows[o], labels[o]) for o in (np.arange(len(rows)), order)]
    assert found[0] == found[1]


def test_of_a_walk_cut_short_the_wrong_rows_count_as_far_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows, labels = halved_digits()
    spoiled = labels.copy()
    spoiled[::2] = 1 - spoiled[::2]
    right = float((model.predict(rows) == spoiled).mean())
    monkeypatch.setattr(boundary, "PART", 20)
    monkeypatch.setattr("evaluators.budget.time", SimpleNamespace(monotonic=lambda: math.inf))
    found = outcome("robust.boundary", as_model(model), rows, spoiled, iterations=2)
    detail, points = found.readings[0].detail, found.evidence[0].data["series"][0]["points"]
    assert (detail["units_done"], detail["budget_exhausted"]) == (20, True)
    assert detail["rows"] == 20 + detail["left_out"] < len(rows)
    assert points[0]["y"] == pytest.approx(right, abs=0.2)


def _statistics(evaluator: Any, model: Any, rows: np.ndarray, labels: np.ndarray) -> Any:
    from_table = _subject(model, rows, labels)
    params = {"rows": 40, "iterations": 4, "queries_per_row": 10_000, "box": (), "budget_s": 600}
    return evaluator.measure(from_table, params=params, seed=5, progress=lambda *_: None).statistics["distances"]


def _subject(model: Any, rows: np.ndarray, labels: np.ndarray) -> Any:
    names = tuple(f"x{j}" for j in range(rows.shape[1]))
    table = {name: rows[:, j] for j, name in enumerate(names)} | {"label": [str(value) for value in labels]}
    facts = {"columns": {"label": "label"}, "features": names}
    return in_memory(tables={"table": table}, models={"model": as_model(model)}, facts=facts)


def test_readings_come_back_from_their_own_statistics_without_the_model() -> None:
    model, rows, labels = halved_digits()
    found = outcome("robust.boundary", as_model(model), rows, labels, iterations=3)
    kept = found.readings[0]
    again = catalog.summarise("robust.boundary", kept.statistics, params={}, level=0.95, seed=found.seed)[0]
    assert (again.value, again.low, again.high, again.n) == (kept.value, kept.low, kept.high, kept.n)
    wider = catalog.summarise("robust.boundary", kept.statistics, params={}, level=0.99, seed=found.seed)[0]
    assert wider.low <= kept.low <= kept.high <= wider.high


@pytest.mark.parametrize("n", [100, 1_024, 5_000])
def test_the_median_of_as_many_rows_as_may_be_asked_has_an_interval(n: int) -> None:
    values = np.sort(np.random.default_rng(0).exponential(size=n)).tolist()
    reading = median_reading(MEDIAN[0], values, 0, among="rows", common={"level": 0.95}, detail={})
    low, high = stats.binom(n, 0.5).ppf(0.025), stats.binom(n, 0.5).ppf(0.975)
    assert (reading.low, reading.high) == (values[int(low) - 1], values[int(high)])
    assert reading.status is Status.OK
