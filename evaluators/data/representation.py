"""Who is in the data: shares of groups against a reference, values that are absent, and outcomes per group."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.adding import added
from evaluators.arithmetic.counts import IntArray
from evaluators.arithmetic.draws import generator
from evaluators.contract import (
    OVERALL,
    Direction,
    Json,
    Measured,
    Metric,
    ParameterError,
    Progress,
    Reading,
    Status,
    Subject,
    SubjectError,
    Undeclared,
)
from evaluators.counting import too_few
from evaluators.data.shares import distance
from evaluators.exact import insufficient, not_applicable, table
from evaluators.inputs.tables import Categorical
from evaluators.subjects.columns import absent_rows, open_columns, row_ids, used_columns
from evaluators.subjects.roles import JOINT, group_value
from evaluators.support import MINIMUM, rate_reading, too_many_groups

SHARES = "data.representation"
MINIMUM_SHARE = "data.representation.min_share"
ABSENT = "data.representation.missing_rate"
LABELS = "data.representation.label_rate"
LISTED = ("absent", "favourable")


class Representation:
    """Reference shares come from the parameter or from a reference file with the same group columns.

    Evidence `representation`: group, rows, share, share in the reference, rows with an absent value, favourable rows.
    """

    id = "data.representation"
    version = "3"
    title = "Representation of groups"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": ("group",),
        "optional": ("reference", "label", "favourable", "feature", "features", "text"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "shares": {
            "type": "array",
            "items": "string",
            "default": [],
            "maxItems": 200,
            "title": "Shares that groups should have, as name=share; they add up to 1",
        }
    }
    metrics = (
        Metric(id=SHARES, title="Distance of group shares from the reference", direction=Direction.LOWER),
        Metric(id=MINIMUM_SHARE, title="Share of the smallest group", direction=Direction.HIGHER),
        Metric(id=ABSENT, title="Rows with an absent value", direction=Direction.LOWER),
        Metric(id=LABELS, title="Share of favourable outcomes", direction=Direction.NONE),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the table")
        if not subject.groups:
            raise Undeclared("no column was declared as group: whose shares are to be looked at")
        names = [*subject.groups, *used_columns(subject), *([subject.label] if subject.label else [])]
        columns = open_columns(subject, names=names)
        groups, codes = _groups([columns.data[name] for name in subject.groups])
        found = {
            name: int(count) for name, count in zip(groups, np.bincount(codes, minlength=len(groups)), strict=True)
        }
        statistics: Json = {"n": columns.n, "counts": found, "absent": None, "favourable": None, "reference": None}
        reason = too_many_groups(len(groups))
        if reason:
            return Measured(statistics={"n": columns.n, "counts": {}, "reason": reason})
        rest = [name for name in columns.names if name not in subject.groups]
        if rest:
            is_absent = np.max([absent_rows(columns.data[name]) for name in rest], axis=0)
            statistics["absent"] = np.bincount(codes, weights=is_absent, minlength=len(groups)).astype(int).tolist()
        if subject.label and subject.favourable is not None:
            good = _is_favourable(columns.data[subject.label], subject.favourable, columns.file)
            statistics["favourable"] = np.bincount(codes, weights=good, minlength=len(groups)).astype(int).tolist()
        statistics["reference"] = _reference(subject, params)
        return Measured(statistics=statistics, evidence=(_evidence(statistics),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        if statistics.get("reason"):
            return [insufficient(metric.id, statistics["reason"], common=common) for metric in self.metrics]
        readings = [_distance(statistics, common, seed), _smallest(statistics, common)]
        readings += _rates(ABSENT, statistics, "absent", "only group columns were declared", common)
        return readings + _rates(
            LABELS, statistics, "favourable", "no label and favourable outcome were declared", common
        )

    def merge(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> Json:
        """The counts of two shards of one table, compared with the same reference, as those of the whole."""
        total = added(_by_name(first), _by_name(second), same=("reference",))
        names = sorted(total["counts"])
        listed = {key: [total[key][name] for name in names] for key in LISTED if total.get(key) is not None}
        return total | listed | {"counts": {name: total["counts"][name] for name in names}}


def _by_name(statistics: Mapping[str, Any]) -> Json:
    """The same with every number under the name of its group."""
    names = list(statistics["counts"])
    listed = {key: statistics[key] for key in LISTED if statistics.get(key) is not None}
    return {**statistics, **{key: dict(zip(names, counts, strict=True)) for key, counts in listed.items()}}


def _groups(items: list[Categorical]) -> tuple[list[str], IntArray]:
    """Names of the observed combinations, and a code per row."""
    ids = row_ids(items)
    _, first, codes = np.unique(ids, return_index=True, return_inverse=True)
    names = [JOINT.join(group_value(item.values[item.codes[i]], len(items)) for item in items) for i in first.tolist()]
    return names, codes.astype(np.int64)


def _is_favourable(item: Categorical, favourable: str, file: str) -> IntArray:
    if favourable not in item.values:
        shown = ", ".join(repr(value) for value in item.values[:10])
        raise SubjectError(f"{file}: the favourable outcome {favourable!r} never occurs; the outcomes are {shown}")
    return np.asarray(item.codes == item.values.index(favourable), dtype=np.int64)


def _reference(subject: Subject, params: Mapping[str, Any]) -> Json | None:
    """Shares by group, and in how many rows they were seen; None if there is no reference."""
    if params["shares"]:
        shares = dict(_share(text) for text in params["shares"])
        if abs(sum(shares.values()) - 1) > 1e-6 or len(shares) != len(params["shares"]):
            raise ParameterError(f"the shares add up to {sum(shares.values()):.6g} instead of 1, or name a group twice")
        return {"n": None, "shares": shares}
    if "reference" not in subject.files:
        return None
    columns = open_columns(subject, role="reference", names=subject.groups)
    names, codes = _groups(list(columns.data.values()))
    shares = {name: float(count) / columns.n for name, count in zip(names, np.bincount(codes), strict=True)}
    return {"n": columns.n, "shares": shares}


def _share(text: str) -> tuple[str, float]:
    name, _, share = text.rpartition("=")
    try:
        value = float(share)
    except ValueError:
        value = -1.0
    if not name or not 0 <= value <= 1:
        raise ParameterError(f"{text!r} is not of the form name=share with a share from 0 to 1")
    return name.strip(), value


def _distance(statistics: Mapping[str, Any], common: Json, seed: int) -> Reading:
    reference, counts = statistics["reference"], statistics["counts"]
    if reference is None:
        return not_applicable(SHARES, "neither shares nor a reference file were given", common=common)
    if statistics["n"] < MINIMUM:
        return insufficient(SHARES, too_few(statistics["n"], MINIMUM), common=common, n=statistics["n"])
    names = sorted({*counts, *reference["shares"]})
    shares = np.array([reference["shares"].get(name, 0.0) for name in names])
    found = distance(
        np.array([counts.get(name, 0) for name in names], dtype=np.int64),
        shares,
        reference_n=reference["n"],
        level=common["level"],
        rng=generator(seed, SHARES),
    )
    unseen = [name for name in names if not counts.get(name)]
    statistic = found.statistic if np.isfinite(found.statistic) else None
    return Reading(
        metric=SHARES,
        slice=OVERALL,
        status=Status.OK,
        value=found.value,
        low=found.low,
        high=found.high,
        method="triangle band on total variation",
        n=statistics["n"],
        detail={"chi_squared": statistic, "unseen": unseen[:20], "unexpected": _unexpected(names, shares)},
        p_value=found.p_value,
        seed=seed,
        **common,
    )


def _unexpected(names: list[str], shares: Any) -> list[str]:
    return [name for name, share in zip(names, shares, strict=True) if share == 0][:20]


def _smallest(statistics: Mapping[str, Any], common: Json) -> Reading:
    """A group of the reference that was never seen has the share 0."""
    expected = (statistics["reference"] or {"shares": {}})["shares"]
    counts = {name: 0 for name, share in expected.items() if share > 0} | statistics["counts"]
    name = min(counts, key=lambda item: (counts[item], item))
    reading = rate_reading(MINIMUM_SHARE, OVERALL, counts[name], statistics["n"], among="rows", **common)
    reading.detail["group"] = name
    return reading


def _rates(metric: str, statistics: Mapping[str, Any], key: str, reason: str, common: Json) -> list[Reading]:
    if statistics[key] is None:
        return [not_applicable(metric, reason, common=common)]
    readings = [rate_reading(metric, OVERALL, sum(statistics[key]), statistics["n"], among="rows", **common)]
    for (name, size), x in zip(statistics["counts"].items(), statistics[key], strict=True):
        readings.append(rate_reading(metric, f"group={name}", x, size, among="rows", **common))
    return readings


def _evidence(statistics: Mapping[str, Any]) -> Any:
    shares = (statistics["reference"] or {"shares": {}})["shares"]
    rows: list[list[Any]] = []
    for i, (name, count) in enumerate(statistics["counts"].items()):
        absent = statistics["absent"][i] if statistics["absent"] else None
        good = statistics["favourable"][i] if statistics["favourable"] else None
        rows.append([name, count, count / statistics["n"], shares.get(name), absent, good])
    titles = ["group", "rows", "share", "share in the reference", "rows with an absent value", "favourable rows"]
    return table("representation", "Who is in the data", titles, rows)
