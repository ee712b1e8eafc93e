"""Readings of a mean over explained rows, overall and per group, with rows redrawn for the interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import ends, enough, generator
from evaluators.contract import OVERALL, Json, Reading, Status
from evaluators.counting import too_few
from evaluators.support import MINIMUM

REPLICATES = 2_000


def row_statistics(values: Mapping[str, FloatArray], codes: IntArray, names: Sequence[str], facts: Json) -> Json:
    """Per metric one value per row, None where it is undefined (0/0), and each row's group."""
    columns = {metric: [_short(value) for value in column] for metric, column in values.items()}
    return {"rows": columns, "codes": codes.tolist() if names else [], "names": list(names), "facts": facts}


def row_readings(statistics: Mapping[str, Any], *, level: float, seed: int) -> list[Reading]:
    """A reading per metric overall and per group that has rows."""
    readings = []
    for metric, column in statistics["rows"].items():
        parts = [(OVERALL, column)]
        for code, name in enumerate(statistics["names"]):
            own = [value for value, at in zip(column, statistics["codes"], strict=True) if at == code]
            parts += [(name, own)] if own else []
        readings += [_reading(metric, name, values, statistics["facts"], level, seed) for name, values in parts]
    return readings


def mean_interval(values: FloatArray, *, level: float, seed: int, metric: str) -> tuple[float, float]:
    """Percentiles of the mean of rows drawn with replacement."""
    rng = generator(seed, f"{metric} rows")
    return ends(redrawn_means(values[None], level=level, rng=rng)[0], level)


def redrawn_means(columns: FloatArray, *, level: float, rng: np.random.Generator) -> FloatArray:
    """Means of columns (k, n) over rows drawn with replacement, the same rows for every column, (k, draws)."""
    n, draws = columns.shape[1], enough(REPLICATES, level, sides=2)
    share, parts = np.full(n, 1 / n), []
    for start in range(0, draws, REPLICATES):
        parts.append(rng.multinomial(n, share, size=min(REPLICATES, draws - start)) @ columns.T / n)
    return np.concatenate(parts).T


def _reading(
    metric: str, name: str, column: Sequence[float | None], facts: Mapping[str, Any], level: float, seed: int
) -> Reading:
    values = np.array([value for value in column if value is not None], dtype=np.float64)
    own = [] if name == OVERALL else [name]
    statistics: Json = {
        "rows": {metric: list(column)},
        "codes": [0] * len(column) if own else [],
        "names": own,
        "facts": dict(facts),
    }
    undefined = len(column) - len(values)
    fields: Json = {"metric": metric, "slice": name, "level": level, "n": len(values), "statistics": statistics}
    fields["detail"] = {**facts, "undefined_rows": undefined}
    is_small = len(values) < MINIMUM
    reason = too_few(len(values), MINIMUM, "rows with a value")
    status = Status.INSUFFICIENT_DATA if is_small else Status.OK
    if not len(values):
        return Reading(status=status, reason="no row has a value", **fields)
    low, high = mean_interval(values, level=level, seed=seed, metric=metric)
    value = float(values.mean())
    return Reading(status=status, reason=reason, value=value, low=low, high=high, method="row bootstrap", **fields)


def _short(value: float) -> float | None:
    """Eight digits, which is more than the values mean."""
    return None if np.isnan(value) else float(f"{value:.8g}")
