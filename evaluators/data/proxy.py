"""How well a protected attribute can be told from the features, from all together and from each alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.intervals import normal_interval
from evaluators.arithmetic.ranks import Auc, delong
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
from evaluators.data.crossfit import features, folds, parts, tree_probabilities
from evaluators.data.proxies import binned
from evaluators.exact import insufficient, table
from evaluators.subjects.columns import Columns, declared_features, open_columns
from evaluators.subjects.roles import group_value
from evaluators.support import FAMILY_MINIMUM

PROXY = "data.proxy.auc"
ALIAS = "fairness.proxy_auc"
MAX_VALUES = 20
SHOWN = 50


class ProxyAuc:
    """Cross-validated boosted trees tell each value of each group column from the rest, by the declared features.

    Slices: overall is the group that is told best, then every group. Evidence `proxies`: group, feature and the
    cross-validated AUC of that feature alone.
    """

    id = "data.proxy"
    version = "2"
    title = "Proxies of protected attributes"
    input_kind = "D"
    cost_class = "B"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("group",),
        "optional": ("feature", "features"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "family_minimum": {
            "type": "integer",
            "default": FAMILY_MINIMUM,
            "minimum": 10,
            "maximum": 10_000,
            "title": "Rows a group, and the rest, need to be told apart",
        },
        "rows": {
            "type": "integer",
            "default": 20_000,
            "minimum": 500,
            "maximum": 1_000_000,
            "title": "Rows drawn at random from a larger table",
        },
    }
    metrics = (
        Metric(
            id=PROXY, title="How well features tell a protected attribute (AUC)", direction=Direction.LOWER, unit="AUC"
        ),
        Metric(id=ALIAS, title="How well features tell the group (AUC)", direction=Direction.LOWER, unit="AUC"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        used = declared_features(subject, without=subject.groups)
        if not subject.groups or not used:
            raise SubjectError("a group column and feature columns must be declared")
        progress(0.0, "reading the table")
        columns = open_columns(subject, names=[*subject.groups, *used])
        rng, total = generator(seed, PROXY), columns.n
        columns, rows = _drawn(columns, features(columns, used), params["rows"], rng)
        told: list[Json] = []
        alone: list[list[Any]] = []
        excluded: list[Json] = []
        targets = list(_targets(columns, subject.groups))
        for i, (name, group) in enumerate(targets):
            progress(i / len(targets), f"telling {name}")
            size = int(min(group.sum(), len(group) - group.sum()))
            if size < params["family_minimum"]:
                excluded.append({"group": name, "n": size, "reason": too_few(size, params["family_minimum"])})
                continue
            # Folds are drawn anew for each group, so that neither its name nor its place among others counts.
            fold = folds(group, rows, generator(seed, "folds"))
            together = _mean_auc(tree_probabilities(rows, group, fold, classes=2)[:, 1], group, fold)
            told.append({"group": name, **together.as_statistics()})
            alone += [[name, one, _alone(rows[:, j], group, fold)] for j, one in enumerate(used)]
        alone.sort(key=lambda row: (-row[2], row[0], row[1]))
        statistics: Json = {"n": columns.n, "total": total, "told": told, "excluded": excluded, "alone": alone[:SHOWN]}
        evidence = table("proxies", "How well single features tell the group", ["group", "feature", "AUC"], alone)
        return Measured(statistics=statistics, evidence=(evidence,))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        told = statistics["told"]
        common: Json = {"level": level, "statistics": dict(statistics)}
        if not told:
            reason = "no group, and its rest, have enough rows"
            return [insufficient(metric, reason, common=common, n=statistics["n"]) for metric in (PROXY, ALIAS)]
        readings = []
        for metric in (PROXY, ALIAS):
            # The best of several is judged by intervals that hold for all of them together.
            joint = 1 - (1 - level) / len(told)
            best = max(told, key=lambda item: (item["auc"], item["group"]))
            whole = _reading(metric, OVERALL, best, joint, common)
            readings.append(_described(whole, statistics, told, joint))
            if metric == PROXY:
                readings += [_reading(metric, item["group"], item, level, common) for item in told]
        return readings


def _drawn(columns: Columns, rows: FloatArray, wanted: int, rng: np.random.Generator) -> tuple[Columns, FloatArray]:
    """At most so many rows, drawn in the order of their values, so that the order in the file doesn't count."""
    if columns.n <= wanted:
        return columns, rows
    codes = [item.codes for item in columns.data.values()]
    chosen = np.lexsort(codes)[np.sort(rng.choice(columns.n, wanted, replace=False))]
    data = {name: replace(item, codes=item.codes[chosen]) for name, item in columns.data.items()}
    return Columns(wanted, columns.file, data), rows[chosen]


def _targets(columns: Columns, names: Sequence[str]) -> list[tuple[str, IntArray]]:
    """Every value of every group column against the rest; of a column with two values, the rarer one."""
    targets = []
    for name in names:
        item = columns.data[name]
        if len(item.values) > MAX_VALUES:
            raise SubjectError(
                f"{columns.file}: column {name!r} has {len(item.values):,} values, more than {MAX_VALUES}"
            )
        sizes = np.bincount(item.codes, minlength=len(item.values))
        wanted = range(len(sizes)) if len(sizes) > 2 else [int(sizes.argmin())]
        targets += [(f"{name}={group_value(item.values[i], 1)}", (item.codes == i).astype(np.int64)) for i in wanted]
    return targets


def _mean_auc(p: FloatArray, group: IntArray, fold: IntArray) -> Auc:
    """The mean of the folds' areas: scores of different folds come from different models and are never compared."""
    found = [delong(p[held], group[held] == 1) for _, held in parts(fold)]
    usable = [item for item in found if item.auc is not None and item.variance is not None]
    auc = float(np.mean([item.auc for item in usable]))
    variance = float(np.sum([item.variance for item in usable])) / len(usable) ** 2
    return Auc(int(group.sum()), int((group == 0).sum()), auc, variance)


def _alone(values: FloatArray, group: IntArray, fold: IntArray) -> float:
    """Cross-validated AUC of one feature, by the share of the group in its bins. Sees relations that turn back."""
    codes, p = binned(values), np.zeros(len(values))
    for fitted, held in parts(fold):
        size = int(codes.max()) + 1
        members = np.bincount(codes[fitted], weights=group[fitted], minlength=size)
        share = (members + group[fitted].mean()) / (np.bincount(codes[fitted], minlength=size) + 1)
        p[held] = share[codes[held]]
    return round(_mean_auc(p, group, fold).auc or 0.0, 6)


def _reading(metric: str, slice_: str, item: Mapping[str, Any], level: float, common: Json) -> Reading:
    found = Auc(item["positives"], item["negatives"], item["auc"], item["variance"])
    low, high = normal_interval(item["auc"], found.bounded_variance(level), level=level)
    return Reading(
        metric=metric,
        slice=slice_,
        status=Status.OK,
        value=item["auc"],
        low=max(0.0, low),
        high=min(1.0, high),
        method="delong per fold",
        n=found.positives + found.negatives,
        detail={"group": item["group"], "positives": found.positives, "negatives": found.negatives},
        **common,
    )


def _described(reading: Reading, statistics: Mapping[str, Any], told: Sequence[Json], joint: float) -> Reading:
    reading.detail.update(
        {"features": statistics["alone"][:20], "excluded": statistics["excluded"], "joint_level": joint}
    )
    reading.detail["support"] = {item["group"]: min(item["positives"], item["negatives"]) for item in told}
    return reading
