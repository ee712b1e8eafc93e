import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluators import catalog
from evaluators.contract import Reading, Status, SubjectError
from evaluators.evaluate import evaluate
from evaluators.explainability.explainers import choose, explain, permutation_rounds
from evaluators.explainability.targets import target
from evaluators.models.estimators import Estimator
from evaluators.models.model import Model
from evaluators.models.opening import from_estimator
from tests.evaluators.data import subject, write_csv
from tests.evaluators.explainability.cases import cancer_network
from tests.evaluators.reference import shapley_by_subsets


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(x), y


def named(estimator: BaseEstimator, features: int) -> Model:
    return from_estimator(Estimator(estimator, tuple(f"f{i}" for i in range(features))))


@pytest.mark.verification
def test_a_linear_model_is_its_coefficients_by_either_method() -> None:
    x, y = cancer()
    model, background = named(LinearRegression().fit(x, y), 30), x[:100]
    expected = model.estimator.coef_ * (x[:5] - background.mean(axis=0))
    for kind in ("linear", "permutation"):
        found = explain(model, background, x[:5], kind=kind, favourable=None, seed=0)
        assert found.phi == pytest.approx(expected, abs=1e-12)
        assert found.gap < 1e-12


@pytest.mark.verification
def test_a_forest_adds_up() -> None:
    x, y = cancer()
    model = named(RandomForestClassifier(50, random_state=0).fit(x, y), 30)
    assert choose(model, x) == "tree"
    found = explain(model, x[:100], x[:50], kind="tree", favourable="1", seed=0)
    assert found.gap < 1.3e-4
    assert found.output == "probability"


@pytest.mark.verification
@pytest.mark.parametrize(("is_rounded", "published"), [(True, 3.1e-8), (False, 0.0326)])
def test_boosting_equals_enumerating_all_subsets_on_single_precision_alone(is_rounded: bool, published: float) -> None:
    """Eight features, the first fifty rows as background, the first five explained: the largest difference of all."""
    x, y = cancer()
    rows = x[:, :8].astype(np.float32).astype(np.float64) if is_rounded else x[:, :8]
    model = named(HistGradientBoostingClassifier(max_iter=50, random_state=0).fit(rows, y), 8)
    assert choose(model, rows) == ("tree" if is_rounded else "permutation")
    found = explain(model, rows[:50], rows[:5], kind="tree", favourable="1", seed=0)
    ask = target(model, "tree", "1")[0]
    exact = np.array([shapley_by_subsets(ask, rows[:50], row) for row in rows[:5]])
    assert np.abs(found.phi - exact).max() == pytest.approx(published, rel=0.02)
    assert (found.gap < 1e-6) is is_rounded
    if not is_rounded:
        assert found.gap > 1e-3


def test_the_other_outcome_has_the_opposite_values() -> None:
    x, y = cancer()
    for estimator in (LogisticRegression(), HistGradientBoostingClassifier(max_iter=5), RandomForestClassifier(5)):
        rows = x[:, :5].astype(np.float32).astype(np.float64)
        model = named(estimator.fit(rows, y), 5)
        kind = choose(model, rows)
        good, bad = (explain(model, rows[:20], rows[:5], kind=kind, favourable=f, seed=0) for f in ("1", "0"))
        assert good.phi == pytest.approx(-bad.phi, abs=1e-6)
        assert max(good.gap, bad.gap) < 1e-6


def test_dear_models_are_asked_less_often() -> None:
    assert permutation_rounds(1000) == 10
    assert permutation_rounds(1_000_000) == 4
    assert permutation_rounds(10**9) == 2


def saved(tmp_path: Path, estimator: BaseEstimator, *, features: int = 6) -> dict[str, Any]:
    x, y = cancer()
    columns = [f"f{i}" for i in range(features)]
    estimator.fit(x[:, :features], y)
    skops.io.dump(estimator, tmp_path / "model.skops")
    table = write_csv(tmp_path / "rows.csv", {name: x[:, i] for i, name in enumerate(columns)})
    return {"table": table, "model": tmp_path / "model.skops", "features": columns, "favourable": "1"}


def measured(found: dict[str, Any], **params: Any) -> dict[tuple[str, str], Reading]:
    facts = {key: value for key, value in found.items() if key not in ("table", "model")}
    outcome = evaluate("explain.shap_global", subject(found["table"], model=found["model"], **facts), params=params)
    return {(reading.metric, reading.slice): reading for reading in outcome.readings}


def test_a_pipeline_is_explained_in_its_own_columns(tmp_path: Path) -> None:
    found = measured(saved(tmp_path, make_pipeline(StandardScaler(), LogisticRegression())), rows=30, background=30)
    overall = found["explain.shap.global", "overall"]
    assert overall.status is Status.OK
    assert overall.detail["explainer"] == "permutation"
    sizes = [entry["value"] for entry in overall.detail["top"]]
    assert sizes == sorted(sizes, reverse=True)
    assert overall.value == pytest.approx(sum(sizes))
    top = found["explain.shap.global", f"feature={overall.detail['top'][0]['feature']}"]
    assert top.low < top.value < top.high  # type: ignore[operator]


def test_values_that_do_not_add_up_are_an_error_and_are_not_shown(tmp_path: Path) -> None:
    found = measured(saved(tmp_path, HistGradientBoostingClassifier(max_iter=30, random_state=0)), explainer="tree")
    overall = found["explain.shap.global", "overall"]
    assert (overall.status, overall.value) == (Status.ERROR, None)
    assert "permutation explainer" in overall.reason
    assert found["explain.additivity_gap", "overall"].value > 1e-3  # type: ignore[operator]
    assert len(found) == 2


def test_readings_come_back_from_their_own_statistics(tmp_path: Path) -> None:
    found = measured(saved(tmp_path, LogisticRegression()))
    for key, reading in found.items():
        again = catalog.summarise(
            "explain.shap_global", reading.statistics, params={}, level=0.95, seed=reading.seed or 0
        )
        value = next(other.value for other in again if other.metric == key[0])
        assert value == pytest.approx(reading.value)


def test_a_missing_cell_is_named_unless_the_model_takes_it(tmp_path: Path) -> None:
    x, y = cancer()
    for estimator, takes in ((LogisticRegression(), False), (HistGradientBoostingClassifier(max_iter=5), True)):
        found = saved(tmp_path, estimator)
        rows = {f"f{i}": [("" if row == 3 and i == 2 else x[row, i]) for row in range(60)] for i in range(6)}
        found["table"] = write_csv(tmp_path / "rows.csv", rows)
        if takes:
            assert measured(found, rows=10, background=10)["explain.additivity_gap", "overall"].status is Status.OK
        else:
            with pytest.raises(SubjectError, match="row 4, column 'f2': the value is missing"):
                measured(found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"favourable": "2"}, "not a class of the model; it has '0', '1'"),
        ({"favourable": None}, "no favourable outcome was declared"),
        ({"features": ["f0"]}, "1 features were declared, the model was fitted with 6"),
        ({"features": []}, "features must be declared"),
        ({"features": [*(f"f{i}" for i in range(5)), "g"]}, "no column 'g'"),
    ],
)
def test_a_subject_that_does_not_fit_the_model_is_refused(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        measured(saved(tmp_path, LogisticRegression()) | change)


@pytest.mark.parametrize("content", [b"\x80\x04N.", b"PK\x03\x04broken", b"", b"not a model"])
def test_a_file_that_is_no_skops_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    found = saved(tmp_path, LogisticRegression())
    found["model"].write_bytes(content)
    with pytest.raises(SubjectError, match="skops"):
        measured(found)


def test_a_model_of_foreign_types_is_never_built(tmp_path: Path) -> None:
    found = saved(tmp_path, LogisticRegression())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skops.io.dump({"model": Path("x"), "other": np.random.default_rng(0)}, found["model"])
    with pytest.raises(SubjectError, match=r"nobody has vouched for|doesn't predict|can't be read"):
        measured(found)


def test_a_network_is_explained_from_outside_or_by_its_gradient() -> None:
    x, _ = cancer()
    model = cancer_network()
    assert choose(model, x[:10]) == "permutation"
    found = explain(model, x[15:25], x[17:22], kind="permutation", favourable="1", seed=0)
    assert found.output == "probability"
    assert found.gap < 1e-5
    assert explain(model, x[:3], x[:4], kind="gradient", favourable="1", seed=0).output == "margin"


def test_a_model_that_leaks_a_proxy_has_it_at_the_top_and_its_clean_twin_does_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    group, skill = rng.integers(0, 2, 400), rng.normal(size=400)
    street = group + 0.1 * rng.normal(size=400)
    y = (skill + 4 * group + rng.normal(size=400) > 2).astype(int)
    data = {"skill": skill, "street": street, "g": np.where(group, "a", "b")}
    for columns, top in ((["skill", "street"], "street"), (["skill"], "skill")):
        model = LogisticRegression().fit(np.column_stack([data[name] for name in columns]), y)
        skops.io.dump(model, tmp_path / "model.skops")
        told = {"table": write_csv(tmp_path / "rows.csv", data), "model": tmp_path / "model.skops", "favourable": "1"}
        found = measured(told | {"features": columns, "columns": {"group": ["g"]}})
        overall = found["explain.shap.global", "overall"]
        assert overall.detail["top"][0]["feature"] == top
        assert found["explain.shap.global", "g=a"].n + found["explain.shap.global", "g=b"].n == overall.n
        again = catalog.summarise(
            "explain.shap_global", found["explain.shap.global", "g=a"].statistics, params={}, level=0.95, seed=0
        )
        assert [r for r in again if r.slice == "g=a"][0].value == found["explain.shap.global", "g=a"].value
