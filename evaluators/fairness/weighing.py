"""Read the columns that say how much a row counts, and which rows belong together."""

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.sums import measure_sums
from evaluators.contract import Json, Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.subjects.roles import Groups, open_table
from evaluators.support import too_many_groups


def open_sums(subject: Subject, groups: Groups, label: IntArray, prediction: IntArray) -> Json:
    """Statistics of weighted or clustered rows, by group and overall; empty if the subject declares neither column.

    Raises SubjectError for a weight that is missing, infinite or below 0, and if nothing weighs anything.
    """
    weights = [subject.column("weight")] if "weight" in subject.roles else []
    clusters = [subject.column("cluster")] if "cluster" in subject.roles else []
    if not weights and not clusters:
        return {}
    table = open_table(subject, categorical=clusters, numeric=weights)
    weight = np.ones(table.n) if not weights else _checked(table.numeric[weights[0]], weights[0], subject)
    cluster = table.categorical[clusters[0]].codes if clusters else None
    cell = (groups.codes * 2 + label) * 2 + prediction
    overall = measure_sums(cell % 4, columns=(), values=((),), weight=weight, cluster=cluster)
    if too_many_groups(len(groups.values)):
        return {"summed": overall.as_statistics(), "summed_overall": overall.as_statistics()}
    found = measure_sums(cell, columns=groups.columns, values=groups.values, weight=weight, cluster=cluster)
    return {"summed": found.as_statistics(), "summed_overall": overall.as_statistics()}


def _checked(weight: FloatArray, column: str, subject: Subject) -> FloatArray:
    bad = np.flatnonzero(~np.isfinite(weight) | (weight < 0))
    name = required(subject, "table").name
    if bad.size:
        value = weight[bad[0]]
        what = "missing" if np.isnan(value) else f"{value:g}"
        raise SubjectError(f"{name}: row {int(bad[0]) + 1}, column {column!r}: the weight is {what}")
    if not weight.any():
        raise SubjectError(f"{name}: column {column!r}: every weight is 0")
    return weight
