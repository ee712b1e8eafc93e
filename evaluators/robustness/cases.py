"""What a robustness evaluator tries a model on: rows with their outcomes, drawn so that their order leaves no trace."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.contract import ParameterError, Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.language.wording import shortened
from evaluators.models.model import BadOutput, Model
from evaluators.subjects.roles import check_cells, column_for, feature_names, matrix, open_table

Box = tuple[float, float] | None
BOX_PARAMETER = {
    "type": "array",
    "items": "number",
    "default": (),
    "maxItems": 2,
    "title": "Lowest and highest value that an input can have; empty if there are no such",
}


@dataclass(frozen=True)
class Case:
    """Rows (n, d), the position of each row's outcome in the model's classes, and its number in the table from 1."""

    model: Model
    rows: FloatArray
    labels: IntArray
    numbers: IntArray
    features: tuple[str, ...]
    name: str

    @property
    def n(self) -> int:
        return len(self.rows)

    def take(self, which: IntArray | slice) -> "Case":
        return replace(self, rows=self.rows[which], labels=self.labels[which], numbers=self.numbers[which])

    def sample(self, count: int, seed: int) -> "Case":
        """At most `count` rows, chosen and ordered by the seed and by what a row holds, not by where it stands."""
        keys = row_keys(self.rows, self.labels, seed)
        return self.take(np.lexsort((self.numbers, keys))[:count])

    def predicted(self) -> IntArray:
        """The model's label for each row. Raises BadOutput naming the row of the table that it can't answer."""
        try:
            return self.model.labels(self.rows)
        except BadOutput:
            for i in np.argsort(self.numbers):
                self._ask_one(int(i))
            raise

    def _ask_one(self, i: int) -> None:
        try:
            self.model.scores(self.rows[i : i + 1])
        except BadOutput as error:
            raise BadOutput(f"{self.name}: row {int(self.numbers[i])}: {error}") from error


def open_case(subject: Subject, model: Model, *, allow_missing: bool = False) -> Case:
    """The table as the model reads it. Raises SubjectError for a cell, a label or a width that doesn't fit."""
    name, features = required(subject, "table").name, feature_names(subject, model)
    if model.shape and int(np.prod(model.shape)) != len(features):
        raise SubjectError(f"{name}: {len(features)} feature columns, and the model reads the shape {model.shape}")
    label = column_for(subject, "label")
    table = open_table(subject, categorical=[label], numeric=features)
    rows = matrix(table, features)
    check_cells(rows, features, name, allow_missing=allow_missing and model.accepts_missing)
    column = table.categorical[label]
    labels = _positions(column.codes, column.values, model.classes, f"{name}: row {{}}, column {label!r}")
    return Case(model, rows, labels, np.arange(1, table.n + 1), tuple(features), name)


def _positions(codes: IntArray, values: Sequence[str], classes: Sequence[str], where: str) -> IntArray:
    index = {name: i for i, name in enumerate(classes)}
    for code, value in enumerate(values):
        if value not in index:
            row = int(np.flatnonzero(codes == code)[0]) + 1
            shown = ", ".join(repr(name) for name in classes[:10])
            label = shortened(value, 40)
            raise SubjectError(f"{where.format(row)}: the label {label!r} is no class of the model; it has {shown}")
    return np.array([index[value] for value in values], dtype=np.int64)[codes]


def box_of(values: Sequence[float]) -> Box:
    """The box of a parameter. Raises ParameterError unless it is empty or a lower and a higher number."""
    if not values:
        return None
    if len(values) != 2 or not values[0] < values[1]:
        raise ParameterError(f"parameter 'box' is empty or a lower and a higher number, not {list(values)!r}")
    return float(values[0]), float(values[1])


def check_box(case: Case, box: Box) -> None:
    """Raise SubjectError naming the first cell outside the box, for then the box is not the model's."""
    if box is None:
        return
    outside = np.argwhere((case.rows < box[0]) | (case.rows > box[1]))
    if outside.size:
        i, j = (int(part) for part in outside[0])
        where = f"{case.name}: row {int(case.numbers[i])}, column {case.features[j]!r}"
        raise SubjectError(f"{where}: {case.rows[i, j]:g} lies outside the box from {box[0]:g} to {box[1]:g}")


def row_keys(rows: FloatArray, labels: IntArray, seed: int) -> IntArray:
    """A number per row that follows from the seed and from what the row holds; copies of a row get one each."""
    salt = seed.to_bytes(8, "big")
    copies: Counter[bytes] = Counter()
    keys = []
    for row, label in zip(np.ascontiguousarray(rows), labels, strict=True):
        held = row.tobytes() + int(label).to_bytes(8, "big")
        digest = hashlib.blake2b(held + b"copy" * copies[held], digest_size=8, key=salt).digest()
        copies[held] += 1
        keys.append(int.from_bytes(digest, "big") >> 1)
    return np.array(keys, dtype=np.int64)


def row_generators(keys: IntArray, seed: int, metric: str) -> list[np.random.Generator]:
    """One generator per key: what is drawn for a row depends neither on the other rows nor on the size of a batch.

    The keys are those of `row_keys` for all rows at once, or copies of a row in different batches would draw alike.
    """
    stream = int.from_bytes(hashlib.sha256(metric.encode()).digest()[:8], "big")
    return [np.random.default_rng([seed, stream, int(key)]) for key in keys]
