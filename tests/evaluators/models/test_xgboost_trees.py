"""XGBoost files that don't hold together: XGBoost would end the process, never end, or use memory not its own."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

from evaluators.contract import SubjectError
from evaluators.models.opening import open_model
from evaluators.models.ubjson import read_ubjson
from evaluators.models.xgboost_trees import check_boosted
from tests.evaluators.models.subjects import held

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=(300, 2)), RNG.integers(0, 9, 300)])
Y = ((X[:, 0] > 0) ^ np.isin(X[:, 2], [1, 4, 7])).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (Y, {"objective": "binary:logistic"}),
    "categories": (Y, {"objective": "binary:logistic", "max_cat_to_onehot": 1}),
    "one category": (Y, {"objective": "binary:logistic", "max_cat_to_onehot": 99}),
    "pruned": (Y, {"objective": "binary:logistic", "tree_method": "exact", "gamma": 5}),
    "dart": (THREE, {"objective": "multi:softprob", "num_class": 3, "booster": "dart"}),
    "linear": (THREE, {"objective": "multi:softprob", "num_class": 3, "booster": "gblinear"}),
    "forest": (X[:, 0], {"objective": "reg:squarederror", "num_parallel_tree": 2}),
}


@cache
def trained(kind: str, ending: str = "json") -> bytes:
    target, own = KINDS[kind]
    types = ["q", "q", "c"] if "categor" in kind else None
    matrix = xgboost.DMatrix(X, target, feature_types=types, enable_categorical=types is not None)
    usual = {"max_depth": 3, "nthread": 1, "verbosity": 0}
    return bytes(xgboost.train(usual | own, matrix, 3).save_raw(ending))


@pytest.mark.parametrize("ending", ["json", "ubj"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_that_xgboost_writes_is_opened(kind: str, ending: str, tmp_path: Path) -> None:
    model = open_model(held(tmp_path, {f"model.{ending}": trained(kind, ending)}, features=["a", "b", "c"]))
    assert len(model.scores(X)) == len(X)


@pytest.mark.parametrize("ending", ["json", "ubj"])
@pytest.mark.parametrize("kind", [int, str])
def test_categories_of_pandas_are_refused(kind: type, ending: str) -> None:
    """XGBoost counts them as 0, 1, …, whatever they are called: 1, 4 and 7 of a table were other ones to it."""
    frame = pd.DataFrame({"a": X[:, 0], "c": pd.Categorical(X[:, 2].astype(int).astype(kind))})
    matrix = xgboost.DMatrix(frame, Y, enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, matrix, 2)
    with pytest.raises(SubjectError, match="m: was trained on pandas categories"):
        check_boosted(bytes(booster.save_raw(ending)), "m")


def are_alike(first: Any, second: Any) -> bool:
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(are_alike(first[key], second[key]) for key in first)
    if isinstance(first, list | np.ndarray):
        return len(first) == len(second) and all(are_alike(one, two) for one, two in zip(first, second, strict=True))
    return first == second if isinstance(first, str) else first == pytest.approx(second, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_both_formats_are_read_alike(kind: str) -> None:
    assert are_alike(read_ubjson(trained(kind, "ubj")), json.loads(trained(kind)))


Change = Callable[[Any], Any]
MODEL = ("learner", "gradient_booster", "model")
TREE = (*MODEL, "trees", 0)
ABOUT = ("learner", "learner_model_param")


def to(value: Any) -> Change:
    return lambda _: value


def first(value: int) -> Change:
    return lambda values: [value, *values[1:]]


FAULTS: list[tuple[str, tuple[Any, ...], Change, str]] = [
    ("plain", (*TREE, "left_children"), first(100_000_000), "aren't each reached once"),
    ("plain", (*TREE, "right_children"), first(-5), "aren't each reached once"),
    ("plain", (*TREE, "left_children"), first(0), "aren't each reached once"),
    ("plain", (*TREE, "left_children"), first(2), "aren't each reached once"),
    ("plain", (*TREE, "left_children"), lambda values: values[:-1], "another number of children"),
    ("plain", (*TREE, "left_children"), first(2**70), "whole numbers are expected"),
    ("plain", (*TREE, "parents"), first(0), "other parents"),
    ("plain", (*TREE, "parents"), lambda values: [values[0], *reversed(values[1:])], "other parents"),
    ("plain", (*TREE, "split_indices"), first(3), "a column that the model doesn't have"),
    ("plain", (*TREE, "tree_param", "num_nodes"), to("-1"), "is no count"),
    ("plain", (*TREE, "tree_param", "size_leaf_vector"), to("1000000"), "leaves hold several numbers"),
    ("plain", (*TREE, "id"), to(1), "aren't numbered"),
    ("plain", (*MODEL, "tree_info"), first(100_000_000), "outputs or rounds that it doesn't have"),
    ("plain", (*MODEL, "iteration_indptr"), to([0, 50_000_000, 3]), "outputs or rounds that it doesn't have"),
    ("plain", (*ABOUT, "num_target"), to("1000000"), "1,000,000 outputs"),
    ("plain", (*ABOUT, "num_feature"), to("100000001"), "100,000,001 columns"),
    ("dart", (*ABOUT, "base_score"), to("[1E0,2E0]"), "3 outputs, too many or more than its base scores"),
    ("dart", ("learner", "gradient_booster", "weight_drop"), to([1.0]), "weights of another number"),
    ("linear", (*MODEL, "weights"), to([1.0]), "weights are not those of its columns"),
    ("categories", (*TREE, "categories_sizes"), first(100_000_000), "lists of categories"),
    ("categories", (*TREE, "categories_segments"), first(100_000_000), "lists of categories"),
    ("categories", (*TREE, "categories_nodes"), first(100_000_000), "lists of categories"),
    ("categories", (*TREE, "categories"), first(2**31 - 1), "lists of categories"),
]


def spoiled(kind: str, path: tuple[Any, ...], change: Change) -> bytes:
    whole = json.loads(trained(kind))
    *above, last = path
    item = whole
    for key in above:
        item = item[key]
    item[last] = change(item[last])
    return json.dumps(whole, separators=(",", ":")).encode()


@pytest.mark.parametrize(("kind", "path", "change", "message"), FAULTS)
def test_a_model_that_does_not_hold_together_is_refused_before_it_is_opened(
    kind: str, path: tuple[Any, ...], change: Change, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SubjectError, match=rf"^model\.json: .*{message}"):
        open_model(held(tmp_path, {"model.json": spoiled(kind, path, change)}, features=["a", "b", "c"]))


def test_the_same_is_refused_in_the_binary_format() -> None:
    ubj = trained("plain", "ubj")
    at = ubj.index(b"left_children") + len(b"left_children") + len(b"[$l#L") + 8
    assert int.from_bytes(ubj[at : at + 4], "big") == 1
    with pytest.raises(SubjectError, match="tree 0 is broken: its nodes aren't each reached once"):
        check_boosted(ubj[:at] + b"\x00\xff\xff\xff" + ubj[at + 4 :], "model.ubj")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"learner": {}, "learner": {}}', "said twice"),
        (b'{"learner": ' + b"[" * 100_000, "RecursionError"),
        (b"{L" + (1).to_bytes(8, "big") + b"a" + b"[" * 100_000, "RecursionError"),
        (b"{L" + (2**62).to_bytes(8, "big") + b"a", "end too early"),
        (b"{L" + (1).to_bytes(8, "big") + b"a[$l#L" + (2**62).to_bytes(8, "big"), "end too early"),
        (b"{L" + (1).to_bytes(8, "big", signed=True) + b"a[$l#L" + (-1).to_bytes(8, "big", signed=True), "too early"),
        (b"{L" + (1).to_bytes(8, "big") + b"a[$x#L" + (1).to_bytes(8, "big"), "no type that XGBoost writes"),
        (trained("plain", "ubj") + b"}", "something follows the end"),
        (trained("plain", "ubj")[:-9], "XGBoost can't load it"),
    ],
    ids=["twice", "deep", "deep binary", "long name", "long array", "negative", "type", "longer", "shorter"],
)
def test_what_can_not_be_read_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        check_boosted(data, "model")
