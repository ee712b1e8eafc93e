"""Group fairness of predicted numbers: whose values are predicted too high, too low or badly?"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators.arithmetic.blocks import skewed_block
from evaluators.arithmetic.counts import slice_name
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.simultaneous import gap, replicates_for
from evaluators.contract import OVERALL, Direction, Evidence, Json, Measured, Metric, Progress, Reading, Status, Subject
from evaluators.fairness.compared import refusal
from evaluators.fairness.grouped import ungrouped, ungrouped_readings
from evaluators.fairness.residuals import Means, Moments
from evaluators.subjects.numbers import open_numbers
from evaluators.support import FAMILY_PARAMETERS, family, sizes_by_name

RESIDUAL, MAE, R2 = (f"fairness.regression.{name}_parity" for name in ("residual", "mae", "r2"))
METRICS = (
    Metric(id=RESIDUAL, title="Difference in mean error between groups", direction=Direction.LOWER, unit="sd"),
    Metric(id=MAE, title="Difference in mean absolute error between groups", direction=Direction.LOWER, unit="sd"),
    Metric(id=R2, title="Difference in explained variance between groups", direction=Direction.LOWER),
)
OF: Mapping[str, Callable[[Moments], Means]] = {
    RESIDUAL: Moments.residual,
    MAE: Moments.mae,
    R2: Moments.r2,
}
# A ratio of two spreads: in fewer rows its own error can't be told from what the rows themselves show.
R2_MINIMUM = 100


class RegressionFairness:
    """Reads a table of true and predicted numbers. Errors are told in standard deviations of the outcome.

    Evidence `errors_by_group`: a table of mean error, mean absolute error and explained variance per group.
    """

    id = "fairness.regression"
    version = "3"
    title = "Group fairness of predicted numbers"
    input_kind = "P"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("label", "prediction", "group"),
        "optional": ("model", "features"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = FAMILY_PARAMETERS
    metrics = METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        found = open_numbers(subject)
        nothing, values = ungrouped(found.groups), found.groups.values
        if nothing:
            return nothing
        progress(0.6, "summing")
        moments = Moments.of(found.label, found.predicted, found.groups.codes, groups=len(values))
        groups = {"columns": list(found.groups.columns), "groups": [list(value) for value in values]}
        statistics = groups | moments.as_statistics()
        return Measured(statistics=statistics, evidence=(Evidence(name="errors_by_group", data=_table(statistics)),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "seed": seed, "statistics": dict(statistics)}
        nothing = ungrouped_readings(OF, statistics, common)
        if nothing:
            return nothing
        moments = Moments.from_statistics(statistics)
        names = _names(statistics)
        return [_parity(metric, moments, names, params["family_minimum"], common).sound() for metric in OF]

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The statistics of two shards of one table as those of the whole, up to rounding."""
        values = sorted({tuple(value) for part in (first, second) for value in part["groups"]})
        parts = [
            Moments.from_statistics(part).placed(
                np.array([values.index(tuple(value)) for value in part["groups"]], dtype=np.int64), len(values)
            )
            for part in (first, second)
        ]
        total = parts[0].added(parts[1])
        return {"columns": first["columns"], "groups": [list(value) for value in values], **total.as_statistics()}


def _names(statistics: Mapping[str, Any]) -> list[str]:
    columns = tuple(statistics["columns"])
    return [slice_name(columns, tuple(value)) for value in statistics["groups"]]


def _parity(metric: str, moments: Moments, names: list[str], minimum: int, common: Json) -> Reading:
    found = family(names, moments.n.tolist(), minimum=max(minimum, R2_MINIMUM) if metric == R2 else minimum)
    kept = list(found.kept)
    inside = replace(moments, sums=moments.sums[kept], absolute=moments.absolute[kept])
    detail: Json = {"excluded": list(found.excluded)}
    if found.shortage:
        return refusal(metric, found.shortage, common, detail)
    means = OF[metric](inside)
    unit = moments.spread if metric != R2 else 1.0
    if unit == 0:
        return refusal(metric, "the outcome never differs, so nothing can be compared with it", common, detail)
    if not np.isfinite(means.value).all():
        constant = names[kept[int(np.flatnonzero(~np.isfinite(means.value))[0])]]
        return refusal(
            metric, f"the outcome never differs in {constant}, so nothing of it is explained", common, detail
        )
    if not means.variance.any():
        reason = "errors don't differ from row to row in any group, so the rows don't bound how far groups lie apart"
        return refusal(metric, reason, common, detail)
    means = means.evened(inside.n)
    value, variance = means.value / unit, means.variance / unit**2
    rng, replicates = generator(common["seed"], metric), replicates_for(len(kept), common["level"])
    block = skewed_block(value, variance, means.skewness, inside.n, replicates=replicates, rng=rng)
    interval = gap([block], level=common["level"])
    kept_names = [names[i] for i in kept]
    detail |= {
        "lowest": kept_names[int(value.argmin())],
        "highest": kept_names[int(value.argmax())],
        "values": dict(zip(kept_names, value.tolist(), strict=True)),
        "support": sizes_by_name(kept_names, inside.n),
        "outcome_sd": moments.spread * moments.scale,
        "quantile": interval.quantile,
        "replicates": interval.replicates,
    }
    return Reading(
        metric=metric,
        slice=OVERALL,
        status=Status.OK,
        value=float(np.ptp(value)),
        low=interval.low,
        high=interval.high,
        method="max-t simultaneous on skewed errors",
        n=int(inside.n.sum()),
        detail=detail,
        **common,
    )


def _table(statistics: Mapping[str, Any]) -> Json:
    moments = Moments.from_statistics(statistics)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [function(moments).value for function in OF.values()]
    scales = (moments.scale, moments.scale, 1.0)
    rows = []
    for i, name in enumerate(_names(statistics)):
        numbers = [float(values[i] * scale) for values, scale in zip(found, scales, strict=True)]
        rows.append([name, int(moments.n[i]), *(number if np.isfinite(number) else None for number in numbers)])
    columns = ["group", "rows", "mean error", "mean absolute error", "explained variance"]
    return {"draw": "table", "title": "Errors by group", "columns": columns, "rows": rows[:200]}
