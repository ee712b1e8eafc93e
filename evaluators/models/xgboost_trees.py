"""The trees of an XGBoost file, looked through before XGBoost opens it.

XGBoost counts the nodes of a tree and believes the rest: a child that is no node, a column that no row has, a class
that the model hasn't, and it follows or writes memory that isn't the model's; a node that leads back and it never ends.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import IntArray
from evaluators.contract import Json, SubjectError
from evaluators.models.ubjson import read_ubjson

MAX_OUTPUTS, MAX_FEATURES = 10_000, 100_000
PER_NODE = ("left_children", "right_children", "parents", "split_indices")
# What a root says is its parent.
NONE = (1 << 31) - 1
CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
# XGBoost holds categories as bits, and numbers them in float.
MAX_CATEGORY = 1 << 24


def check_boosted(data: bytes, name: str) -> None:
    """Raise SubjectError for a file that can't be read, and for what doesn't hold together; XGBoost judges the rest."""
    try:
        learner = _parsed(data)["learner"]
        fault = _model_fault(learner["gradient_booster"], learner["learner_model_param"])
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise SubjectError(f"{name}: XGBoost can't load it ({type(error).__name__}: {str(error)[:80]})") from error
    if fault:
        raise SubjectError(f"{name}: {fault}")


def _parsed(data: bytes) -> Any:
    return json.loads(data, object_pairs_hook=_once) if data.startswith(b'{"') else read_ubjson(data)


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is said twice")
    return found


def _model_fault(booster: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """What is wrong with the model, or ""."""
    features = _count(about["num_feature"])
    outputs = max(1, _count(about["num_class"]), _count(about.get("num_target", "1")))
    if outputs > MAX_OUTPUTS or str(about["base_score"]).count(",") + 1 not in (1, outputs):
        return f"says it has {outputs:,} outputs, too many or more than its base scores"
    if features > MAX_FEATURES:
        return f"reads {features:,} columns, more than the {MAX_FEATURES:,} allowed"
    if booster["name"] == "gblinear":
        fits = len(booster["model"]["weights"]) == (features + 1) * outputs
        return "" if fits else "its weights are not those of its columns"
    return _forest_fault(booster, features, outputs)


def _forest_fault(booster: Mapping[str, Any], features: int, outputs: int) -> str:
    is_dart = booster["name"] == "dart"
    model = (booster["gbtree"] if is_dart else booster)["model"]
    if any(len(one["values"]) for one in model.get("cats", {}).get("enc", [])):
        return "was trained on pandas categories, whose codes a table doesn't have"
    trees, which = model["trees"], _whole(model["tree_info"])
    if is_dart and len(booster["weight_drop"]) != len(trees):
        return "its trees have weights of another number"
    rounds = _whole(model.get("iteration_indptr", [0, len(trees)]))
    if not _all_in(which, 0, outputs) or rounds[0] != 0 or rounds[-1] != len(trees) or np.any(np.diff(rounds) < 0):
        return "its trees belong to outputs or rounds that it doesn't have"
    if sorted(_whole([tree["id"] for tree in trees]).tolist()) != list(range(len(trees))):
        return "its trees aren't numbered one after another"
    for number, tree in enumerate(trees):
        fault = _tree_fault(tree, features)
        if fault:
            return f"tree {number} is broken: {fault}"
    return ""


def _tree_fault(tree: Mapping[str, Any], features: int) -> str:
    nodes = _count(tree["tree_param"]["num_nodes"])
    left, right, parents, split = (_whole(tree[key]) for key in PER_NODE)
    if nodes < 1 or {left.size, right.size, parents.size, split.size} != {nodes}:
        return f"{nodes:,} nodes, and another number of children, parents or columns"
    if tree["tree_param"].get("size_leaf_vector", "1") not in ("0", "1"):
        return "its leaves hold several numbers, which isn't measured here"
    is_inner = left != -1
    children = np.concatenate([left[is_inner], right[is_inner]])
    # With no node reached twice, nor the root at all, no way from the root comes back.
    if not _all_in(children, 1, nodes) or len(np.unique(children)) != len(children):
        return "its nodes aren't each reached once"
    if parents[0] != NONE or np.any(parents[children] != np.tile(np.flatnonzero(is_inner), 2)):
        return "a node has other parents than lead to it"
    if not _all_in(split[is_inner], 0, features):
        return "it splits by a column that the model doesn't have"
    return "" if _are_listed(tree, nodes) else "its lists of categories don't fit together"


def _are_listed(tree: Mapping[str, Any], nodes: int) -> bool:
    """Whether the categories of each node that splits by some lie in the list of all."""
    values, at, starts, sizes = (_whole(tree.get(key, [])) for key in CATEGORIES)
    if not at.size == starts.size == sizes.size or not _all_in(values, 0, MAX_CATEGORY):
        return False
    is_ascending = bool(np.all(np.diff(at) > 0)) and _all_in(at, 0, nodes)
    return is_ascending and _all_in(starts, 0, values.size + 1) and _all_in(sizes, 1, values.size - starts + 1)


def _count(value: Any) -> int:
    """A number as XGBoost writes those of its parameters: digits in quotes."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError(f"{value!r:.40} is no count")
    return int(value)


def _whole(values: Any) -> IntArray:
    found = np.asarray(values)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise ValueError("whole numbers are expected")
    return found.astype(np.int64)


def _all_in(values: IntArray, low: int, high: int | IntArray) -> bool:
    return bool(np.all((values >= low) & (values < high)))
