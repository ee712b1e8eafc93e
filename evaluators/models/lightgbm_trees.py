"""The trees of a LightGBM file, looked through before LightGBM opens it.

LightGBM believes what it reads: a number too few and it follows memory that isn't the model's, a node that leads back
and it never ends, and what it does refuse it refuses in a thread, which ends the process.
"""

import re
from collections.abc import Mapping
from itertools import accumulate, pairwise

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import SubjectError

# As many lines as LightGBM reads of a tree.
MAX_LINES = 22
PER_NODE = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
MORE_PER_NODE = ("split_gain", "internal_value", "internal_weight", "internal_count")
MORE_PER_LEAF = ("leaf_weight", "leaf_count")
PER_LINEAR_LEAF = ("leaf_const", "num_features")
WHOLE = (
    "num_leaves",
    "num_cat",
    "split_feature",
    "decision_type",
    "left_child",
    "right_child",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
    "num_features",
    "leaf_features",
)
# LightGBM drops empty parts between marks of equality, so that =a=1 is a=1 to it; only in names may there be more.
KEY = re.compile(r"[a-z_]+")
WITH_NAMES = ("feature_names", "monotone_constraints", "feature_infos")
PLAIN = re.compile(r"[-+.0-9A-Za-z ]*")
Numbers = Mapping[str, FloatArray]


def check_trees(data: bytes, name: str) -> None:
    """Raise SubjectError for the first tree that doesn't hold together; the rest is LightGBM's to judge."""
    if b"\0" in data or b"\r" in data:
        raise SubjectError(f"{name}: holds control characters, which are none of LightGBM's")
    start = re.search(rb"^Tree=", data, flags=re.MULTILINE)
    head = _head(data[: start.start() if start else None].decode("utf-8", "replace"), name)
    blocks = _blocks(data[start.start() :] if start else b"", head.get("tree_sizes"))
    rest = data[start.start() + sum(map(len, blocks)) :] if start else b""
    if odd := _mismatch(head, len(blocks), rest):
        raise SubjectError(f"{name}: {odd}")
    features = int(head["max_feature_idx"]) + 1 if re.fullmatch(r"[0-9]{1,9}", head.get("max_feature_idx", "")) else 0
    for number, block in enumerate(blocks):
        try:
            fault = _fault(_numbers(block), features)
        except (KeyError, ValueError, OverflowError) as error:
            fault = f"what it says of itself can't be read ({error})"
        if fault:
            raise SubjectError(f"{name}: tree {number} is broken: {fault}")


def _mismatch(head: Mapping[str, str], trees: int, rest: bytes) -> str:
    """What the head says that doesn't fit the trees, or ""."""
    classes = head.get("num_class", "1")
    together = head.get("num_tree_per_iteration", classes)
    if not re.fullmatch(r"[1-9][0-9]{0,4}", together) or trees % int(together):
        return f"has {trees:,} trees, and {together[:20]!r} belong together"
    if classes != together:
        return f"{together} trees belong together, and there are {classes[:20]!r} classes"
    if re.search(rb"^Tree=", rest, flags=re.MULTILINE):
        return f"has more trees than the {trees:,} that it announces"
    return "" if head.get("objective", "custom").strip() else "names no objective behind objective="


def _head(text: str, name: str) -> Mapping[str, str]:
    """What is said before the trees. Raises SubjectError for a line that LightGBM might read in another way."""
    found: dict[str, str] = {}
    for line in filter(None, text.split("\n")):
        key, _, value = line.partition("=")
        is_odd = not KEY.fullmatch(key) or ("=" in value and key not in WITH_NAMES)
        if is_odd or key in found:
            raise SubjectError(f"{name}: {line[:40]!r} is {'none of LightGBM' if is_odd else 'said twice'}")
        found[key] = value
    return found


def _blocks(data: bytes, sizes: str | None) -> list[bytes]:
    """The trees as LightGBM finds them: by the sizes that the file announces, or one after another."""
    if sizes is None:
        return re.split(rb"^(?=Tree=)", data, flags=re.MULTILINE)[1:]
    ends = accumulate((int(size) if size.isascii() and size.isdecimal() else 0 for size in sizes.split()), initial=0)
    return [data[start:end] for start, end in pairwise(ends)]


def _numbers(block: bytes) -> Numbers:
    """What stands in a tree, by name. Raises ValueError for anything that is none of a tree's lines."""
    text, end, _ = block.decode("ascii").partition("\n\n")
    first, *lines = text.split("\n")
    found = dict(line.split("=") for line in lines)
    is_tree = end and first.startswith("Tree=") and len(found) == len(lines) <= MAX_LINES
    if not is_tree or not all(PLAIN.fullmatch(value) for value in found.values()):
        raise ValueError("its lines are others than those of a tree")
    # What LightGBM reads as a whole number ends for it where the digits do: 6e1 is 6 there.
    kinds = {key: int if key in WHOLE else float for key in found}
    return {key: np.array([kinds[key](one) for one in value.split()], dtype=np.float64) for key, value in found.items()}


def _fault(tree: Numbers, features: int) -> str:
    """What is wrong with a tree, or ""."""
    (leaves,), is_linear = tree["num_leaves"].tolist(), bool(np.any(tree.get("is_linear", np.zeros(1))))
    wanted = dict.fromkeys(PER_NODE, leaves - 1) | {"leaf_value": leaves}
    wanted |= dict.fromkeys(PER_LINEAR_LEAF, leaves) if is_linear else {}
    if leaves > 1:
        wanted |= {name: leaves - 1 for name in MORE_PER_NODE if name in tree}
        wanted |= {name: leaves for name in MORE_PER_LEAF if name in tree}
    short = [name for name, size in wanted.items() if tree[name].size != size]
    if leaves < 1 or short:
        return f"{leaves:g} leaves, and another number of {short[0] if short else 'them'}"
    if not _all_in(tree["split_feature"], 0, features) or not _all_in(tree["decision_type"], 0, 16):
        return "it splits by a column that the model doesn't have, or in an unknown way"
    children = np.concatenate([tree["left_child"], tree["right_child"]])
    expected = [*range(-int(leaves), 0), *range(1, int(leaves) - 1)] if leaves > 1 else []
    if sorted(children.tolist()) != expected:
        return "its nodes and leaves aren't each reached once"
    parents = np.tile(np.arange(leaves - 1), 2)
    if np.any((children >= 0) & (children <= parents)):
        return "a node leads back to one above it"
    return _categories(tree) or (_linear(tree, features) if is_linear else "")


def _categories(tree: Numbers) -> str:
    (count,), none = tree["num_cat"].tolist(), np.zeros(1)
    ends, words = tree.get("cat_boundaries", none), tree.get("cat_threshold", none[:0])
    if ends.size != count + 1 or ends[0] != 0 or np.any(np.diff(ends) < 0) or ends[-1] != words.size:
        return "its lists of categories don't fit together"
    by_category = tree["threshold"][tree["decision_type"].astype(np.int64) % 2 == 1]
    is_listed = _all_in(by_category, 0, count) and _all_in(words, 0, 1 << 32)
    return "" if is_listed else "a node splits by categories that aren't listed"


def _linear(tree: Numbers, features: int) -> str:
    used, total = tree["leaf_features"], float(tree["num_features"].sum())
    fits = total == used.size == tree["leaf_coeff"].size and _all_in(tree["num_features"], 0, features + 1)
    return "" if fits and _all_in(used, 0, features) else "the equations of its leaves don't fit together"


def _all_in(values: FloatArray, low: float, high: float) -> bool:
    """Whether all are whole numbers from `low` to below `high`."""
    return bool(np.all((values >= low) & (values < high) & (values == np.floor(values))))
