import itertools
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from evaluators import catalog
from evaluators.contract import ParameterError, Reading, Status
from evaluators.models.model import ROWS, Model
from evaluators.robustness import feature_attack
from evaluators.robustness.cases import row_keys
from evaluators.robustness.feature_attack import Space, attack
from evaluators.robustness.perturbations import CATEGORY, NUMBER, WHOLE, Columns
from tests.evaluators.robustness.subjects import as_model, case, outcome, run

METRICS = [f"robust.tabular.{name}" for name in ("missing", "scale", "swap", "adversarial")]


def table(rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """A number, a whole number and the code of a category; the outcome is whether the first exceeds 0."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(0, 2, rows), rng.integers(0, 50, rows), rng.integers(0, 4, rows)]).astype(float)
    return x, (x[:, 0] > 0).astype(np.int64)


def rule(function: Any, **facts: Any) -> Model:
    """A model that says 1 where a function of the rows holds."""

    def ask(rows: np.ndarray) -> np.ndarray:
        return np.eye(2)[np.asarray(function(rows)).astype(int)]

    return Model(**({"inputs": ROWS, "score_kind": "label", "ask": ask, "classes": ("0", "1")} | facts))


def tabular(model: Model, x: np.ndarray, y: Any, /, **params: Any) -> dict[str, Reading]:
    return {metric: reading for (metric, _), reading in run("robust.tabular", model, x, y, **params).items()}


def test_one_feature_decides_and_its_share_of_the_copies_is_what_is_lost() -> None:
    x, y = table()
    model = rule(lambda rows: np.nan_to_num(rows[:, 0], nan=1e9) > 0, accepts_missing=True)
    found = tabular(model, x, y, categorical=["x2"])
    kept = found["robust.tabular.missing"]
    assert kept.value == pytest.approx((2 * 200 + (y == 1).sum()) / 600)
    assert kept.detail["worst_features"][0] == ["x0", int((y == 1).sum())]
    assert found["robust.tabular.scale"].value == 1.0
    assert found["robust.tabular.swap"].value == 1.0
    assert found["robust.tabular.swap"].detail["copies"] == 1


def test_a_unit_and_an_unseen_category_flip_a_model_that_hangs_on_them() -> None:
    x, _ = table()
    on_unit = rule(lambda rows: rows[:, 1] > 25)
    found = tabular(on_unit, x, (x[:, 1] > 25).astype(int), factor=100, categorical=["x2"])
    down, up = (x[:, 1] > 25).mean(), ((x[:, 1] <= 25) & (x[:, 1] * 100 > 25)).mean()
    assert found["robust.tabular.scale"].value == pytest.approx((2 + (1 - down) + (1 - up)) / 4)
    on_code = rule(lambda rows: rows[:, 2] > 3)
    assert tabular(on_code, x, np.zeros(200, int), categorical=["x2"])["robust.tabular.swap"].value == 0.0


def test_types_are_taken_from_the_values_and_categories_from_the_declaration() -> None:
    x, _ = table()
    columns = Columns.of(x, ("a", "b", "c"), categorical=["c"], immutable=["b"])
    assert columns.kinds == (NUMBER, WHOLE, CATEGORY)
    assert columns.categories[2] == (0.0, 1.0, 2.0, 3.0)
    assert columns.is_fixed == (False, True, False)


@pytest.mark.parametrize("parameter", ["categorical", "immutable"])
def test_a_feature_that_the_model_does_not_read_is_refused_by_name(parameter: str) -> None:
    x, y = table()
    with pytest.raises(ParameterError, match="'race', which the model doesn't read"):
        tabular(rule(lambda rows: rows[:, 0] > 0), x, y, **{parameter: ["race"]})


@pytest.mark.verification
def test_on_a_monotone_tree_the_attack_finds_all_that_enumeration_finds() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 12, (300, 3)).astype(float)
    y = (x.sum(axis=1) + rng.normal(0, 3, 300) > 17).astype(int)
    tree = DecisionTreeClassifier(max_depth=5, monotonic_cst=[1, 1, 1], random_state=0).fit(x, y)
    model, said = as_model(tree), tree.predict(x)
    columns = Columns.of(x, ("a", "b", "c"), categorical=(), immutable=("c",))
    space = Space(columns, changes=2, reach=0.6)
    points, is_complete = attack(model, x, said, space)
    assert is_complete
    expected = [breakable(tree, row, label, columns, reach=0.6) for row, label in zip(x, said, strict=True)]
    assert (tree.predict(points) != said).tolist() == expected
    assert 30 < sum(expected) < 270


def breakable(tree: Any, row: np.ndarray, label: int, columns: Columns, *, reach: float) -> bool:
    """Whether any whole numbers within reach and range for the first two features get another label."""
    choices = []
    for j in range(2):
        span = reach * columns.spread[j]
        choices.append([v for v in range(12) if abs(v - row[j]) <= span and columns.low[j] <= v <= columns.high[j]])
    tried = np.array([[a, b, row[2]] for a, b in itertools.product(*choices)])
    return bool((tree.predict(tried) != label).any())


@pytest.mark.parametrize("changes", [1, 3])
def test_every_point_found_keeps_the_rules(changes: int) -> None:
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.normal(size=400), rng.integers(0, 9, 400), rng.integers(0, 5, 400), rng.normal(size=400)])
    y = (x[:, 0] + x[:, 1] / 4 + (x[:, 2] == 3) + x[:, 3] > 1.5).astype(int)
    model = as_model(HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(x, y))
    columns = Columns.of(x, ("a", "b", "c", "d"), categorical=["c"], immutable=["d"])
    space = Space(columns, changes, 0.5)
    labels = model.labels(x)
    points, _ = attack(model, x, labels, space)
    moved = (points != x).any(axis=1)
    assert moved.any()
    assert (model.labels(points[moved]) != labels[moved]).all()
    assert space.violations(x, points).sum() == 0
    assert np.array_equal(points[:, 3], x[:, 3])


@pytest.mark.parametrize("changes", [1, 2, 4])
def test_what_fits_into_memory_at_once_changes_no_attack(changes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = table(60)
    y = (x[:, 0] + x[:, 1] / 25 > 1).astype(int)
    model = rule(lambda rows: rows[:, 0] + rows[:, 1] / 25 > 1)
    space = Space(Columns.of(x, ("a", "b", "c"), categorical=["c"], immutable=[]), changes, 0.5)
    whole, is_complete = attack(model, x, y, space)
    monkeypatch.setattr(feature_attack, "BLOCK", 3 * 7)
    monkeypatch.setattr(feature_attack, "HELD", 3 * 40)
    parts, is_still_complete = attack(model, x, y, space)
    assert np.array_equal(parts, whole)
    assert (whole != x).any()
    assert is_still_complete == is_complete


def test_a_feature_with_more_categories_than_are_tried_is_no_enumeration() -> None:
    x = np.arange(30, dtype=float)[:, None]
    model = rule(lambda rows: rows[:, 0] == 29)
    space = Space(Columns.of(x, ("a",), categorical=["a"], immutable=[]), 1, 0.5)
    assert attack(model, x[:5], np.zeros(5, dtype=np.int64), space)[1] is False
    fixed = Space(Columns.of(x, ("a",), categorical=["a"], immutable=["a"]), 1, 0.5)
    assert attack(model, x[:5], np.zeros(5, dtype=np.int64), fixed)[1] is True


def test_broken_rules_are_noticed() -> None:
    x = np.array([[0.0, 1.0, 2.0], [1.0, 5.0, 0.0]])
    columns = Columns.of(x, ("a", "b", "c"), categorical=["c"], immutable=["a"])
    space = Space(columns, 1, 0.5)
    spoiled = np.array([[1.0, 1.0, 2.0], [1.0, 4.5, 7.0]])
    assert space.violations(x, spoiled).tolist() == [2, 4]


def test_a_longer_budget_of_changes_breaks_no_fewer_rows() -> None:
    x, _ = table(120)
    y = (x[:, 0] + x[:, 1] / 25 > 1).astype(int)
    model = rule(lambda rows: rows[:, 0] + rows[:, 1] / 25 > 1)
    values = [tabular(model, x, y, changes=k)["robust.tabular.adversarial"].value for k in (1, 2)]
    assert values[1] <= values[0] < 1


def test_nothing_can_be_done_where_everything_is_immutable() -> None:
    x, y = table()
    reading = tabular(rule(lambda rows: rows[:, 0] > 0), x, y, immutable=["x0", "x1", "x2"])[
        "robust.tabular.adversarial"
    ]
    assert (reading.value, reading.detail["search"]) == (1.0, "enumeration")


def test_what_is_declared_away_is_not_applicable_and_no_crash() -> None:
    x, y = table()
    found = tabular(rule(lambda rows: rows[:, 0] > 0), x, y)
    assert found["robust.tabular.missing"].status is Status.NOT_APPLICABLE
    assert "takes no missing values" in found["robust.tabular.missing"].reason
    assert found["robust.tabular.swap"].status is Status.NOT_APPLICABLE


def test_wrong_rows_are_left_out_and_a_model_that_is_never_right_is_no_evidence() -> None:
    x, y = table()
    found = tabular(rule(lambda rows: rows[:, 0] <= 0), x, y, categorical=["x2"])
    for metric in METRICS[1:]:
        assert found[metric].status is Status.INSUFFICIENT_DATA
        assert found[metric].detail["left_out"] == 200


def test_missing_cells_of_the_table_stay_missing_under_attack() -> None:
    x, y = table()
    x[::7, 1] = np.nan
    model = rule(lambda rows: np.nan_to_num(rows[:, 0]) > 0, accepts_missing=True)
    found = tabular(model, x, y, changes=1)
    detail = found["robust.tabular.adversarial"].detail
    assert detail["within_constraints"] == detail["broken"] > 0


def test_readings_come_back_from_their_own_statistics_without_the_model() -> None:
    x, y = table()
    model = rule(lambda rows: np.nan_to_num(rows[:, 0]) > 0, accepts_missing=True)
    found = outcome("robust.tabular", model, x, y, categorical=["x2"])
    assert {reading.metric for reading in found.readings} == set(METRICS)
    for reading in found.readings:
        again = catalog.summarise("robust.tabular", reading.statistics, params={}, level=0.95, seed=found.seed)
        match = next(other for other in again if other.metric == reading.metric)
        assert (match.value, match.low, match.high, match.n) == (reading.value, reading.low, reading.high, reading.n)


def test_the_most_fragile_features_are_drawn_first() -> None:
    x, y = table()
    found = outcome("robust.tabular", rule(lambda rows: rows[:, 1] > 25), x, (x[:, 1] > 25).astype(int))
    bars = found.evidence[0].data
    assert (found.evidence[0].name, bars["draw"]) == ("feature_fragility", "bars")
    assert bars["bars"][0]["label"] == "x1 (scale)"
    assert bars["bars"][0]["value"] < bars["bars"][-1]["value"] == 1.0


def test_copies_of_a_row_are_drawn_one_by_one_and_perturbed_one_by_one() -> None:
    """Forty copies each of sixty rows: fifty drawn rows are nearly all of them, not one or two forty times."""
    rows = np.repeat(np.random.default_rng(0).normal(size=(60, 3)), 40, axis=0)
    one = case(as_model(LogisticRegression().fit(rows, np.arange(2400) % 2)), rows, np.zeros(2400, dtype=np.int64))
    drawn = one.sample(50, 7)
    assert len(np.unique(drawn.rows, axis=0)) > 25
    moved = np.random.default_rng(1).permutation(2400)
    again = one.take(moved).sample(50, 7)
    assert (again.rows == drawn.rows).all()
    assert len(np.unique(row_keys(rows, one.labels, 7))) == 2400
