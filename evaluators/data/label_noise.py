"""How many labels are wrong, by confident learning."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.intervals import wilson
from evaluators.contract import (
    OVERALL,
    Direction,
    Json,
    Measured,
    Metric,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
)
from evaluators.counting import too_few
from evaluators.data.confident import Noise, estimate_noise
from evaluators.data.crossfit import FOLDS, folds, linear_probabilities, spread_out
from evaluators.exact import insufficient, table
from evaluators.subjects.columns import Columns, declared_features, numbers, open_columns
from evaluators.subjects.words import check_complete
from evaluators.support import MINIMUM

RATE = "data.label_noise.rate"
MAX_CLASSES = 200


class LabelNoise:
    """Reads labels and probabilities that a model gave without having seen the row: columns named for their class.

    Without `probability` columns a logistic regression is cross-validated on the features.
    Evidence `label_noise`: row, its label, the likelier one, and both probabilities, the most doubtful first.
    """

    id = "data.label_noise"
    version = "2"
    title = "Wrong labels"
    input_kind = "D"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label",),
        "optional": ("probability", "feature", "features"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {}
    metrics = (Metric(id=RATE, title="Labels that are wrong, estimated", direction=Direction.LOWER),)

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        given = subject.roles.get("probability", ())
        used = given or declared_features(subject, without=[subject.label or ""])
        if not subject.label or not used:
            raise SubjectError("a label column, and probability or feature columns, must be declared")
        columns = open_columns(subject, names=[subject.label, *used])
        item = columns.data[subject.label]
        check_complete(subject.label, item, columns.file)
        label, names = item.codes, item.values
        if len(names) > MAX_CLASSES:
            raise SubjectError(f"{columns.file}: {len(names):,} different labels, more than {MAX_CLASSES}")
        sizes = np.bincount(label, minlength=len(names))
        statistics: Json = {"n": columns.n, "classes": list(names), "counts": sizes.tolist(), "joint": None}
        statistics["source"] = "probability columns" if given else "cross-validated logistic regression"
        if len(names) < 2 or sizes.min() < max(FOLDS, 2):
            return Measured(statistics=statistics)
        progress(0.2, "finding probabilities")
        p = _given(columns, given, names) if given else _fitted(columns, used, label, seed, len(names))
        noise = estimate_noise(label, p)
        statistics |= {"joint": noise.joint.tolist() if len(names) <= 30 else [], "rate": noise.rate}
        statistics["marked"] = len(noise.wrong)
        return Measured(statistics=statistics, evidence=(_evidence(noise, label, p, names),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        n = statistics["n"]
        common: Json = {"level": level, "statistics": dict(statistics)}
        if statistics["joint"] is None:
            reason = f"every label needs {FOLDS} rows and there must be two; there are {statistics['counts'][:20]}"
            return [insufficient(RATE, reason, common=common, n=n)]
        rate = statistics["rate"]
        low, high = wilson(round(rate * n), n, level=level)
        is_small = n < MINIMUM
        return [
            Reading(
                metric=RATE,
                slice=OVERALL,
                status=Status.INSUFFICIENT_DATA if is_small else Status.OK,
                reason=too_few(n, MINIMUM),
                value=rate,
                low=min(low, rate),
                high=max(high, rate),
                method="wilson around the confident-learning estimate",
                n=n,
                detail={"rows to look at": statistics["marked"], "probabilities": statistics["source"]},
                **common,
            )
        ]


def _given(columns: Columns, given: tuple[str, ...], names: tuple[str, ...]) -> FloatArray:
    """The declared columns in the order of the classes. Each is named for its class, at its end."""
    order = []
    for name in names:
        own = [column for column in given if column == name or column.endswith(("_" + name, "=" + name, " " + name))]
        if len(own) != 1:
            raise SubjectError(
                f"{columns.file}: {len(own)} probability columns end in the label {name!r}; there must be one"
            )
        order.append(own[0])
    found = [numbers(columns.data[column]) for column in order]
    for column, values in zip(order, found, strict=True):
        if values is None or not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
            raise SubjectError(f"{columns.file}: column {column!r} holds something other than probabilities")
    p = np.column_stack([values for values in found if values is not None])
    odd = np.flatnonzero(np.abs(p.sum(axis=1) - 1) > 1e-3)
    if odd.size:
        raise SubjectError(f"{columns.file}: row {int(odd[0]) + 1}: the probabilities add up to {p[odd[0]].sum():.4g}")
    return p


def _fitted(columns: Columns, used: tuple[str, ...], label: IntArray, seed: int, classes: int) -> FloatArray:
    rows = spread_out(columns, used)
    return linear_probabilities(rows, label, folds(label, rows, generator(seed, RATE)), classes=classes)


def _evidence(noise: Noise, label: IntArray, p: FloatArray, names: tuple[str, ...]) -> Any:
    rows: list[list[Any]] = []
    for i in noise.wrong.tolist():
        j = int(p[i].argmax())
        rows.append([i + 1, names[label[i]], names[j], round(float(p[i, label[i]]), 4), round(float(p[i, j]), 4)])
    titles = ["row", "label", "likelier", "probability of the label", "probability of the likelier"]
    return table("label_noise", "Rows whose label is doubtful", titles, rows)
