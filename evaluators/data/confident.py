"""Confident learning: how many labels are wrong, from probabilities of a model that didn't see the rows it judges.

Northcutt, Jiang and Chuang, "Confident Learning", JAIR 2021.
"""

from dataclasses import dataclass

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray


@dataclass(frozen=True)
class Noise:
    """`joint[i, j]` estimates the share of rows labelled i that are j; `wrong` marks the rows to look at first."""

    joint: FloatArray
    thresholds: FloatArray
    wrong: IntArray

    @property
    def rate(self) -> float:
        return float(max(0.0, 1 - np.trace(self.joint)))


def confident_joint(label: IntArray, p: FloatArray) -> tuple[IntArray, FloatArray]:
    """Counts of rows labelled i that are confidently j, and the thresholds: a class's mean probability in its rows.

    Every class needs a row with its label.
    """
    classes = p.shape[1]
    thresholds = np.array([p[label == j, j].mean() for j in range(classes)])
    is_confident = p >= thresholds - 1e-6
    guess = np.where(is_confident, p, -1.0).argmax(axis=1)
    counted = is_confident.any(axis=1)
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (label[counted], guess[counted]), 1)
    return counts, thresholds


def estimate_noise(label: IntArray, p: FloatArray) -> Noise:
    """The joint of given and true labels, and the rows that are most likely labelled wrongly.

    Per pair of classes as many rows are marked as the joint says, those with the largest margin first.
    """
    counts, thresholds = confident_joint(label, p)
    # A class in which no row is confidently anything is taken to be labelled right.
    counts = counts + np.diag((counts.sum(axis=1) == 0).astype(np.int64))
    sizes = np.bincount(label, minlength=p.shape[1])
    scaled = counts / counts.sum(axis=1, keepdims=True) * sizes[:, None]
    joint = scaled / scaled.sum()
    return Noise(joint, thresholds, _prune(label, p, np.rint(joint * len(label)).astype(np.int64)))


def _prune(label: IntArray, p: FloatArray, expected: IntArray) -> IntArray:
    marked: set[int] = set()
    for i, j in np.argwhere(expected > 0).tolist():
        if i == j:
            continue
        rows = np.flatnonzero(label == i)
        margin = p[rows, j] - p[rows, i]
        order = np.lexsort((rows, -margin))[: expected[i, j]]
        marked.update(rows[order][margin[order] > 0].tolist())
    rows = np.array(sorted(marked), dtype=np.int64)
    doubt = p[rows, label[rows]]
    return np.asarray(rows[np.lexsort((rows, doubt))], dtype=np.int64)
