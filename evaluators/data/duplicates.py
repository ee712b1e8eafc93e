"""Rows that repeat other rows of the same table, exactly or nearly."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import generator
from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.data.near import MAX_VECTORS, Near, by_angle, by_rounded_rows, by_text, matrix
from evaluators.exact import not_applicable, table
from evaluators.models.opening import open_model
from evaluators.subjects.columns import Columns, open_columns, row_ids, used_columns
from evaluators.support import rate_reading

EXACT = "data.duplicates.exact"
NEAR = "data.duplicates.near"
NEAR_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "nearness": {
        "type": "string",
        "default": "auto",
        "enum": ["auto", "text", "rows", "vectors"],
        "title": "What makes rows nearly equal: their text, rounded values, or the angle of their numbers",
    },
    "similarity": {
        "type": "number",
        "default": 0.8,
        "minimum": 0.5,
        "maximum": 1,
        "title": "Share of common runs of characters from which texts are nearly equal",
    },
    "cosine": {
        "type": "number",
        "default": 0.99,
        "minimum": 0.5,
        "maximum": 1,
        "title": "Cosine from which vectors are nearly equal",
    },
}


class Duplicates:
    """Compares the declared features and texts, or all columns if none were declared.

    Evidence `duplicates`: pairs or groups of rows, counted from 1, with their similarity.
    """

    id = "data.duplicates"
    version = "2"
    title = "Duplicate rows"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": ("feature", "features", "text", "model"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = NEAR_PARAMETERS
    metrics = (
        Metric(id=EXACT, title="Rows that repeat another row", direction=Direction.LOWER),
        Metric(id=NEAR, title="Rows that nearly repeat another row", direction=Direction.LOWER),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        columns = open_columns(subject, names=used_columns(subject))
        ids = row_ids(list(columns.data.values()))
        distinct = len(np.unique(ids))
        progress(0.3, "comparing rows")
        near, why = find_near(columns, subject, params, seed=seed)
        statistics: Json = {"n": columns.n, "exact": columns.n - distinct, "near": None, "why": why}
        statistics["columns"] = list(columns.names)[:50]
        if near is not None:
            # Exact copies are counted on their own: what is left are different rows that lie close together.
            statistics["near"] = distinct - len(np.unique(near.clusters))
        return Measured(statistics=statistics, evidence=(_evidence(ids, near),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        stored, n = dict(statistics), statistics["n"]
        readings = [rate_reading(EXACT, OVERALL, statistics["exact"], n, level=level, among="rows", statistics=stored)]
        if statistics["near"] is None:
            readings.append(not_applicable(NEAR, statistics["why"], common={"level": level, "statistics": stored}))
        else:
            x = max(0, statistics["near"])
            readings.append(rate_reading(NEAR, OVERALL, x, n, level=level, among="rows", statistics=stored))
        return readings


def find_near(columns: Columns, subject: Subject, params: Mapping[str, Any], *, seed: int) -> tuple[Near | None, str]:
    """Near-duplicates by the wanted kind of nearness; or None, and why there is no answer."""
    texts = [name for name in subject.roles.get("text", ()) if name in columns.data]
    kind = params["nearness"] if params["nearness"] != "auto" else ("text" if texts else "rows")
    if kind == "rows":
        return by_rounded_rows(columns), ""
    if kind == "text":
        if len(texts) != 1:
            return None, "texts are compared in one declared text column"
        rng = generator(seed, NEAR)
        return by_text(columns.data[texts[0]], threshold=params["similarity"], rng=rng), ""
    vectors = _embedded(columns, subject, texts) if texts and "model" in subject.files else matrix(columns)
    if vectors is None:
        return None, "a column holds something other than numbers, so rows have no angle"
    if len(vectors) > MAX_VECTORS:
        return None, f"{len(vectors):,} rows, more than the {MAX_VECTORS:,} whose angles are all compared"
    return by_angle(vectors, threshold=params["cosine"]), ""


def _embedded(columns: Columns, subject: Subject, texts: Sequence[str]) -> FloatArray:
    """Embeddings of the text column by the encoder given as model; each different text is read once."""
    item = columns.data[texts[0]]
    return open_model(subject).embeddings(item.values)[item.codes]


def _evidence(ids: IntArray, near: Near | None) -> Any:
    """Pairs of one row and an earlier one: exact copies first, then the most similar."""
    rows: list[list[Any]] = [["exact", first, second, 1.0] for first, second in _repeats(ids)]
    if near is not None:
        rows += [["near", i + 1, j + 1, round(s, 4)] for i, j, s in near.pairs if s < 1 or ids[i] != ids[j]]
    return table("duplicates", "Rows that repeat one another", ["kind", "row", "repeated in row", "similarity"], rows)


def _repeats(ids: IntArray) -> list[tuple[int, int]]:
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    origin = first[inverse]
    later = np.flatnonzero(origin != np.arange(len(ids)))
    return [(int(origin[i]) + 1, int(i) + 1) for i in later]
