"""XGBoost and LightGBM in their own files."""

import json
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost

from evaluators.contract import SubjectError
from evaluators.models.model import BadOutput
from evaluators.models.opening import open_model
from tests.evaluators.models.subjects import held

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
BINARY = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
NAMES = ["age", "income", "years"]


def trained_xgboost(target: Any, ending: str, folder: Path, **params: Any) -> tuple[Any, bytes]:
    matrix = xgboost.DMatrix(X, target, feature_names=NAMES)
    booster = xgboost.train({"max_depth": 2, "nthread": 1, **params}, matrix, num_boost_round=8)
    booster.save_model(folder / f"m.{ending}")
    return booster, (folder / f"m.{ending}").read_bytes()


def trained_lightgbm(target: Any, names: Any = "auto", **params: Any) -> tuple[Any, bytes]:
    data = lightgbm.Dataset(X, target, feature_name=names)
    booster = lightgbm.train({"verbosity": -1, "num_threads": 1, "num_leaves": 4, **params}, data, num_boost_round=8)
    return booster, booster.model_to_string().encode()


@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_xgboost_of_two_classes(ending: str, tmp_path: Path) -> None:
    booster, data = trained_xgboost(BINARY, ending, tmp_path, objective="binary:logistic")
    model = open_model(held(tmp_path, {f"model.{ending}": data}))
    assert (model.classes, model.features) == (("0", "1"), tuple(NAMES))
    expected = booster.predict(xgboost.DMatrix(X, feature_names=NAMES))
    assert model.probabilities(X)[:, 1] == pytest.approx(expected, abs=1e-6)


def test_xgboost_of_three_classes_and_of_numbers(tmp_path: Path) -> None:
    booster, data = trained_xgboost(THREE, "json", tmp_path, objective="multi:softprob", num_class=3)
    model = open_model(held(tmp_path, {"model.json": data}))
    assert model.classes == ("0", "1", "2")
    assert model.probabilities(X) == pytest.approx(booster.predict(xgboost.DMatrix(X, feature_names=NAMES)), abs=1e-6)
    booster, data = trained_xgboost(X[:, 0], "json", tmp_path, objective="reg:squarederror")
    model = open_model(held(tmp_path, {"model.json": data}))
    assert model.score_kind == "value"
    assert model.scores(X)[:, 0] == pytest.approx(booster.predict(xgboost.DMatrix(X, feature_names=NAMES)), abs=1e-6)


def test_xgboost_uses_the_trees_up_to_its_best_round(tmp_path: Path) -> None:
    estimator = xgboost.XGBClassifier(n_estimators=60, max_depth=3, early_stopping_rounds=2, n_jobs=1)
    estimator.fit(X[:100], BINARY[:100], eval_set=[(X[100:], 1 - BINARY[100:])], verbose=False)
    estimator.save_model(tmp_path / "model.json")
    model = open_model(held(tmp_path, {"model.json": (tmp_path / "model.json").read_bytes()}, features=NAMES))
    assert model.probabilities(X) == pytest.approx(estimator.predict_proba(X), abs=1e-6)


@pytest.mark.parametrize("slope", [1.0, 0.7])
def test_lightgbm_of_two_classes(slope: float, tmp_path: Path) -> None:
    booster, data = trained_lightgbm(BINARY, NAMES, objective="binary", sigmoid=slope)
    model = open_model(held(tmp_path, {"model.txt": data}))
    assert (model.classes, model.features) == (("0", "1"), tuple(NAMES))
    assert model.probabilities(X)[:, 1] == pytest.approx(booster.predict(X), abs=1e-9)


def test_lightgbm_of_three_classes_and_of_numbers(tmp_path: Path) -> None:
    booster, data = trained_lightgbm(THREE, objective="multiclass", num_class=3)
    model = open_model(held(tmp_path, {"model.txt": data}))
    assert (model.classes, model.features) == (("0", "1", "2"), ())
    assert model.probabilities(X) == pytest.approx(booster.predict(X), abs=1e-9)
    booster, data = trained_lightgbm(X[:, 0], objective="regression")
    assert open_model(held(tmp_path, {"model.txt": data})).scores(X)[:, 0] == pytest.approx(booster.predict(X))


def test_missing_values_are_taken(tmp_path: Path) -> None:
    holes = np.where(RNG.random(X.shape) < 0.3, np.nan, X)
    for name, (booster, data) in {
        "model.txt": trained_lightgbm(BINARY, objective="binary"),
        "model.json": trained_xgboost(BINARY, "json", tmp_path, objective="binary:logistic"),
    }.items():
        model = open_model(held(tmp_path, {name: data}))
        fed = holes if name == "model.txt" else xgboost.DMatrix(holes, feature_names=NAMES)
        assert model.accepts_missing
        assert model.probabilities(holes)[:, 1] == pytest.approx(booster.predict(fed), abs=1e-6)


def test_a_signature_names_the_classes_and_columns(tmp_path: Path) -> None:
    _, data = trained_lightgbm(BINARY, objective="binary")
    signature = json.dumps({"classes": ["refused", "granted"], "features": NAMES}).encode()
    model = open_model(held(tmp_path, {"model.txt": data, "signature.json": signature}))
    assert (model.classes, model.features) == (("refused", "granted"), tuple(NAMES))


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"classes": ["a", "b", "c"]}, "names 3 classes"),
        ({"features": ["a", "b", "c"]}, "differ in 'a'"),
        ({"output": "probability"}, "is read as logit; .*leave the key output out"),
    ],
)
def test_a_signature_that_contradicts_the_file_is_refused(about: Any, message: str, tmp_path: Path) -> None:
    _, data = trained_xgboost(BINARY, "json", tmp_path, objective="binary:logistic")
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, {"model.json": data, "signature.json": json.dumps(about).encode()}))


def test_what_is_not_measured_is_said(tmp_path: Path) -> None:
    _, ranking = trained_xgboost(BINARY, "json", tmp_path, objective="binary:hinge")
    with pytest.raises(SubjectError, match="'binary:hinge' isn't measured"):
        open_model(held(tmp_path, {"model.json": ranking}))
    _, several = trained_lightgbm(THREE, objective="multiclassova", num_class=3)
    with pytest.raises(SubjectError, match="'multiclassova' isn't measured"):
        open_model(held(tmp_path, {"model.txt": several}))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.json", b'{"learner": {}}', "XGBoost can't load it"),
        ("model.json", b'{"learner": {"attributes": ', "XGBoost can't load it"),
        ("model.ubj", b"{L\x00\x00", "XGBoost can't load it"),
        ("model.txt", b"tree\nversion=v4\nnum_class=1\n", "LightGBM can't load it"),
        ("model.txt", b"forest of trees", "not a skops archive"),
        ("model.bin", b"\x80\x04K\x01.", "a pickle, which is never loaded"),
    ],
)
def test_files_that_are_no_model_are_refused(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, {name: content}))


def test_rows_of_another_width_are_told_of(tmp_path: Path) -> None:
    _, data = trained_lightgbm(BINARY, objective="binary")
    _, other = trained_xgboost(BINARY, "json", tmp_path, objective="binary:logistic")
    for name, content in {"model.txt": data, "model.json": other}.items():
        with pytest.raises(BadOutput, match=name):
            open_model(held(tmp_path, {name: content})).scores(np.ones((4, 5)))


def test_a_long_line_of_categories_is_read_at_once(tmp_path: Path) -> None:
    """Looking for its end by a pattern took time with the square of its length: hours for ten megabytes."""
    _, data = trained_lightgbm(BINARY, objective="binary")
    spoiled = data.replace(b"end of parameters", b"pandas_categorical:[" + b"a" * 1_000_000 + b"\nend of parameters")
    assert spoiled != data
    assert open_model(held(tmp_path, {"model.txt": spoiled})).classes == ("0", "1")


def test_a_file_that_claims_millions_of_classes_is_refused(tmp_path: Path) -> None:
    _, data = trained_lightgbm(THREE, objective="multiclass", num_class=3)
    for before in (b"num_tree_per_iteration=3", b"num_class=3", b"num_class:3"):
        data = data.replace(before, before[:-1] + b"30000000")
    with pytest.raises(SubjectError, match="has 24 trees, and '30000000' belong together"):
        open_model(held(tmp_path, {"model.txt": data}))


def test_a_best_round_that_is_no_number_is_none(tmp_path: Path) -> None:
    booster, _ = trained_xgboost(BINARY, "json", tmp_path, objective="binary:logistic")
    expected = booster.predict(xgboost.DMatrix(X, feature_names=NAMES))
    booster.set_attr(best_iteration="x")
    model = open_model(held(tmp_path, {"model.json": bytes(booster.save_raw("json"))}))
    assert model.probabilities(X)[:, 1] == pytest.approx(expected, abs=1e-6)


def test_categories_of_pandas_are_refused(tmp_path: Path) -> None:
    _, data = trained_lightgbm(BINARY, objective="binary")
    spoiled = data.replace(b"pandas_categorical:null", b'pandas_categorical:[["a", "b"]]')
    with pytest.raises(SubjectError, match="pandas categories"):
        open_model(held(tmp_path, {"model.txt": spoiled}))


@pytest.mark.parametrize("declared", [["age", "height", "years"], ["age", "income"], [*NAMES, "height"]])
def test_columns_other_than_those_it_was_fitted_with_are_refused_by_name(declared: list[str], tmp_path: Path) -> None:
    _, lightgbm_file = trained_lightgbm(BINARY, NAMES, objective="binary")
    _, xgboost_file = trained_xgboost(BINARY, "json", tmp_path, objective="binary:logistic")
    for name, data in {"model.txt": lightgbm_file, "model.json": xgboost_file}.items():
        with pytest.raises(SubjectError, match=f"{name}: .* differ in .*; it was fitted with age, income, years"):
            open_model(held(tmp_path, {name: data}, features=declared))
        assert open_model(held(tmp_path, {name: data}, features=NAMES[::-1])).features == tuple(NAMES)


def test_an_outcome_in_other_words_is_answered_with_how_to_name_the_classes(tmp_path: Path) -> None:
    _, data = trained_xgboost(BINARY, "json", tmp_path, objective="binary:logistic")
    with pytest.raises(SubjectError, match=r"it has '0', '1'; to name them, put .*classes.* into signature\.json"):
        open_model(held(tmp_path, {"model.json": data})).position("granted")
    about = json.dumps({"classes": ["refused", "granted"]}).encode()
    assert open_model(held(tmp_path, {"model.json": data, "signature.json": about})).position("granted") == 1
