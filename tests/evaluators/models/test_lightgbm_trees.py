"""Trees that don't hold together: LightGBM would end the process, never end, or read memory that isn't the model's."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

from evaluators.contract import SubjectError
from evaluators.models.lightgbm_trees import check_trees
from evaluators.models.opening import open_model
from tests.evaluators.models.subjects import held

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=600), RNG.integers(0, 9, 600)])
Y = ((X[:, 0] > 0) ^ np.isin(X[:, 1], [1, 4, 7])).astype(int)
CATEGORIES = {"min_data_per_group": 1, "cat_smooth": 1, "max_cat_to_onehot": 1}
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "categories": CATEGORIES,
    "linear": {"linear_tree": True},
    "stumps": {"num_leaves": 2},
    "single leaves": {"min_data_in_leaf": 600},
    "dart": {"boosting": "dart"},
}


@cache
def trained(kind: str) -> bytes:
    data = lightgbm.Dataset(X, Y, categorical_feature=[1] if kind == "categories" else "auto")
    usual = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 6}
    return lightgbm.train(usual | KINDS[kind], data, 3).model_to_string().encode()


def spoiled(key: str, change: Callable[[list[str]], list[str]], kind: str) -> bytes:
    """The model with one line of its first tree changed, and the sizes that it announces made right again."""
    head, start, rest = trained(kind).decode().partition("Tree=0")
    trees, end, tail = (start + rest).partition("end of trees")
    trees = re.sub(rf"^{key}=(.*)$", lambda m: f"{key}={' '.join(change(m[1].split()))}", trees, count=1, flags=re.M)
    sizes = [str(len(tree)) for tree in re.split(r"^(?=Tree=)", trees, flags=re.M)[1:]]
    return (re.sub(r"tree_sizes=.*", f"tree_sizes={' '.join(sizes)}", head) + trees + end + tail).encode()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tree_that_lightgbm_writes_is_opened(kind: str, tmp_path: Path) -> None:
    expected = lightgbm.Booster(model_str=trained(kind).decode()).predict(X)
    for content in (trained(kind), trained(kind).replace(b"\n", b"\r\n")):
        model = open_model(held(tmp_path, {"model.txt": content}, features=["a", "b"]))
        assert model.probabilities(X)[:, 1] == pytest.approx(expected, abs=1e-9)


def test_a_file_that_announces_no_sizes_is_read_tree_by_tree() -> None:
    bare = re.sub(rb"tree_sizes=.*\n", b"", trained("plain"))
    check_trees(bare, "model.txt")
    with pytest.raises(SubjectError, match="tree 1 is broken"):
        check_trees(bare.replace(b"Tree=1\nnum_leaves=", b"Tree=1\nnum_leaves=9"), "model.txt")


def first(value: str) -> Callable[[list[str]], list[str]]:
    return lambda values: [value, *values[1:]]


FAULTS: list[tuple[str, str, Callable[[list[str]], list[str]], str]] = [
    ("plain", "num_leaves", first("99999"), "99999 leaves, and another number of split_feature"),
    ("plain", "num_leaves", first(""), "can't be read"),
    ("plain", "num_leaves", first("6e0"), "can't be read"),
    ("plain", "num_leaves", first("-1"), "-1 leaves"),
    ("plain", "left_child", lambda values: values[:-1], "another number of left_child"),
    ("plain", "left_child", lambda values: [*values, "1"], "another number of left_child"),
    ("plain", "left_child", first("99999"), "each reached once"),
    ("plain", "left_child", first("-99999"), "each reached once"),
    ("plain", "left_child", first("9" * 400), "can't be read"),
    ("plain", "right_child", lambda values: ["0"] * len(values), "each reached once"),
    ("plain", "right_child", first("x"), "can't be read"),
    ("plain", "leaf_value", lambda values: values[:-1], "another number of leaf_value"),
    ("plain", "leaf_weight", lambda values: [], "another number of leaf_weight"),
    ("plain", "threshold", first("0x1p3"), "can't be read"),
    ("plain", "split_feature", first("2"), "a column that the model doesn't have"),
    ("plain", "split_feature", first("-1"), "a column that the model doesn't have"),
    ("plain", "decision_type", first("3"), "categories that aren't listed"),
    ("plain", "shrinkage", first("1\t1"), "can't be read"),
    ("plain", "Tree", first("0\nnum_leaves=6"), "can't be read"),
    ("categories", "num_cat", first("99999"), "lists of categories"),
    ("categories", "cat_boundaries", lambda values: ["0", *values[:0:-1]], "lists of categories"),
    ("categories", "cat_threshold", lambda values: values[:-1], "lists of categories"),
    ("categories", "threshold", lambda values: ["7"] * len(values), "categories that aren't listed"),
    ("linear", "num_features", first("1"), "equations"),
    ("linear", "leaf_const", lambda values: values[:-1], "another number of leaf_const"),
    ("stumps", "left_child", first("0"), "each reached once"),
    ("single leaves", "leaf_value", lambda values: [], "another number of leaf_value"),
]


@pytest.mark.parametrize(("kind", "key", "change", "message"), FAULTS)
def test_a_tree_that_does_not_hold_together_is_refused_before_it_is_opened(
    kind: str, key: str, change: Callable[[list[str]], list[str]], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SubjectError, match=rf"^model\.txt: tree 0 is broken: .*{message}"):
        open_model(held(tmp_path, {"model.txt": spoiled(key, change, kind)}))


def test_nodes_in_a_circle_are_refused() -> None:
    """Each is reached once, and none from the root: only the order tells that the circle has no way in."""
    around = spoiled("left_child", lambda _: ["-1", "2", "1", "-3", "-4"], "plain")
    around = re.sub(rb"right_child=.*", b"right_child=-2 3 4 -5 -6", around, count=1)
    assert b"num_leaves=6\n" in around
    sizes = [str(len(tree)) for tree in re.split(rb"^(?=Tree=)", around.partition(b"end of trees")[0], flags=re.M)[1:]]
    around = re.sub(rb"tree_sizes=.*", f"tree_sizes={' '.join(sizes)}".encode(), around)
    with pytest.raises(SubjectError, match="a node leads back to one above it"):
        check_trees(around, "model.txt")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (rb"tree_sizes=\d", b"tree_sizes=9", "tree 0 is broken|tree 1 is broken"),
        (rb"num_tree_per_iteration=1", b"num_tree_per_iteration=0", "'0' belong together"),
        (rb"num_tree_per_iteration=1", b"num_tree_per_iteration=50", "has 3 trees, and '50' belong together"),
        (
            rb"num_tree_per_iteration=1",
            b"num_tree_per_iteration=3",
            "3 trees belong together, and there are '1' classes",
        ),
        (rb"num_class=1", b"num_class=9", "1 trees belong together, and there are '9' classes"),
        (rb"max_feature_idx=1", b"max_feature_idx=9\n=max_feature_idx=1", "'=max_feature_idx=1' is none of LightGBM"),
        (rb"tree_sizes=", b"tree_sizes==", "'tree_sizes==.*' is none of LightGBM"),
        (rb"tree_sizes=(\d+) (\d+) \d+", rb"tree_sizes=\1 \2", "has more trees than the 2 that it announces"),
        (rb"objective=.*", b"objective=", "names no objective"),
        (rb"objective=.*", b"objective=  ", "names no objective"),
        (rb"objective=", b"objective=regression\nobjective=", "'objective=binary sigmoid:1' is said twice"),
        (rb"max_feature_idx=1", b"max_feature_idx=", "a column that the model doesn't have"),
        (rb"shrinkage=1", b"shrinkage=\0", "control characters"),
    ],
)
def test_a_head_that_does_not_fit_its_trees_or_that_lightgbm_reads_otherwise_is_refused(
    old: bytes, new: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, {"model.txt": re.sub(old, new, trained("plain"), count=1)}))
