"""Rows with a score and an outcome, and the table of their different scores, which parts of a file can add."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import EvaluatorError, Json

MAX_SCORES = 10_000
NO_ROOM = (
    f"the parts hold more than {MAX_SCORES:,} different scores, or more groups than are shown, so ranks need all rows "
    "at once: round the scores, or measure the table as one"
)
Value = tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """Scores, outcomes and codes into the values of the groups, in one order whatever that of the rows was."""

    values: tuple[Value, ...]
    codes: IntArray
    score: FloatArray
    label: NDArray[np.bool_]

    @classmethod
    def of(cls, values: tuple[Value, ...], codes: IntArray, score: FloatArray, label: NDArray[np.bool_]) -> "Scored":
        order = np.lexsort((codes, label, score))
        return cls(values, codes[order], score[order], label[order])

    @classmethod
    def from_statistics(cls, table: Mapping[str, Any] | None) -> "Scored":
        """The rows that a table stands for. Raises EvaluatorError if there was no room for it."""
        if table is None:
            raise EvaluatorError(NO_ROOM)
        times = np.asarray(table["rows"], dtype=np.int64)
        codes, score, label = (np.repeat(np.asarray(table[name]), times) for name in ("group", "score", "label"))
        values = tuple(tuple(value) for value in table["groups"])
        return cls.of(values, codes.astype(np.int64), score.astype(np.float64), label.astype(bool))

    def as_statistics(self) -> Json | None:
        """Every different (group, score, outcome) with its number of rows; None if there are too many."""
        new = np.ones(len(self.score), dtype=bool)
        new[1:] = np.any([column[1:] != column[:-1] for column in (self.score, self.label, self.codes)], axis=0)
        first = np.flatnonzero(new)
        if len(first) > MAX_SCORES:
            return None
        return {
            "groups": [list(value) for value in self.values],
            "group": self.codes[first].tolist(),
            "score": self.score[first].tolist(),
            "label": self.label[first].astype(int).tolist(),
            "rows": np.diff([*first.tolist(), len(self.score)]).tolist(),
        }

    def merged(self, other: "Scored") -> "Scored":
        """The rows of two parts, which may have seen different groups."""
        values = tuple(sorted({*self.values, *other.values}))
        codes = [np.array([values.index(v) for v in part.values], dtype=np.int64)[part.codes] for part in (self, other)]
        score, label = np.concatenate([self.score, other.score]), np.concatenate([self.label, other.label])
        return Scored.of(values, np.concatenate(codes), score, label)
