"""What is needed of a regression's rows: outcomes, predicted ends, means and spreads as numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, slice_name
from evaluators.contract import Subject, SubjectError
from evaluators.inputs.files import required
from evaluators.inputs.tables import Table
from evaluators.libraries import library
from evaluators.subjects.roles import Groups, column_for
from evaluators.support import too_many_groups


def numbers(table: Table, subject: Subject, columns: Sequence[str]) -> list[FloatArray]:
    """Columns without gaps. Raises SubjectError naming the first cell that is missing or infinite."""
    for column in columns:
        bad = np.flatnonzero(~np.isfinite(table.numeric[column]))
        if bad.size:
            where = f"{required(subject, 'table').name}: row {int(bad[0]) + 1}, column {column!r}"
            raise SubjectError(f"{where}: the value is missing or infinite ({bad.size:,} such rows)")
    return [table.numeric[column] for column in columns]


def outcomes_and_ends(table: Table, subject: Subject) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Outcome, lower and upper end. Raises SubjectError naming a row whose ends are the wrong way round."""
    columns = [column_for(subject, "label"), subject.column("lower"), subject.column("upper")]
    y, low, high = numbers(table, subject, columns)
    crossed = np.flatnonzero(low > high)
    if crossed.size:
        row = int(crossed[0])
        where = f"{required(subject, 'table').name}: row {row + 1}"
        raise SubjectError(f"{where}: the lower end {low[row]:g} lies above the upper end {high[row]:g}")
    return y, low, high


def cohorts(found: Groups) -> list[tuple[str, Any]]:
    """Slice name and mask per group; none without group columns, or where they are too many to list."""
    if not found.columns or too_many_groups(len(found.values)):
        return []
    return [(slice_name(found.columns, value), found.codes == i) for i, value in enumerate(found.values)]


def pinball(y: FloatArray, low: FloatArray, high: FloatArray, alpha: float) -> FloatArray:
    """Per row, the mean of the two ends' pinball losses as quantiles alpha/2 and 1 - alpha/2."""

    def loss(end: FloatArray, share: float) -> FloatArray:
        miss = y - end
        return np.maximum(share * miss, (share - 1) * miss)

    return (loss(low, alpha / 2) + loss(high, 1 - alpha / 2)) / 2


def gaussian_crps(y: FloatArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    """Continuous ranked probability score of normal forecasts; spread 0 is a forecast without doubt, |y - mean|."""
    certain = spread == 0
    z = (y - mean) / np.where(certain, 1.0, spread)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    found = spread * (z * (2 * library("scipy.special").ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return np.where(certain, np.abs(y - mean), found)
